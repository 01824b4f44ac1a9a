//! Faults by their names: listed, changed and removed one by one, those of the scenario too.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{Sandbox, ServerProcess};

use crate::orders::{done, done_json, says, served, status};

const MAC: &str = "/latest/meta-data/mac";
const AMI: &str = "/latest/meta-data/ami-id";
const ID: &str = "/latest/meta-data/instance-id";
const FILE: &str = "[[fault]]\nname = \"no-mac\"\npath = \"meta-data/mac\"\nstatus = 404\n\
                    [[fault]]\npath = \"meta-data/ami-id\"\nstatus = 500\ncount = 1\n";

/// The names of the faults, and where each comes from.
fn listed(sandbox: &Sandbox) -> Vec<(String, String)> {
    let faults = done_json(sandbox, &["fault", "list"]);
    let text = |fault: &Value, key: &str| fault[key].as_str().expect("a string").to_owned();
    let faults = faults.as_array().expect("a list").iter();
    faults.map(|fault| (text(fault, "name"), text(fault, "origin"))).collect()
}

fn names(names: &[(&str, &str)]) -> Vec<(String, String)> {
    names.iter().map(|(name, origin)| ((*name).to_owned(), (*origin).to_owned())).collect()
}

#[test]
fn faults_are_listed_with_what_they_hit_and_where_they_come_from() {
    let (sandbox, server) = served(FILE);
    says(
        &done(&sandbox, &["fault", "--status", "503", "--path", "meta-data/instance-id", "--for", "1h"]),
        &["injected-1: 503 at meta-data/instance-id; now, for 1h\n"],
    );
    assert_eq!([status(&server, MAC), status(&server, AMI), status(&server, AMI)], [404, 500, 200]);
    done(&sandbox, &["clock", "pause"]);
    done(&sandbox, &["clock", "seek", "10m"]);
    says(
        &done(&sandbox, &["fault", "list"]),
        &[
            "no-mac      on   404 at meta-data/mac; as long as the file has it; scenario; 1 matched, 1 hit\n",
            "fault-2     on   500 at meta-data/ami-id, count 1; as long as the file has it; scenario; 2 matched, 1 hit\n",
            "injected-1  on   503 at meta-data/instance-id; for 1h, 50m",
        ],
    );
    done(&sandbox, &["clock", "seek", "2h"]);
    says(
        &done(&sandbox, &["fault", "list"]),
        &["injected-1  off  503 at", " on for 1h, over; ordered; 0 matched, 0 hit"],
    );
    done(&sandbox, &["fault", "remove", "--all"]);
    says(&done(&sandbox, &["fault", "list"]), &["there is no fault\n"]);
}

#[test]
fn faults_are_removed_one_by_one_and_those_of_the_scenario_until_the_next_load() {
    let (sandbox, server) = served(FILE);
    done(&sandbox, &["fault", "--name", "slow", "--status", "503", "--path", "meta-data/instance-id"]);
    assert_eq!(status(&server, AMI), 500);
    says(&done(&sandbox, &["fault", "remove", "no-mac"]), &["no-mac is removed\n"]);
    assert_eq!(listed(&sandbox), names(&[("fault-2", "scenario"), ("slow", "ordered")]));
    assert_eq!([status(&server, MAC), status(&server, ID)], [200, 503]);
    assert_eq!(status(&server, AMI), 200, "the one that stays keeps its count, and its name");
    sandbox.control(&["fault", "remove", "slow", "no-mac"]).ended(
        64,
        &["error: there is no fault \"no-mac\"", "accepted: fault-2, slow", "nothing has changed"],
    );
    says(&done(&sandbox, &["reload", "--keep"]), &["kept: 2 changes"]);
    assert_eq!(listed(&sandbox), names(&[("fault-2", "scenario"), ("slow", "ordered")]));
    says(&done(&sandbox, &["fault", "--clear"]), &["1 fault removed, 1 fault of the scenario restored"]);
    assert_eq!([status(&server, MAC), status(&server, ID)], [404, 200]);
    done(&sandbox, &["fault", "remove", "no-mac"]);
    says(&done(&sandbox, &["reload"]), &["dropped: 1 change"]);
    assert_eq!(status(&server, MAC), 404);
}

#[test]
fn a_fault_is_changed_by_its_name() {
    let (sandbox, server) = served(FILE);
    says(&done(&sandbox, &["fault", "set", "no-mac", "--status", "502"]), &["no-mac: 502 at meta-data/mac;"]);
    assert_eq!([status(&server, MAC), status(&server, ID)], [502, 200]);
    assert_eq!(listed(&sandbox), names(&[("no-mac", "changed"), ("fault-2", "scenario")]));
    done(&sandbox, &["fault", "set", "no-mac", "--probability", "0"]);
    assert_eq!(status(&server, MAC), 200);
    // The same name again is another fault in its place.
    done(&sandbox, &["fault", "--name", "no-mac", "--status", "400", "--path", "meta-data/instance-id"]);
    assert_eq!([status(&server, MAC), status(&server, ID)], [200, 400]);
    done(&sandbox, &["fault", "set", "fault-2", "--count", "2"]);
    assert_eq!([status(&server, AMI), status(&server, AMI), status(&server, AMI)], [500, 500, 200]);
    sandbox.control(&["fault", "set", "no-mac", "--reset"]).ended(64, &["nothing has changed"]);
    sandbox.control(&["fault", "set", "none", "--reset"]).ended(64, &["error: there is no fault \"none\""]);
    says(&done(&sandbox, &["clear", "faults"]), &["2 faults of the scenario restored"]);
    assert_eq!([status(&server, MAC), status(&server, ID)], [404, 200]);
}

#[test]
fn names_are_checked() {
    let (sandbox, _server) = served("");
    sandbox.control(&["fault", "--hang", "--name", "a b"]).ended(64, &["letters, digits"]);
    sandbox
        .write("twice.toml", "[[fault]]\nname = \"x\"\nhang = true\n[[fault]]\nname = \"x\"\nreset = true\n");
    sandbox.run(&["check", "twice.toml"]).ended(
        78,
        &["twice.toml:5:8: error: another fault has the name \"x\"", "accepted: a name for each fault"],
    );
}

#[test]
fn a_fault_that_was_removed_and_ordered_again_is_one() {
    let (sandbox, server) = served(FILE);
    done(&sandbox, &["fault", "remove", "no-mac"]);
    done(
        &sandbox,
        &["fault", "--name", "no-mac", "--status", "400", "--path", "meta-data/mac", "--in", "1h"],
    );
    says(&done(&sandbox, &["reload", "--keep"]), &["kept: 1 change"]);
    says(&done(&sandbox, &["clear", "pending"]), &["1 fault removed\n"]);
    assert_eq!(status(&server, MAC), 200, "it is removed as before");
    done(&sandbox, &["fault", "--name", "no-mac", "--status", "400", "--path", "meta-data/mac"]);
    says(&done(&sandbox, &["clear", "faults"]), &["1 fault of the scenario restored\n"]);
    assert_eq!(status(&server, MAC), 404);
}

/// A service with a runtime directory.
fn service(sandbox: &Sandbox) -> ServerProcess {
    sandbox.serve_with(&["--scenario", "s.toml"], |command| {
        command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
    })
}

#[test]
fn a_restart_keeps_what_was_removed_and_changed() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", FILE);
    let server = service(&sandbox);
    done(&sandbox, &["fault", "remove", "no-mac"]);
    done(&sandbox, &["fault", "set", "fault-2", "--path", "meta-data/instance-id"]);
    done(&sandbox, &["fault", "--hang", "--in", "1h"]);
    let before = listed(&sandbox);
    assert_eq!(before, names(&[("fault-2", "changed"), ("injected-1", "ordered")]));
    let kept = fs::read_to_string(sandbox.path("run/state.json")).expect("it is kept");
    says(&kept, &["\"removed_faults\":[\"no-mac\"]"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = service(&sandbox);
    assert_eq!(listed(&sandbox), before);
    assert_eq!([status(&server, MAC), status(&server, ID)], [200, 500]);
}
