//! Usual requests are answered without hyper, and every other one by it: with the same bytes.

use std::time::Duration;

use mock_imds::server::Limits;
use support::{Connection, ID, InProcessServer, limits};

const RERUN: &str = "rerun: cargo test --test server fast_path";
const SCENARIOS: [&str; 6] = [
    "",
    "[http]\nkeep-alive = true\n",
    "[http]\nprofile = \"legacy\"\n",
    "[http]\nprofile = \"aemm\"\n",
    "[metadata-options]\nhttp-tokens = \"required\"\n",
    "[[fault]]\npath = \"/latest/meta-data/mac\"\nstatus = 503\n[[fault]]\npath = \"/latest/user-data\"\nbody = \"truncated\"\n\
     [[fault]]\npath = \"/latest/dynamic/**\"\nbody = \"empty\"\n[[fault]]\npath = \"/latest/meta-data/ami-id\"\nreset = true\n",
];
const REQUESTS: [&str; 14] = [
    "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\n",
    "HEAD /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\n",
    "GET //latest/meta-data HTTP/1.1\r\nHost: x\r\n",
    "GET /latest/meta-data/?a=b HTTP/1.1\r\nHOST: x\r\nuser-agent: y\r\n",
    "GET /latest/nothing HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n",
    "GET /%6catest/meta-data/mac HTTP/1.1\r\nHost: x\r\n",
    "GET /latest/user-data HTTP/1.1\r\nHost: x\r\n",
    "GET /latest/dynamic/instance-identity/document HTTP/1.1\r\nHost: x\r\n",
    "GET /latest/meta-data/ami-id HTTP/1.1\r\nHost: x\r\n",
    "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: bad\r\n",
    "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token-ttl-seconds: 0\r\n",
    "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n",
    "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\n",
    "PUT /latest/meta-data HTTP/1.1\r\nHost: x\r\n",
];

/// An empty line before a request is legal, and not usual: with it hyper answers.
#[test]
fn both_paths_write_the_same() {
    let reply = |server: &InProcessServer, request: &str| {
        let reply = Connection::new(server.address).send(request).try_read_until("\0");
        // All that came before the end: a fault may reset the connection.
        let reply = reply.expect_err("no reply has a NUL");
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_default();
        let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
        // hyper puts the length of an empty body last.
        if body.is_empty() {
            lines.sort();
        }
        (lines, body.to_owned())
    };
    for scenario in SCENARIOS {
        for request in REQUESTS {
            let server = InProcessServer::new(scenario, Limits::default());
            let request = format!("{request}Connection: close\r\n\r\n");
            let (fast, hyper) = (reply(&server, &request), reply(&server, &format!("\r\n{request}")));
            assert_eq!(fast, hyper, "{request:?} with {scenario:?}: by the fast path, and by hyper\n{RERUN}");
        }
    }
}

#[test]
fn a_connection_changes_to_hyper_with_all_that_it_has_sent() {
    let server = InProcessServer::new("[http]\nkeep-alive = true\n", Limits::default());
    let usual = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", ID.0);
    let other = format!("GET {} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", ID.0);
    let last = usual.replace("Host", "Connection: close\r\nHost");
    let all = [usual.as_str(), &usual, &other, &usual, &last].concat();
    let expected = 5;
    // In one piece, and in two that are cut everywhere.
    for cut in 0..all.len() {
        let mut connection = Connection::new(server.address);
        connection.send(&all[..cut]);
        if cut % 16 == 1 {
            // Let the server read the first piece alone, if it will.
            server.serves_the_next();
        }
        let found = connection.send(&all[cut..]).read().raw.matches(ID.1).count();
        assert_eq!(found, expected, "replies to {all:?}, cut at byte {cut}\n{RERUN}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = InProcessServer::new("[http]\nkeep-alive = true\n", Limits::default());
    let paths = ["instance-id", "nothing", "mac", "ami-id"];
    let count = 500;
    let request =
        |n: usize| format!("GET /latest/meta-data/{}?{n} HTTP/1.1\r\nHost: x\r\n\r\n", paths[n % 4]);
    let all: String = (0..count).map(request).collect();
    let mut connection = Connection::new(server.address);
    let raw = connection.send(&all).half_close().read().raw;
    let statuses: Vec<&str> = raw.match_indices("HTTP/1.1 ").map(|(at, _)| &raw[at + 9..at + 12]).collect();
    let expected: Vec<&str> = (0..count).map(|n| if n % 4 == 1 { "404" } else { "200" }).collect();
    assert_eq!(statuses, expected, "{RERUN}");
}

/// A head that is longer than what the fast path reads at once, and comes in two parts, while HTTP is given up at the
/// first chance.
#[test]
fn a_long_head_may_come_in_parts() {
    let limits = limits(|limits, _| limits.keep_http = Duration::ZERO);
    let server = InProcessServer::new("[http]\nkeep-alive = true\n", limits);
    let usual = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", ID.0);
    for before in ["", &usual] {
        for length in [8_000, 8_191, 8_192, 8_193, 9_000, 15_000] {
            let head = format!("GET {} HTTP/1.1\r\nConnection: close\r\nHost: x\r\nX: ", ID.0);
            let padding = "a".repeat(length - head.len());
            let mut connection = Connection::new(server.address);
            connection.send(format!("{before}{head}{padding}"));
            // So that the server has looked at it.
            server.serves_the_next();
            server.serves_the_next();
            let found = connection.send("\r\n\r\n").read().raw.matches(ID.1).count();
            let expected = 1 + usize::from(!before.is_empty());
            assert_eq!(found, expected, "replies, the last to a head of {length} bytes and more\n{RERUN}");
        }
    }
}

#[test]
fn the_time_for_the_next_request_begins_with_the_reply() {
    let limits = limits(|limits, short| limits.head = short);
    let late = "[http]\nkeep-alive = true\n[[fault]]\nlatency = \"400ms\"\n";
    let server = InProcessServer::new(late, limits);
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", ID.0);
    let mut connection = Connection::new(server.address);
    for number in 1..=3 {
        let found = connection.send(&request).read_until(ID.1);
        assert_eq!(found.status, 200, "reply {number}, later than the time for a request\n{RERUN}");
    }
}
