//! Interfaces, the instance profile and a stop and start, from the command line.

use nix::sys::signal::Signal;
use support::{Connection, Sandbox};

use crate::orders::{done, done_json, rejected, says, served, status};

const MACS: &str = "/latest/meta-data/network/interfaces/macs";
const SECOND: &str = "0e:49:61:0f:c3:12";
const DOCUMENT: &str = "/latest/dynamic/instance-identity/document";

fn leaf(name: &str) -> String {
    format!("{MACS}/{SECOND}/{name}")
}

#[test]
fn an_interface_comes_changes_and_goes() {
    let (sandbox, server) = served("");
    let said =
        done(&sandbox, &["interface", "attach", "--private-ipv4", "172.16.34.44", "--ipv6", "2001:db8::44"]);
    says(&said, &[&format!("attach interface: {SECOND} as device 1"), "answer from now"]);
    assert_eq!(server.get(&leaf("device-number")).body, "1");
    assert_eq!(server.get(&leaf("ipv6s")).body, "2001:db8::44");
    assert_eq!(server.get(&leaf("subnet-id")).body, "subnet-0ac62554");
    // The next one has the next number, and an address that follows.
    says(&done(&sandbox, &["interface", "attach"]), &["0e:49:61:0f:c3:13 as device 2"]);

    done(&sandbox, &["interface", "assign", SECOND, "--private-ipv4", "172.16.34.50,172.16.34.51"]);
    assert_eq!(server.get(&leaf("local-ipv4s")).body, "172.16.34.44\n172.16.34.50\n172.16.34.51");
    done(&sandbox, &["interface", "unassign", SECOND, "--private-ipv4", "172.16.34.50"]);
    assert_eq!(server.get(&leaf("local-ipv4s")).body, "172.16.34.44\n172.16.34.51");
    done(&sandbox, &["interface", "modify", SECOND, "--security-group", "web,ssh"]);
    assert_eq!(server.get(&leaf("security-groups")).body, "web\nssh");
    done(&sandbox, &["interface", "hide", SECOND, "--for", "90s"]);
    assert_eq!(status(&server, &leaf("mac")), 404);
    done(&sandbox, &["clock", "seek", "+90s"]);
    assert_eq!(status(&server, &leaf("mac")), 200);
    done(&sandbox, &["interface", "detach", SECOND]);
    assert_eq!(status(&server, &leaf("mac")), 404);
    done(&sandbox, &["clear", "network"]);
    assert_eq!(server.get(MACS).body, "0e:49:61:0f:c3:11/");
}

#[test]
fn what_is_impossible_is_rejected_and_says_why() {
    let (sandbox, server) = served("");
    for (arguments, parts) in [
        (
            &["interface", "detach", "0e:49:61:0f:c3:11"][..],
            &["0e:49:61:0f:c3:11 is the primary interface"][..],
        ),
        (&["interface", "detach", SECOND], &["is not attached", "accepted: the MAC address or the id"]),
        (
            &["interface", "attach", "--device-number", "0"],
            &["device number 0 on network card 0 is the primary"],
        ),
        (&["interface", "attach", "--mac", "0e:49:61:0f:c3:11"], &["0e:49:61:0f:c3:11 is attached already"]),
        (
            &["interface", "unassign", "0e:49:61:0f:c3:11", "--private-ipv4", "172.16.34.43"],
            &["172.16.34.43 is the primary address"],
        ),
        (
            &["interface", "assign", "0e:49:61:0f:c3:11", "--private-ipv4", "10.0.0.1"],
            &["10.0.0.1 lies outside of the subnet 172.16.32.0/20"],
        ),
    ] {
        rejected(&sandbox.control(arguments), 78, parts);
    }
    assert_eq!(server.get(MACS).body, "0e:49:61:0f:c3:11/");
    // What is to come counts: the interface is there by then.
    done(&sandbox, &["interface", "attach", "--in", "10s"]);
    done(&sandbox, &["interface", "detach", SECOND, "--in", "20s"]);
    rejected(&sandbox.control(&["interface", "detach", SECOND, "--in", "5s"]), 78, &["is not attached"]);
}

#[test]
fn what_is_late_is_said_and_survives_a_restart() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[propagation]\nprofile = \"slow\"\n");
    let serve = || {
        sandbox.serve_with(&["--scenario", "s.toml"], |command| {
            command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
        })
    };
    let server = serve();
    done(&sandbox, &["clock", "pause"]);
    let answer = done_json(&sandbox, &["interface", "attach", "--propagation", "listed=1s,device-number=3s"]);
    let late = answer["late"].as_array().expect("a list").clone();
    assert!(
        late.iter().any(|late| late["path"].as_str().is_some_and(|path| path.ends_with("/device-number")))
    );
    says(answer["message"].as_str().expect("a text"), &["paths are late, the last one until 20"]);
    says(&done(&sandbox, &["status"]), &[SECOND, "device-number is absent until"]);
    done(&sandbox, &["clock", "seek", "+2s"]);
    let listing = "0e:49:61:0f:c3:11/";
    assert_eq!(server.get(MACS).body, listing, "mac and all others but the device number are slow");
    done(&sandbox, &["clock", "seek", "+4s"]);
    let seen = |server: &support::ServerProcess| {
        ["mac", "device-number", "local-ipv4s"].map(|name| status(server, &leaf(name)))
    };
    assert_eq!(seen(&server), [200, 200, 404]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve();
    assert_eq!(seen(&server), [200, 200, 404], "after a crash");
    done(&sandbox, &["interface", "settle"]);
    assert_eq!(status(&server, &leaf("network-card")), 404, "it has none");
    assert_eq!(server.get(&leaf("local-ipv4s")).body, "172.16.34.44");
}

#[test]
fn the_role_changes_and_goes() {
    let (sandbox, server) = served("");
    let roles = || server.get("/latest/meta-data/iam/security-credentials/").body;
    done(&sandbox, &["profile", "web-role", "--name", "web/profile"]);
    assert_eq!(roles(), "web-role");
    says(&server.get("/latest/meta-data/iam/info").body, &["instance-profile/web/profile"]);
    assert_eq!(status(&server, "/latest/meta-data/iam/security-credentials/dev-role"), 404);
    let said = done(&sandbox, &["profile", "none", "--propagation", "20s"]);
    says(&said, &["instance profile: removed"]);
    assert_eq!(roles(), "web-role");
    done(&sandbox, &["clock", "seek", "+20s"]);
    assert_eq!(status(&server, "/latest/meta-data/iam/info"), 404);
    done(&sandbox, &["clear", "credentials"]);
    assert_eq!(roles(), "dev-role");
}

#[test]
fn a_stop_and_start_changes_the_document() {
    let (sandbox, server) = served("");
    let before = server.get(DOCUMENT).body;
    done(&sandbox, &["stop-start", "--instance-type", "m5.2xlarge", "--public-ipv4", "192.0.2.9"]);
    let after = server.get(DOCUMENT).body;
    says(&after, &["\"instanceType\" : \"m5.2xlarge\""]);
    let time = |document: &str| {
        document.lines().find(|line| line.contains("pendingTime")).map(str::to_owned).expect("a time")
    };
    assert_ne!(time(&before), time(&after));
    assert_eq!(server.get("/latest/meta-data/public-ipv4").body, "192.0.2.9");
    done(&sandbox, &["stop-start", "--down", "1h"]);
    let request = format!("GET {DOCUMENT} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    let found = Connection::new(server.address).try_send(request).try_read_until("\r\n");
    assert_eq!(found.map(|response| response.status), Err(String::new()), "every connection is reset");
    done(&sandbox, &["clock", "seek", "+1h"]);
    assert_eq!(status(&server, DOCUMENT), 200);
}

/// Each client has one interface, whose MAC address follows from its own address.
#[test]
fn where_each_client_has_an_identity_of_its_own_its_interface_is_meant() {
    let (sandbox, server) = served("[instances.fleet]\nclients = [\"host\"]\nderive = true\n");
    let mac = server.get("/latest/meta-data/mac").body;
    let of_file = server.get(MACS).body;
    assert_eq!(of_file, format!("{mac}/"), "the one that it has");
    let modify = |mac: &str, whose: &[&str]| {
        let words = [&["interface", "modify", mac, "--security-group-id", "sg-0000000a"], whose].concat();
        sandbox.control(&words)
    };
    let said = modify(&mac, &["--client", "127.0.0.1"]);
    let path = format!("network/interfaces/macs/{mac}/security-group-ids");
    says(&said.stdout, &[&path, "from now"]);
    assert_eq!(server.get(&format!("/latest/meta-data/{path}")).body, "sg-0000000a");
    let of_each = "derive = true gives each client interfaces of its own";
    modify(&mac, &[]).ended(78, &["is not attached", of_each]);
    modify(&mac, &["--instance", "fleet"]).ended(78, &["is not attached", of_each]);
    modify(SECOND, &["--instance", "fleet"]).ended(78, &["is not attached", of_each]);
    let missed = modify("0e:49:61:0f:c3:11", &["--client", "127.0.0.1"]);
    missed.ended(78, &["error: the change is impossible: 0e:49:61:0f:c3:11 is not attached"]);
    let owner = format!("meta-data/network/interfaces/macs/{mac}/owner-id");
    let said = done(&sandbox, &["set", &owner, "7", "--client", "127.0.0.1"]);
    says(&said, &[&format!("{owner} changes from now")]);
}
