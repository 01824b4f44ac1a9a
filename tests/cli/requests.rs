//! The journal of requests as people and scripts read it: `requests`, `wait`, and the route beneath them.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::follow::Running;
use support::{Connection, exchange};
use support::{DEADLINE, Sandbox, ServerProcess, eventually, is_root};

const ID: &str = "/latest/meta-data/instance-id";

/// Sends a request with a token.
fn with_token(server: &ServerProcess, method: &str, path: &str, token: &str) -> String {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n");
    exchange(server.address, request).raw
}

/// The entries that `requests --json` prints.
#[track_caller]
fn entries(bench: &Sandbox, more: &[&str]) -> Vec<Value> {
    let found = bench.control(&[&["requests", "--json"], more].concat());
    assert_eq!(found.code, Some(0), "{found:#?}");
    found.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Their paths.
#[track_caller]
fn paths(bench: &Sandbox, more: &[&str]) -> Vec<String> {
    entries(bench, more).iter().map(|entry| entry["path"].as_str().expect("a path").to_owned()).collect()
}

/// Asks the control socket itself.
fn ask(bench: &Sandbox, route: &str) -> String {
    let mut stream = polling(bench, route);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers in time");
    answer
}

/// Asks and leaves the answer to be read.
fn polling(bench: &Sandbox, route: &str) -> UnixStream {
    let mut stream = UnixStream::connect(bench.path("c.sock")).expect("the server accepts");
    stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
    write!(stream, "GET {route} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("the server reads");
    stream
}

#[test]
fn every_kind_of_request_has_its_entry() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    server.get(ID);
    let token = server.token();
    with_token(&server, "GET", ID, &token);
    with_token(&server, "GET", ID, "forged");
    server.get("//latest/nothing%41/?x=y");
    exchange(server.address, "HEAD /latest/ HTTP/1.1\r\nHost: x\r\n\r\n");
    exchange(server.address, "BREW /latest/\u{202e}\u{7f} HTTP/1.1\r\nHost: x\r\n\r\n");

    let found = entries(&bench, &[]);
    let rows: Vec<_> = found
        .iter()
        .map(|e| {
            let text = |key: &str| e[key].as_str().unwrap_or("?").to_owned();
            (text("method"), text("path"), text("version"), e["status"].as_u64().unwrap_or(0))
        })
        .collect();
    let expected = [
        ("GET", ID, "v1", 200),
        ("PUT", "/latest/api/token", "token", 200),
        ("GET", ID, "v2", 200),
        ("GET", ID, "v2", 401),
        ("GET", "//latest/nothing%41/", "v1", 404),
        ("HEAD", "/latest/", "v1", 200),
    ]
    .map(|(method, path, version, status)| (method.to_owned(), path.to_owned(), version.to_owned(), status));
    assert_eq!(rows[..6], expected, "{found:#?}");
    for (number, entry) in (1..).zip(&found) {
        assert_eq!(entry["number"], number, "{entry}");
        assert_eq!((&entry["client"], &entry["ingress"]), (&"127.0.0.1".into(), &"host".into()), "{entry}");
        assert!(entry["latency_us"].as_u64().is_some_and(|micros| micros < 10_000_000), "{entry}");
        assert!(entry["at"].as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')), "{entry}");
        assert!(entry["path"].as_str().is_some_and(str::is_ascii), "{entry}");
    }

    let lines = bench.control(&["requests"]).stdout;
    let second = lines.lines().nth(1).unwrap_or_default();
    let words: Vec<&str> = second.split_whitespace().skip(1).take(5).collect();
    assert_eq!(words, ["127.0.0.1", "PUT", "/latest/api/token", "token", "200"], "{lines}");
    assert_eq!(lines.lines().count(), found.len(), "{lines}");
}

#[test]
fn a_client_that_leaves_has_an_entry_without_a_status() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    let mut client = Connection::new(server.address);
    client.send("PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
    drop(client);
    let found = bench.control(&["wait", "/latest/api/token", "--status", "none", "--since", "start"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert!(found.stdout.contains(" token   - "), "{found:#?}");
}

#[test]
fn filters_choose() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    server.get("/latest/meta-data/mac");
    server.get("/2021-07-15/meta-data/mac/");
    server.get("/latest/meta-data/nothing");
    let token = server.token();
    with_token(&server, "HEAD", "/latest/dynamic/", &token);
    let mac = ["/latest/meta-data/mac", "/2021-07-15/meta-data/mac/"];
    let cases: [(&[&str], &[&str]); 10] = [
        (&["--path", "meta-data/mac"], &mac),
        (&["--path", "/latest/meta-data/*"], &[mac[0], "/latest/meta-data/nothing"]),
        (&["--status", "4xx"], &["/latest/meta-data/nothing"]),
        (&["--method", "put,head"], &["/latest/api/token", "/latest/dynamic/"]),
        (&["--v2"], &["/latest/api/token", "/latest/dynamic/"]),
        (&["--v1", "--status", "200"], &mac),
        (&["--client", "127.0.0.0/8", "--limit", "1"], &["/latest/dynamic/"]),
        (&["--client", "host", "--limit", "0"], &[]),
        (&["--client", "10.0.0.0/8,::/0"], &[]),
        (&["--limit", "2"], &["/latest/api/token", "/latest/dynamic/"]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(paths(&bench, arguments), expected, "{arguments:?}");
    }
    bench.control(&["requests", "--status", "9xx"]).ended(64, &["expected a status such as 404"]);
    bench.control(&["requests", "--client", "web"]).ended(64, &["expected an address, a network"]);
    bench.control(&["wait", "**", "--within", "soon"]).ended(64, &["expected a duration"]);
    let refused = ask(&bench, "/v1/requests?stat=4xx");
    assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("accepted: client, path"), "{refused}");
}

#[test]
fn what_is_secret_is_in_no_entry() {
    let bench = Sandbox::new();
    bench.write(
        "s.toml",
        "[credentials]\nrole = \"r\"\nsource = \"static\"\naccess-key-id = \"AKIDSECRETEXAMPLE\"\n\
         secret-access-key = \"wJalrSECRET\"\nsession-token = \"sessionSECRET\"\n",
    );
    let server = bench.serve(&["--scenario", "s.toml"]);
    let token = server.token();
    let role = "/latest/meta-data/iam/security-credentials/r";
    let body = with_token(&server, "GET", role, &token);
    assert!(body.contains("wJalrSECRET") && token.len() == 56, "{body}");
    with_token(&server, "GET", &format!("{role}?querySECRET=1#fragmentSECRET"), "forgedSECRET");
    with_token(&server, "GET", &format!("http://user:passwordSECRET@host{role}"), &token);
    exchange(
        server.address,
        "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nAuthorization: headerSECRET\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 10\r\n\r\nbodySECRET",
    );
    let outputs = [
        bench.control(&["requests"]).stdout,
        bench.control(&["requests", "--json"]).stdout,
        bench.control(&["wait", "**", "--since", "start"]).stdout,
        ask(&bench, "/v1/requests"),
        bench.control(&["status", "--json"]).stdout,
    ];
    for output in &outputs {
        assert!(!output.contains("SECRET") && !output.contains(&token), "{output}");
    }
    assert_eq!(
        paths(&bench, &["--path", "meta-data/iam/**"]).len(),
        3,
        "all of them are there: {outputs:#?}"
    );
}

#[test]
fn waiting_ends_with_the_request() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    server.get(ID);
    let arguments = ["wait", "meta-data/instance-id", "--v1", "--status", "2xx", "--method", "GET"];
    let mut waiting = Running::start(&bench, &arguments);
    let code = eventually("the end of the wait", || {
        server.get(ID);
        waiting.ended()
    });
    assert_eq!(code, 0);
    let line = waiting.line();
    assert!(line.contains(" GET  /latest/meta-data/instance-id ") && line.contains(" v1    200 "), "{line}");
}

#[test]
fn what_does_not_come_is_1() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    server.get(ID);
    let found = bench.control(&["wait", "meta-data/instance-id", "--within", "50ms"]);
    found.ended(1, &["no matching request for meta-data/instance-id came within 50ms"]);
    let since = ["--since", "start", "--within", "50ms"];
    let found = bench.control(&[&["wait", "meta-data/instance-id"][..], &since].concat());
    assert_eq!((found.code, found.stdout.lines().count()), (Some(0), 1), "{found:#?}");
    let found = bench.control(&[&["wait", "meta-data/instance-id", "--v2"][..], &since].concat());
    found.ended(1, &["no matching request"]);
    // After the number of an entry: no race between a script and the program that it starts.
    let number = entries(&bench, &["--limit", "1"])[0]["number"].to_string();
    server.get("/latest/meta-data/mac");
    let found = bench.control(&["wait", "**", "--since", &number, "--json"]);
    let entry: Value = serde_json::from_str(&found.stdout).expect("one line of JSON");
    assert_eq!((found.code, &entry["path"]), (Some(0), &"/latest/meta-data/mac".into()), "{found:#?}");
}

#[test]
fn never_turns_it_round() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    server.get(ID);
    let found = bench.control(&["wait", ID, "--never", "--within", "50ms"]);
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), ""), "{found:#?}");
    let found = bench.control(&["wait", ID, "--never", "--since", "start"]);
    found.ended(1, &["a request for /latest/meta-data/instance-id arrived in spite of --never"]);
    assert!(found.stdout.contains(ID), "{found:#?}");
}

#[test]
fn a_poll_answers_when_there_is_something() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    let empty = ask(&bench, "/v1/requests?since=now&wait=0.05");
    assert!(empty.starts_with("HTTP/1.1 200 ") && empty.ends_with("\r\n\r\n[]\n"), "{empty}");
    assert!(empty.contains("journal-position: 0\r\n"), "{empty}");
    let mut poll = polling(&bench, "/v1/requests?since=0&wait=60&path=meta-data/mac");
    server.get(ID);
    server.get("/latest/meta-data/mac");
    server.get(ID);
    let mut answer = String::new();
    // Its read deadline is a sixth of the wait.
    poll.read_to_string(&mut answer)
        .expect("the answer comes with the request, not with the end of the wait");
    assert!(answer.contains("\"number\":2,") && !answer.contains("\"number\":1,"), "{answer}");
}

#[test]
fn those_who_wait_leave_room_for_others() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    let mut polls: Vec<_> = (0..49).map(|_| polling(&bench, "/v1/requests?since=0&wait=60")).collect();
    // One is refused, whichever comes last; then the others wait.
    let refused = eventually("a refusal of one of 49", || {
        polls.iter_mut().position(|poll| {
            poll.set_nonblocking(true).expect("a socket");
            poll.read(&mut [0; 1]).is_ok_and(|count| count == 1)
        })
    });
    let mut answer = String::new();
    let mut refused = polls.remove(refused);
    refused.set_nonblocking(false).expect("a socket");
    refused.read_to_string(&mut answer).expect("it is answered");
    assert!(answer.contains(" 503 ") && answer.contains("48 clients wait for requests already"), "{answer}");
    assert_eq!(bench.control(&["status"]).code, Some(0), "who does not wait is served");
    server.get(ID);
    for poll in &mut polls {
        let mut answer = String::new();
        poll.set_nonblocking(false).expect("a socket");
        poll.read_to_string(&mut answer).expect("each of them is answered");
        assert!(answer.contains(ID), "{answer}");
    }
}

#[test]
fn a_reader_that_is_too_late_hears_how_much_it_missed() {
    const EACH: usize = 100;
    let bench = Sandbox::new();
    bench.write("s.toml", "[http]\nkeep-alive = true\n");
    let server = bench.serve(&["--scenario", "s.toml"]);
    for _ in 0..101 {
        let many = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(EACH - 1);
        let last = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let found = exchange(server.address, many + last);
        assert_eq!(found.raw.matches("HTTP/1.1 ").count(), EACH);
    }
    let answer = ask(&bench, "/v1/requests?since=0&path=/last");
    assert!(answer.contains("\r\n\r\n[{\"missed\":100},\n {\"number\":200,"), "{}", &answer[..500]);
    assert_eq!(entries(&bench, &[]).len(), 10_000, "a list misses nothing: it is what there is");
    let all = ["wait", "/nothing", "--since", "start", "--within", "10ms"];
    bench.control(&all).ended(1, &["; 100 requests were overwritten before they could be looked at"]);
    let never = [&all[..], &["--never"]].concat();
    bench.control(&never).ended(69, &["cannot tell whether one came: 100 requests were overwritten"]);
}

#[test]
fn without_a_server_or_a_permission_it_is_said() {
    let bench = Sandbox::new();
    let commands: [&[&str]; 4] =
        [&["requests"], &["wait", "/x"], &["show", "meta-data/mac"], &["status", "-f"]];
    for command in commands {
        bench.control(command).ended(69, &["no mock-imds server listens at", "mock-imds serve"]);
    }
    if !is_root() {
        return;
    }
    let _server = bench.serve(&[]);
    let socket = bench.path("c.sock").display().to_string();
    std::fs::set_permissions(bench.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("the bench is ours");
    for command in commands {
        let found = bench.run_as_nobody(&[command, &["--control", &socket]].concat());
        found.ended(77, &["sudo usermod -aG mock-imds"]);
    }
}
