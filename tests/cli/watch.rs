//! `serve --watch`: however a file is changed, the server finds out; and what says nothing new changes nothing.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use support::{Sandbox, ServerProcess, eventually};

fn small(kind: &str) -> String {
    format!("[instance]\ninstance-type = \"{kind}\"\n")
}

#[track_caller]
fn becomes(server: &ServerProcess, kind: &str) {
    let what = format!("the instance type {kind} without a reload; the server said:\n{}", server.stderr());
    eventually(&what, || (server.get("/latest/meta-data/instance-type").body == kind).then_some(()));
}

fn reloads(server: &ServerProcess) -> usize {
    server.stderr().matches("reload by --watch").count()
}

/// How often it looked and found nothing new; logged at level debug.
fn looks(server: &ServerProcess) -> usize {
    server.stderr().matches("--watch: the scenario has not changed").count()
}

/// What the kubelet does: a new directory, and `..data` renamed over the old link.
fn publish(mount: &Path, generation: u32, scenario: &str) {
    let directory = format!("..{generation}");
    fs::create_dir_all(mount.join(&directory)).expect("the directory is writable");
    fs::write(mount.join(&directory).join("scenario.toml"), scenario).expect("the directory is writable");
    symlink(&directory, mount.join("..data_tmp")).expect("the directory is writable");
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("the directory is writable");
    if generation == 1 {
        symlink("..data/scenario.toml", mount.join("scenario.toml")).expect("the directory is writable");
    } else {
        fs::remove_dir_all(mount.join(format!("..{}", generation - 1))).expect("it was there");
    }
}

#[test]
fn a_config_map_that_is_swapped_is_loaded() {
    let sandbox = Sandbox::new();
    let mount = sandbox.path("mount");
    publish(&mount, 1, &small("t3.micro"));
    let server = sandbox.serve(&["--watch", "--scenario", "mount/scenario.toml"]);
    becomes(&server, "t3.micro");
    for (generation, kind) in [(2, "t3.small"), (3, "t3.large"), (4, "t3.nano")] {
        publish(&mount, generation, &small(kind));
        becomes(&server, kind);
    }
    server.says("reload by --watch: changed: instance.instance-type");
}

#[test]
fn editors_are_noticed_whichever_way_they_write() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--watch", "--scenario", "s.toml"]);
    sandbox.write("s.toml", small("t3.small"));
    becomes(&server, "t3.small");
    sandbox.write("s.toml.new", small("t3.medium"));
    fs::rename(sandbox.path("s.toml.new"), sandbox.path("s.toml")).expect("the directory is writable");
    becomes(&server, "t3.medium");
    fs::rename(sandbox.path("s.toml"), sandbox.path("s.toml~")).expect("the directory is writable");
    sandbox.write("s.toml", small("t3.large"));
    becomes(&server, "t3.large");
}

#[test]
fn a_broken_file_is_reported_once_and_the_old_scenario_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--log-level", "debug", "--watch", "--scenario", "s.toml"]);
    eventually("the look at the start", || (looks(&server) == 1).then_some(()));
    sandbox.write("s.toml", "[instance]\ninstance-type = 3\n");
    server.says("ERROR reload by --watch rejected: ");
    server.says("2 | instance-type = 3");
    becomes(&server, "t3.micro");
    let status = sandbox.control(&["status"]).stdout;
    assert!(status.contains("\nreload      REJECTED "), "{status}");

    sandbox.write("neighbour", "");
    eventually("a look because of a neighbour", || (looks(&server) == 2).then_some(()));
    sandbox.write("s.toml", small("t3.large"));
    becomes(&server, "t3.large");
    server.says("rejected");
    assert_eq!(server.stderr().matches("rejected").count(), 1, "{}", server.stderr());
}

#[test]
fn what_says_nothing_new_is_no_reload() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--log-level", "debug", "--watch", "--scenario", "s.toml"]);
    assert_eq!(sandbox.control(&["rebalance"]).code, Some(0));
    eventually("the look at the start", || (looks(&server) == 1).then_some(()));
    sandbox.write("s.toml", small("t3.micro"));
    eventually("a look at a file that was only written", || (looks(&server) == 2).then_some(()));
    sandbox.write("neighbour", "nothing of the scenario's");
    eventually("a look because of a neighbour", || (looks(&server) == 3).then_some(()));
    let changes = server.get("/latest/meta-data/events/recommendations/rebalance");
    assert_eq!((changes.status, reloads(&server)), (200, 0), "{}", server.stderr());
    sandbox.write("s.toml", small("t3.large"));
    becomes(&server, "t3.large");
    server.says("reload by --watch");
    assert_eq!(reloads(&server), 1, "only the last one says something new:\n{}", server.stderr());
}

#[test]
fn a_file_that_the_scenario_names_belongs_to_it() {
    let sandbox = Sandbox::new();
    sandbox.write("user-data", "one");
    sandbox.write("s.toml", "[instance]\nuser-data = { file = \"user-data\" }\n");
    let server = sandbox.serve(&["--watch", "--scenario", "s.toml"]);
    sandbox.write("user-data", "two");
    eventually("the other user data", || (server.get("/latest/user-data").body == "two").then_some(()));
    server.says("reload by --watch: changed: the files that the scenario names");
}

#[test]
fn a_scenario_that_comes_later_is_found() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&["--watch"]);
    becomes(&server, "m5.xlarge");
    fs::create_dir_all(sandbox.path(".config/mock-imds")).expect("the directory is writable");
    sandbox.write(".config/mock-imds/scenario.toml", small("t3.nano"));
    becomes(&server, "t3.nano");
}

#[test]
fn without_a_place_for_a_scenario_there_is_nothing_to_watch() {
    let sandbox = Sandbox::new();
    let found =
        support::finish(sandbox.command(&["serve", "--watch", "--listen", "127.0.0.1:0"]).env_remove("HOME"));
    found.ended(64, &["--watch has nothing to watch", "name one with --scenario FILE"]);
}
