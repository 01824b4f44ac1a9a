//! What clients see of faults.

use std::io::{ErrorKind, Read as _};
use std::thread;

use mock_imds::server::Limits;
use support::{DEADLINE, ID, InProcessServer, get, put};

use crate::faulty::{connect, end, faulty, journal, raw, rest, serves_others};

#[test]
fn an_error_has_the_form_that_it_has_on_ec2() {
    let expected = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\
         Date: Sat, 21 Nov 2026 03:14:11 GMT\r\nServer: EC2ws\r\nConnection: close\r\n\r\n";
    let server = faulty("status = 503", Limits::default());
    assert_eq!(server.exchange(get(ID.0)).raw, expected);
    serves_others(&server);
    assert_eq!(journal(&server), [(Some(503), Some(0))]);
    let not_found = faulty("status = 404", Limits::default());
    let missing = not_found.exchange(get("/latest/meta-data/nothing-here"));
    assert_eq!(not_found.exchange(get(ID.0)).raw, missing.raw, "as where nothing is");
    let unnamed = faulty("status = 499", Limits::default()).exchange(get(ID.0));
    assert!(unnamed.raw.starts_with("HTTP/1.1 499 \r\n"), "{unnamed:?}");
    let legacy =
        InProcessServer::new("[http]\nprofile = \"legacy\"\n[[fault]]\nstatus = 500\n", Limits::default());
    let page = legacy.exchange(get("/")).body;
    assert!(page.contains("<title>500 - Internal Server Error</title>"), "{page}");
}

#[test]
fn a_count_ends_a_fault_and_a_new_scenario_starts_it_again() {
    let server = faulty("status = 500\ncount = 2", Limits::default());
    let statuses = || [0; 3].map(|_| server.exchange(get(ID.0)).status);
    assert_eq!(statuses(), [500, 500, 200]);
    server.state.restart_counters();
    assert_eq!(statuses(), [500, 500, 200]);
    assert_eq!(journal(&server).iter().filter(|(_, fault)| fault.is_some()).count(), 4);
}

#[test]
fn a_probability_hits_the_same_requests_in_every_run() {
    let run = |seed: u32| {
        let server = faulty(&format!("status = 503\nprobability = 0.5\nseed = {seed}"), Limits::default());
        (0..40).map(|_| server.exchange(get(ID.0)).status).collect::<Vec<_>>()
    };
    let first = run(7);
    assert!(first.contains(&200) && first.contains(&503), "{first:?}");
    assert_eq!(run(7), first);
    assert_ne!(run(8), first);
}

#[test]
fn an_empty_body_says_so() {
    let found = faulty("body = \"empty\"", Limits::default()).exchange(get(ID.0));
    assert_eq!((found.status, found.body.as_str()), (200, ""));
    assert!(found.raw.contains("\r\nContent-Length: 0\r\n"), "{found:?}");
}

#[test]
fn a_truncated_body_breaks_off_in_the_middle() {
    for keep_alive in ["", "[http]\nkeep-alive = true\n"] {
        let fault = "[[fault]]\npath = \"meta-data/**\"\nbody = \"truncated\"\n";
        let server = InProcessServer::new(&format!("{keep_alive}{fault}"), Limits::default());
        for request in both_ways(ID.0) {
            let found = server.exchange(request);
            assert_eq!((found.status, found.body.as_str()), (200, &ID.1[..9]));
            assert!(found.raw.contains("\r\nContent-Length: 19\r\n"), "{found:?}");
        }
        // Half of one byte is none, and an answer to HEAD has no body that could break off.
        let index = server.exchange(get("/latest/meta-data/ami-launch-index"));
        assert_eq!((index.status, index.body.as_str()), (200, ""));
        assert!(index.raw.contains("\r\nContent-Length: 1\r\n"), "{index:?}");
        let head = server.exchange(get(ID.0).replacen("GET", "HEAD", 1));
        assert!(head.raw.contains("\r\nContent-Length: 19\r\n") && head.body.is_empty(), "{head:?}");
    }
}

/// Requests that take each way through the server: the fast one, and that of hyper.
fn both_ways(path: &str) -> [String; 2] {
    [get(path), get(path).replacen("HTTP/1.1", "HTTP/1.0", 1)]
}

#[test]
fn a_stalled_body_is_announced_and_never_comes() {
    let server = faulty("body = \"stalled\"", Limits::default());
    for request in both_ways(ID.0) {
        let (received, error) = raw(&server, &request);
        assert_eq!(error, Some(ErrorKind::WouldBlock), "the connection stays open: {received:?}");
        assert!(received.contains("\r\nContent-Length: 19\r\n"), "{received:?}");
        assert!(received.ends_with("\r\n\r\n"), "nothing of the body: {received:?}");
    }
    let head = server.exchange(get(ID.0).replacen("GET", "HEAD", 1));
    assert!(head.raw.contains("\r\nContent-Length: 19\r\n") && head.body.is_empty(), "{head:?}");
    serves_others(&server);
    assert_eq!(journal(&server), [(Some(200), Some(0)); 3]);
}

#[test]
fn a_late_body_comes_after_its_head() {
    let server = faulty("body-latency = \"250ms\"", Limits::default());
    for request in both_ways(ID.0) {
        let mut stream = connect(&server, &request);
        stream.set_read_timeout(Some(DEADLINE)).expect("the time-out is not zero");
        let mut head = [0; 1024];
        let length = stream.read(&mut head).expect("the head comes");
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        assert!(head.contains("\r\nContent-Length: 19\r\n") && head.ends_with("\r\n\r\n"), "{head:?}");
        assert_eq!(rest(&mut stream), (ID.1.to_owned(), None));
    }
}

#[test]
fn headers_are_set_and_removed() {
    let fault =
        "status = 503\nheaders = { Retry-After = \"1\", Server = false, Content-Type = \"text/html\" }";
    let found = faulty(fault, Limits::default()).exchange(get(ID.0));
    let expected = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nDate: Sat, 21 Nov 2026 03:14:11 GMT\r\n\
                    Connection: close\r\n";
    for line in expected.lines().chain(["Retry-After: 1", "Content-Type: text/html"]) {
        assert!(found.raw.contains(&format!("{line}\r\n")), "expected {line:?} in {found:?}");
    }
    assert!(!found.raw.contains("Server:") && !found.raw.contains("text/plain"), "{found:?}");
    let limited =
        faulty("throttle = { per-second = 1 }\nheaders = { Retry-After = \"7\" }", Limits::default());
    let answers = [0; 2].map(|_| limited.exchange(get(ID.0)).raw.contains("\r\nRetry-After: 7\r\n"));
    assert_eq!(answers, [false, true], "of the response to the excess request");
}

#[test]
fn a_fault_may_have_any_answer() {
    for (keys, status, body) in [
        ("status = 503\nbody = { text = \"<busy/>\" }", 503, "<busy/>"),
        ("status = 200\nbody = { text = \"{\" }", 200, "{"),
        ("body = { text = \"i-other\" }", 200, "i-other"),
        ("status = 404\nbody = { text = \"none\" }", 404, "none"),
        ("status = 302\nheaders = { Location = \"/elsewhere\" }", 302, ""),
        ("status = 200", 200, ""),
    ] {
        for request in both_ways(ID.0) {
            let found = faulty(keys, Limits::default()).exchange(request);
            assert_eq!((found.status, found.body.as_str()), (status, body), "{keys}");
            let length = format!("\r\nContent-Length: {}\r\n", body.len());
            assert!(found.raw.contains(&length), "{keys}: {found:?}");
        }
    }
    for status in [204, 304] {
        let keys = format!("status = {status}\nheaders = {{ ETag = \"x\" }}");
        let found = faulty(&keys, Limits::default()).exchange(get(ID.0));
        assert_eq!((found.status, found.body.as_str()), (status, ""));
        assert!(!found.raw.contains("Content-Length"), "HTTP has no body with {status}: {found:?}");
    }
}

#[test]
fn the_first_requests_may_be_left_alone() {
    let server = faulty("status = 500\nafter-n = 2\ncount = 2", Limits::default());
    let statuses = [0; 6].map(|_| server.exchange(get(ID.0)).status);
    assert_eq!(statuses, [200, 200, 500, 500, 200, 200]);
}

#[test]
fn a_long_body_is_truncated_where_it_should_be() {
    let value = "x".repeat(900_000);
    let scenario = format!("[metadata]\n\"meta-data/long\" = \"{value}\"\n[[fault]]\nbody = \"truncated\"\n");
    let found = InProcessServer::new(&scenario, Limits::default()).exchange(get("/latest/meta-data/long"));
    assert_eq!((found.status, found.body.len()), (200, 450_000));
}

#[test]
fn a_reset_is_a_reset() {
    let server = faulty("reset = true", Limits::default());
    assert_eq!(end(&server), (String::new(), Some(ErrorKind::ConnectionReset)));
    serves_others(&server);
    assert_eq!(journal(&server), [(None, Some(0))]);
}

#[test]
fn lost_tokens_get_401_and_the_next_one_works() {
    let server = faulty("tokens = \"lost\"\ncount = 1", Limits::default());
    let with = |token: &str| {
        let header = format!("X-aws-ec2-metadata-token: {token}\r\n\r\n");
        server.exchange(get(ID.0).trim_end().to_owned() + "\r\n" + &header).status
    };
    let token = || server.exchange(put("\r\n")).body;
    let first = token();
    assert_eq!(server.exchange(get(ID.0)).status, 200, "a request without a token is not concerned");
    assert_eq!(with(&first), 401);
    assert_eq!(with(&token()), 200);
}

#[test]
fn the_requests_that_are_too_many_are_refused() {
    for (then, expected) in [("429", 429), ("503", 503)] {
        let server = faulty(&format!("throttle = {{ per-second = 3, then = {then} }}"), Limits::default());
        let statuses = [0; 5].map(|_| server.exchange(get(ID.0)).status);
        assert_eq!(statuses, [200, 200, 200, expected, expected]);
        serves_others(&server);
    }
    let server = faulty("throttle = { per-second = 1, then = \"drop\" }", Limits::default());
    assert_eq!(server.exchange(get(ID.0)).status, 200);
    assert_eq!(raw(&server, &get(ID.0)), (String::new(), Some(ErrorKind::WouldBlock)));
    assert_eq!(journal(&server), [(Some(200), None), (None, Some(0))]);
}

#[test]
fn a_skewed_clock_shows_in_dates_and_lets_tokens_expire() {
    let skew = |by: &str| {
        InProcessServer::new(
            &format!("[[fault]]\nclock-skew = \"{by}\"\nmethods = [\"GET\"]\n"),
            Limits::default(),
        )
    };
    let early = skew("-5m").exchange(get("/latest/meta-data/iam/security-credentials/dev-role"));
    assert!(early.raw.contains("\r\nDate: Sat, 21 Nov 2026 03:09:11 GMT\r\n"), "{early:?}");
    assert!(early.raw.contains("\r\nLast-Modified: Sat, 21 Nov 2026 03:09:11 GMT\r\n"), "{early:?}");
    let ahead = skew("2h");
    let late = ahead.exchange(get("/latest/meta-data/iam/security-credentials/dev-role"));
    assert!(late.body.contains("\"LastUpdated\" : \"2026-11-21T05:00:00Z\""), "{late:?}");
    // A token of a minute, two hours later.
    let token = ahead.exchange(put("\r\n")).body;
    let request = format!("{}\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n", get(ID.0).trim_end());
    assert_eq!(ahead.exchange(request).status, 401);
}

#[test]
fn faults_may_be_for_other_clients_methods_and_times() {
    let server = InProcessServer::new(
        "[[fault]]\nclients = [\"10.0.0.0/8\"]\nstatus = 500\n[[fault]]\nmethods = [\"PUT\"]\nstatus = 501\n\
         [[fault]]\nfrom = \"1s\"\nstatus = 502\n[[fault]]\nfrom = 2026-11-21T03:14:12Z\nstatus = 503\n\
         [[fault]]\nclients = [\"host\"]\nfrom = 2026-11-21T03:14:10Z\nfor = \"2s\"\npath = \"/latest/dynamic\"\nstatus = 504\n",
        Limits::default(),
    );
    assert_eq!(server.exchange(get(ID.0)).status, 200);
    assert_eq!(server.exchange(put("\r\n")).status, 501);
    assert_eq!(server.exchange(get("/latest/dynamic/")).status, 504);
}

#[test]
fn many_clients_at_once_are_each_hit_once() {
    let server = faulty("status = 503\ncount = 50", Limits::default());
    let count = thread::scope(|scope| {
        let client = || (0..25).filter(|_| server.exchange(get(ID.0)).status == 503).count();
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("no client panics")).sum::<usize>()
    });
    assert_eq!(count, 50);
}
