//! The recipe for testcontainers, run by Python, Node and Rust of this host with the engine of a machine: in its network, so that
//! published ports are there.

use std::fs;
use std::os::unix::fs::symlink;

use support::page::{Besides, Page};
use support::{Sandbox, installed, sources};

use crate::{boot, image};

#[test]
fn the_recipe_for_testcontainers_does_what_it_says() {
    let (Some(python), Some(modules), Some(crates)) = (
        installed("testcontainers/bin/python3"),
        installed("testcontainers/node_modules"),
        installed("testcontainers-rust"),
    ) else {
        return;
    };
    let Some(machine) = boot() else { return };
    image::build(&machine);
    let sandbox = Sandbox::new();
    symlink(modules, sandbox.path("node_modules")).expect("the temporary directory is writable");
    // The reader's crate, which has a lock file once its dependencies are there.
    fs::create_dir(sandbox.path("tests")).expect("as above");
    let lock = sources().join("tests/clients/testcontainers/rust/Cargo.lock");
    fs::copy(lock, sandbox.path("Cargo.lock")).expect("as above");
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
    // What cargo has, which is not of this page's home directory.
    let home = std::env::var("HOME").unwrap_or_default();
    let of_home =
        |name: &str, folder: &str| std::env::var(name).unwrap_or_else(|_| format!("{home}/{folder}"));
    let (cargo_home, rustup_home) = (of_home("CARGO_HOME", ".cargo"), of_home("RUSTUP_HOME", ".rustup"));
    let environment = [
        ("PATH", path.as_str()),
        ("HOME", directory.to_str().expect("UTF-8")),
        ("DOCKER_HOST", &format!("unix:///proc/{leader}/root/run/docker.sock")),
        ("CARGO_HOME", &cargo_home),
        ("RUSTUP_HOME", &rustup_home),
        ("CARGO_TARGET_DIR", crates.to_str().expect("UTF-8")),
        ("CARGO_NET_OFFLINE", "true"),
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
