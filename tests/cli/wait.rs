//! `wait`, and polls of the journal: they end with the request, or in time.

use std::io::Read as _;

use serde_json::Value;
use support::{Sandbox, eventually, exchange};

use crate::follow::Running;
use crate::journal::{ID, ask, entries, polling};

#[test]
fn waiting_ends_with_the_request() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get(ID);
    let arguments = ["wait", "meta-data/instance-id", "--v1", "--status", "2xx", "--method", "GET"];
    let mut waiting = Running::start(&sandbox, &arguments);
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
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get(ID);
    let found = sandbox.control(&["wait", "meta-data/instance-id", "--within", "50ms"]);
    found.ended(1, &["no matching request for meta-data/instance-id came within 50ms"]);
    let since = ["--since", "start", "--within", "50ms"];
    let found = sandbox.control(&[&["wait", "meta-data/instance-id"][..], &since].concat());
    assert_eq!((found.code, found.stdout.lines().count()), (Some(0), 1), "{found:#?}");
    let found = sandbox.control(&[&["wait", "meta-data/instance-id", "--v2"][..], &since].concat());
    found.ended(1, &["no matching request"]);
    // After the number of an entry: no race between a script and the program that it starts.
    let number = entries(&sandbox, &["--limit", "1"])[0]["number"].to_string();
    server.get("/latest/meta-data/mac");
    let found = sandbox.control(&["wait", "**", "--since", &number, "--json"]);
    let entry: Value = serde_json::from_str(&found.stdout).expect("one line of JSON");
    assert_eq!((found.code, &entry["path"]), (Some(0), &"/latest/meta-data/mac".into()), "{found:#?}");
}

#[test]
fn never_turns_it_round() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get(ID);
    let found = sandbox.control(&["wait", ID, "--never", "--within", "50ms"]);
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), ""), "{found:#?}");
    let found = sandbox.control(&["wait", ID, "--never", "--since", "start"]);
    found.ended(1, &["a request for /latest/meta-data/instance-id arrived in spite of --never"]);
    assert!(found.stdout.contains(ID), "{found:#?}");
}

#[test]
fn a_poll_answers_when_there_is_something() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let empty = ask(&sandbox, "/v1/requests?since=now&wait=0.05");
    assert!(empty.starts_with("HTTP/1.1 200 ") && empty.ends_with("\r\n\r\n[]\n"), "{empty}");
    assert!(empty.contains("journal-position: 0\r\n"), "{empty}");
    let mut poll = polling(&sandbox, "/v1/requests?since=0&wait=60&path=meta-data/mac");
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
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let mut polls: Vec<_> = (0..65).map(|_| polling(&sandbox, "/v1/requests?since=0&wait=60")).collect();
    // One is refused, whichever comes last; then the others wait.
    let refused = eventually("a refusal of one of 65", || {
        polls.iter_mut().position(|poll| {
            poll.set_nonblocking(true).expect("a socket");
            poll.read(&mut [0; 1]).is_ok_and(|count| count == 1)
        })
    });
    let mut answer = String::new();
    let mut refused = polls.remove(refused);
    refused.set_nonblocking(false).expect("a socket");
    refused.read_to_string(&mut answer).expect("it is answered");
    assert!(
        answer.contains(" 503 ") && answer.contains("too many clients that wait for requests"),
        "{answer}"
    );
    assert_eq!(sandbox.control(&["status"]).code, Some(0), "who does not wait is served");
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
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[http]\nkeep-alive = true\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    for _ in 0..101 {
        let many = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(EACH - 1);
        let last = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let found = exchange(server.address, many + last);
        assert_eq!(found.raw.matches("HTTP/1.1 ").count(), EACH);
    }
    let answer = ask(&sandbox, "/v1/requests?since=0&path=/last");
    assert!(answer.contains("\r\n\r\n[{\"missed\":100},\n {\"number\":200,"), "{}", &answer[..500]);
    assert_eq!(entries(&sandbox, &[]).len(), 10_000, "a list misses nothing: it is what there is");
    let all = ["wait", "/nothing", "--since", "start", "--within", "10ms"];
    sandbox.control(&all).ended(1, &["; 100 requests were overwritten before they could be looked at"]);
    let never = [&all[..], &["--never"]].concat();
    sandbox.control(&never).ended(69, &["cannot tell whether one came: 100 requests were overwritten"]);
}
