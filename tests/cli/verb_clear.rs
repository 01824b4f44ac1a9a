//! `mock-imds clear`: what it takes back, and what stays.

use nix::sys::signal::Signal;
use support::Sandbox;

use crate::orders::{REBALANCE, SPOT, done, done_json, says, served, status};

const MAC: &str = "/latest/meta-data/mac";
const X: &str = "/latest/meta-data/x";
const STATE: &str = "/latest/meta-data/autoscaling/target-lifecycle-state";
/// A notice in force, one to come, and a fault.
const FILE: &str = r#"
[[event]]
at = "0s"
rebalance-recommendation = {}
set = { "meta-data/x" = "file" }
[[event]]
at = "1h"
spot-interruption = {}
[[fault]]
path = "meta-data/local-ipv4"
status = 503
"#;

#[test]
fn clear_takes_back_all_that_was_ordered_and_ends_what_is_in_force() {
    let (sandbox, server) = served(FILE);
    done(&sandbox, &["spot"]);
    done(&sandbox, &["set", "meta-data/x", "ordered"]);
    done(&sandbox, &["lifecycle", "Terminated", "--in", "2m"]);
    done(&sandbox, &["fault", "--status", "503", "--path", "meta-data/mac"]);
    done(&sandbox, &["clock", "seek", "1m"]);
    let paths = [SPOT, REBALANCE, X, MAC].map(|path| status(&server, path));
    assert_eq!(paths, [200, 200, 200, 503]);

    let said = done(&sandbox, &["clear"]);
    says(
        &said,
        &[
            "3 changes and 1 fault removed; ",
            "meta-data/spot/instance-action, termination-time and meta-data/x answer 404 from now",
        ],
    );
    let paths = [SPOT, REBALANCE, X, MAC].map(|path| status(&server, path));
    assert_eq!(paths, [404, 404, 404, 200]);
    says(&done(&sandbox, &["clear"]), &["nothing to clear\n"]);
    let kept = done_json(&sandbox, &["status"]);
    assert_eq!(kept["faults"].as_array().map(Vec::len), Some(1), "the file's: {kept:#}");

    done(&sandbox, &["clock", "seek", "59m"]);
    assert_eq!((status(&server, STATE), status(&server, SPOT)), (404, 404), "what was pending does not come");
    done(&sandbox, &["clock", "seek", "61m"]);
    assert_eq!(status(&server, SPOT), 200, "what the file has to come does");
    assert_eq!(status(&server, "/latest/meta-data/local-ipv4"), 503, "the file's fault stays");
    assert_eq!(status(&server, REBALANCE), 404, "what it ended does not come back");
}

#[test]
fn what_is_cleared_stays_so_over_a_restart() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", FILE);
    let serve = || {
        sandbox.serve_with(&["--scenario", "s.toml"], |command| {
            command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
        })
    };
    let server = serve();
    done(&sandbox, &["spot", "--in", "30m"]);
    done(&sandbox, &["clear"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve();
    assert_eq!(status(&server, REBALANCE), 404);
    done(&sandbox, &["clock", "seek", "40m"]);
    assert_eq!(status(&server, SPOT), 404);
}

#[test]
fn pending_orders_and_faults_are_cleared_alone() {
    let (sandbox, server) = served(FILE);
    done(&sandbox, &["spot", "--in", "10m"]);
    done(&sandbox, &["set", "meta-data/x", "ordered"]);
    done(&sandbox, &["lifecycle", "Terminated", "--in", "20m"]);
    done(&sandbox, &["fault", "--status", "503", "--path", "meta-data/mac", "--in", "10m"]);
    done(&sandbox, &["fault", "--status", "502", "--path", "meta-data/ami-id"]);
    says(&done(&sandbox, &["clear", "pending"]), &["2 changes and 1 fault removed\n"]);
    says(&done(&sandbox, &["clear", "pending"]), &["nothing is pending\n"]);
    done(&sandbox, &["clock", "seek", "30m"]);
    let paths = [SPOT, STATE, MAC, "/latest/meta-data/ami-id"].map(|path| status(&server, path));
    assert_eq!((paths, server.get(X).body.as_str()), ([404, 404, 200, 502], "ordered"));

    done(&sandbox, &["lifecycle", "Terminated", "--in", "1m"]);
    let said = done(&sandbox, &["clear", "faults", "pending", "metadata"]);
    says(&said, &["1 fault removed\n", "1 change removed\n", "clear: metadata; "]);
    says(&done(&sandbox, &["clear", "faults"]), &["there is no injected fault\n"]);
    assert_eq!(status(&server, "/latest/meta-data/ami-id"), 200);
    for wrong in [&["clear", "faults", "--in", "1s"][..], &["clear", "pending", "--instance", "web"]] {
        sandbox
            .control(wrong)
            .ended(64, &["leave out --in, --at, --instance, --client and --first-n-clients"]);
    }
}

#[test]
fn clear_takes_back_use() {
    let (sandbox, server) = served("[instance]\ninstance-type = \"c7g.large\"\n");
    sandbox.write(
        "other.toml",
        "[instance]\ninstance-type = \"t3.micro\"\n[[event]]\nat = \"0s\"\nspot-interruption = {}\n",
    );
    let kind = || server.get("/latest/meta-data/instance-type").body;
    done(&sandbox, &["use", "./other.toml"]);
    done(&sandbox, &["use", "./other.toml"]);
    done(&sandbox, &["rebalance"]);
    assert_eq!(kind(), "t3.micro");
    // What was served before comes back, whatever the file holds by now.
    sandbox.write("s.toml", "[instance]\ninstance-tipe = \"broken\"\n");
    says(&done(&sandbox, &["clear"]), &["use ended, serving ", "s.toml again; ", "dropped: 1 change"]);
    assert_eq!((kind().as_str(), status(&server, SPOT), status(&server, REBALANCE)), ("c7g.large", 404, 404));
    assert!(!done(&sandbox, &["status"]).contains("until the next reload"));
}

#[test]
fn a_later_clear_ends_what_is_in_force_then() {
    let (sandbox, server) = served("");
    done(&sandbox, &["spot"]);
    done(&sandbox, &["rebalance", "--in", "10m"]);
    done(&sandbox, &["clear", "--in", "5m"]);
    assert_eq!(status(&server, SPOT), 200);
    done(&sandbox, &["clock", "seek", "6m"]);
    assert_eq!(status(&server, SPOT), 404);
    done(&sandbox, &["clock", "seek", "11m"]);
    assert_eq!(status(&server, REBALANCE), 200);
}

#[test]
fn what_is_ordered_after_a_clear_is_nothing_of_before() {
    let (sandbox, server) = served("");
    for value in ["first", "second"] {
        done(&sandbox, &["set", "meta-data/x", value, "--at", "2026-01-01T00:00:00Z"]);
        assert_eq!(server.get(X).body, value);
        done(&sandbox, &["clear"]);
    }
}

#[test]
fn a_fault_that_stays_does_not_count_again() {
    let (sandbox, server) = served("");
    done(&sandbox, &["fault", "--status", "503", "--path", "meta-data/mac", "--in", "10m"]);
    done(&sandbox, &["fault", "--status", "502", "--path", "meta-data/ami-id", "--count", "1"]);
    let ask = || status(&server, "/latest/meta-data/ami-id");
    assert_eq!([ask(), ask()], [502, 200]);
    done(&sandbox, &["clear", "pending"]);
    assert_eq!(ask(), 200);
}
