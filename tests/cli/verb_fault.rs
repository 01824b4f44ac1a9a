//! `mock-imds fault`: what goes wrong, for how long, and what takes it back.

use serde_json::Value;
use support::Sandbox;

use crate::orders::{PUBLIC, done, done_json, rejected, says, served, status};

/// The first line of what is printed as JSON lines.
#[track_caller]
fn done_json_lines(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let text = done(sandbox, &[arguments, &["--json"]].concat());
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn something_goes_wrong_until_it_is_cleared() {
    let (sandbox, server) = served("[[fault]]\npath = \"meta-data/mac\"\nstatus = 404\n");
    let id = "/latest/meta-data/instance-id";
    says(
        &done(&sandbox, &["fault", "--status", "503", "--path", "meta-data/instance-*"]),
        &["503 at meta-data/instance-*; until it is cleared\n"],
    );
    assert_eq!((status(&server, id), status(&server, PUBLIC)), (503, 200));
    let entry: Value =
        serde_json::from_str(&done_json_lines(&sandbox, &["requests", "--path", "meta-data/instance-id"]))
            .expect("an entry");
    assert_eq!(entry["fault"], 1, "{entry}");
    says(
        &done(&sandbox, &["status"]),
        &[
            ": 404 at meta-data/mac; not hit yet; as long as the file has it\n",
            ": 503 at meta-data/instance-*; hit once; until it is cleared, added at run time\n",
        ],
    );
    says(&done(&sandbox, &["fault", "--clear"]), &["1 fault removed"]);
    assert_eq!(
        (status(&server, id), status(&server, "/latest/meta-data/mac")),
        (200, 404),
        "the file's stays"
    );
    says(&done(&sandbox, &["fault", "--clear"]), &["there is no injected fault"]);

    // Another one with its number counts from 0.
    for _ in 0..2 {
        done(&sandbox, &["fault", "--status", "500", "--count", "1", "--path", "meta-data/instance-id"]);
        assert_eq!([status(&server, id), status(&server, id)], [500, 200]);
        done(&sandbox, &["fault", "--clear"]);
    }
}

#[test]
fn a_fault_comes_and_goes_with_the_clock() {
    let (sandbox, server) = served("");
    let answer = done_json(
        &sandbox,
        &["fault", "--body", "empty", "--in", "10m", "--for", "1m", "--latency", "1ms..2ms"],
    );
    assert_eq!(answer["on"], false);
    says(
        answer["message"].as_str().expect("a line"),
        &["an empty body, 1ms to 2ms late; from 10m", " on for 1m"],
    );
    let body = || server.get("/latest/meta-data/instance-id").body;
    assert_ne!(body(), "");
    done(&sandbox, &["clock", "seek", "10m30s"]);
    assert_eq!(body(), "");
    done(&sandbox, &["clock", "seek", "12m"]);
    assert_ne!(body(), "");
}

#[test]
fn wrong_faults_change_nothing() {
    let (sandbox, server) = served("");
    rejected(&sandbox.control(&["fault", "--hang", "--instance", "x"]), 64, &["there is no instance \"x\""]);
    for wrong in [
        &["fault"][..],
        &["fault", "--status", "199"],
        &["fault", "--hang", "--clear"],
        &["fault", "--hang", "--client", "ten"],
        &["fault", "--hang", "--reset"],
        &["fault", "--latency", "1ms..2ms..3ms"],
        &["fault", "--hang", "--for", "soon"],
        &["fault", "--throttle", "5", "--then", "200"],
    ] {
        assert_eq!(sandbox.control(wrong).code, Some(64), "{wrong:?}");
    }
    assert_eq!(status(&server, PUBLIC), 200);
}

#[test]
fn another_response_is_ordered_in_words() {
    let (sandbox, server) = served("");
    let id = "/latest/meta-data/instance-id";
    let words = ["fault", "--path", "meta-data/instance-id", "--status", "503", "--header", "Retry-After: 1"];
    let more = ["--header", "Server:", "--body-text", "<busy/>", "--after-n", "1", "--count", "1"];
    says(
        &done(&sandbox, &[&words[..], &more[..]].concat()),
        &[
            "503, with retry-after, without server, another body of 7 bytes at meta-data/instance-id, after 1, count 1",
        ],
    );
    assert_eq!(server.get(id).status, 200, "the first one is left alone");
    let found = server.get(id);
    assert_eq!((found.status, found.body.as_str()), (503, "<busy/>"));
    assert!(found.raw.contains("\r\nRetry-After: 1\r\n") && !found.raw.contains("Server:"), "{found:?}");
    assert_eq!(server.get(id).status, 200, "one is enough");
    done(&sandbox, &["fault", "--body", "stalled", "--path", "meta-data/mac"]);
}

/// A fault is counted by its place, which is another one when one before it is lost.
#[test]
fn a_fault_that_a_reload_keeps_does_not_inherit_the_count_of_one_that_it_loses() {
    let web = "[instances.web]\nclients = [\"127.0.0.1\"]\ninstance-id = \"i-0fedcba0987654321\"\n";
    let (sandbox, server) = served(web);
    let (mac, ami) = ("/latest/meta-data/mac", "/latest/meta-data/ami-id");
    done(
        &sandbox,
        &["fault", "--status", "503", "--count", "1", "--path", "meta-data/mac", "--instance", "web"],
    );
    done(&sandbox, &["fault", "--status", "503", "--count", "1", "--path", "meta-data/ami-id"]);
    assert_eq!([status(&server, mac), status(&server, mac)], [503, 200]);
    sandbox.write("s.toml", "");
    let found = sandbox.control(&["reload", "--keep"]);
    says(&found.stdout, &["kept: 1 change, dropped: 1 change"]);
    assert_eq!([status(&server, ami), status(&server, ami)], [503, 200], "once, as it was ordered");
}

#[test]
fn faults_are_kept_or_dropped_by_a_reload() {
    let (sandbox, server) = served("");
    done(&sandbox, &["fault", "--throttle", "1", "--then", "503", "--path", "user-data"]);
    done(&sandbox, &["fault", "--tokens-lost"]);
    assert_eq!(
        support::http::exchange(
            server.address,
            "GET /latest/ HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: x\r\n\r\n"
        )
        .status,
        401
    );
    says(&done(&sandbox, &["reload", "--keep"]), &["kept: 2 changes"]);
    says(
        &done(&sandbox, &["status"]),
        &[
            ": 503 beyond 1 request a second at user-data; not hit yet; until it is cleared, added at run time",
        ],
    );
    says(&done(&sandbox, &["reload"]), &["dropped: 2 changes"]);
    assert!(!done(&sandbox, &["status"]).contains("faults"));
}

// === Reloads, and other scenarios ===

/// Only the guardian of the host's network refuses connections, and nobody tells it of this server.
#[test]
fn a_server_in_the_foreground_says_that_it_cannot_refuse_connections() {
    let (sandbox, server) = served("");
    let sentence = "this server cannot refuse or lose connections";
    for order in
        [&["fault", "--connection", "refused"][..], &["fault", "--connection", "lost", "--for", "1m"]]
    {
        rejected(&sandbox.control(order), 78, &[sentence, "beside a guardian of the host's network"]);
    }
    assert_eq!(status(&server, PUBLIC), 200);

    let sentences = [sentence, "fault-1 has connection"];
    sandbox.write("c.toml", "[[fault]]\nconnection = \"lost\"\n");
    sandbox
        .run(&["check", "c.toml"])
        .ended(0, &["fault-1 has connection, which a server in the foreground rejects"]);
    sandbox.run(&["serve", "--scenario", "c.toml", "--listen", "127.0.0.1:0"]).ended(78, &sentences);
    sandbox.control(&["use", "c.toml"]).ended(78, &sentences);
    sandbox.write("s.toml", "[[fault]]\nconnection = \"refused\"\n");
    sandbox.control(&["reload"]).ended(78, &sentences);
    assert_eq!(status(&server, PUBLIC), 200, "the scenario before is served");
}
