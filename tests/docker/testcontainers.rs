//! The recipe for testcontainers, run by Python and Node of this host with the engine of a machine: in its network, so that
//! published ports are there.

use std::fs;
use std::os::unix::fs::symlink;

use support::page::{Besides, Page};
use support::{Sandbox, installed};

use crate::{boot, image};

#[test]
fn the_recipe_for_testcontainers_does_what_it_says() {
    let (Some(python), Some(modules)) =
        (installed("testcontainers/bin/python3"), installed("testcontainers/node_modules"))
    else {
        return;
    };
    let Some(machine) = boot() else { return };
    image::build(&machine);
    let sandbox = Sandbox::new();
    symlink(modules, sandbox.path("node_modules")).expect("the temporary directory is writable");
    // Keys of the developer's own, which an SDK would take before those of an instance.
    fs::create_dir(sandbox.path(".aws")).expect("as above");
    sandbox.write(
        ".aws/credentials",
        "[default]\naws_access_key_id = AKIADEVELOPER\naws_secret_access_key = own\n",
    );
    let directory = sandbox.path("");
    let page = Page::read("docs/recipes/testcontainers.md");
    let leader = machine.leader();
    // The engine's client is in the machine.
    let docker = format!(
        "docker() {{ env -u DOCKER_HOST nsenter --target {leader} --mount --root --wd -- docker \"$@\"; }}"
    );
    let script = format!("exec 2>&1\ncd '{}'\n{docker}\n{}", directory.display(), page.script());
    let bin = python.parent().expect("it is in a folder").display();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    let environment = [
        ("PATH", path.as_str()),
        ("HOME", directory.to_str().expect("UTF-8")),
        ("DOCKER_HOST", &format!("unix:///proc/{leader}/root/run/docker.sock")),
        ("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"),
        // It takes down what a killed run leaves, and its image is not there.
        ("TESTCONTAINERS_RYUK_DISABLED", "true"),
    ];
    let said = machine.run_from_host(&environment, &["bash", "-c", &script]).stdout;
    if let Err(difference) = page.judge(&said, Besides::Nothing) {
        let containers = machine.run("docker ps -a; for id in $(docker ps -aq); do docker logs $id; done");
        panic!("{difference}\n{containers}");
    }
    assert_eq!(machine.ok("docker ps -aq"), "", "containers that are left");
}
