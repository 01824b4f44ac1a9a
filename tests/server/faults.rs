//! What clients see of faults.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use mock_imds::journal::RequestFilter;
use mock_imds::server::Limits;
use tokio::time::Instant;

use support::Connection;
use support::{DEADLINE, eventually};
use support::{ID, InProcessServer, get, limits, put};

/// What nothing is wrong with: other requests go here.
const TYPE: (&str, &str) = ("/latest/meta-data/instance-type", "m5.xlarge");
/// What a client that waits in vain waits.
const PATIENCE: Duration = Duration::from_millis(200);

/// A rig with a fault on the instance id.
fn faulty(keys: &str, limits: Limits) -> InProcessServer {
    InProcessServer::new(&format!("[[fault]]\npath = \"meta-data/instance-id\"\n{keys}\n"), limits)
}

/// Other requests get their answers.
#[track_caller]
fn serves_others(rig: &InProcessServer) {
    assert_eq!(rig.exchange(get(TYPE.0)).body, TYPE.1, "the answer to another request");
}

/// A connection that has asked, and waits for a while only.
fn connect(rig: &InProcessServer, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(rig.address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("the time-out is not zero");
    stream.write_all(request.as_bytes()).expect("the server reads");
    stream
}

/// What comes until the connection ends or fails, and how it fails.
fn rest(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
    (String::from_utf8_lossy(&bytes).into_owned(), error)
}

/// What a client gets that waits for a while only.
fn raw(rig: &InProcessServer, request: &str) -> (String, Option<ErrorKind>) {
    rest(&mut connect(rig, request))
}

/// What a client gets for the instance id that waits until the connection ends.
fn end(rig: &InProcessServer) -> (String, Option<ErrorKind>) {
    let mut stream = connect(rig, &get(ID.0));
    stream.set_read_timeout(Some(DEADLINE)).expect("the time-out is not zero");
    rest(&mut stream)
}

/// A client that has asked for the instance id, and has no answer.
fn asking(rig: &InProcessServer) -> Connection {
    let mut client = Connection::new(rig.address);
    client.send(get(ID.0));
    client
}

/// The entries of the journal for the instance id: status and fault.
fn journal(rig: &InProcessServer) -> Vec<(Option<u16>, Option<u32>)> {
    let filter = RequestFilter {
        path: Some("meta-data/instance-id".parse().expect("a glob")),
        ..RequestFilter::default()
    };
    let seen = rig.state.journal.after(0, &filter, usize::MAX);
    seen.entries.iter().map(|entry| (entry.status, entry.fault)).collect()
}

#[test]
fn an_error_has_the_form_that_it_has_on_ec2() {
    let expected = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nDate: Sat, 21 Nov 2026 03:14:11 GMT\r\n\
         Server: EC2ws\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let rig = faulty("status = 503", Limits::default());
    assert_eq!(rig.exchange(get(ID.0)).raw, expected);
    serves_others(&rig);
    assert_eq!(journal(&rig), [(Some(503), Some(0))]);
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
    let rig = faulty("status = 500\ncount = 2", Limits::default());
    let statuses = || [0; 3].map(|_| rig.exchange(get(ID.0)).status);
    assert_eq!(statuses(), [500, 500, 200]);
    rig.state.restart_counters();
    assert_eq!(statuses(), [500, 500, 200]);
    assert_eq!(journal(&rig).iter().filter(|(_, fault)| fault.is_some()).count(), 4);
}

#[test]
fn a_probability_hits_the_same_requests_in_every_run() {
    let run = |seed: u32| {
        let rig = faulty(&format!("status = 503\nprobability = 0.5\nseed = {seed}"), Limits::default());
        (0..40).map(|_| rig.exchange(get(ID.0)).status).collect::<Vec<_>>()
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
        let rig = InProcessServer::new(&format!("{keep_alive}{fault}"), Limits::default());
        let found = rig.exchange(get(ID.0));
        assert_eq!((found.status, found.body.as_str()), (200, &ID.1[..9]));
        assert!(found.raw.contains("\r\nContent-Length: 19\r\n"), "{found:?}");
        // Half of one byte is none, and an answer to HEAD has no body that could break off.
        let index = rig.exchange(get("/latest/meta-data/ami-launch-index"));
        assert_eq!((index.status, index.body.as_str()), (200, ""));
        assert!(index.raw.contains("\r\nContent-Length: 1\r\n"), "{index:?}");
        let head = rig.exchange(get(ID.0).replacen("GET", "HEAD", 1));
        assert!(head.raw.contains("\r\nContent-Length: 19\r\n") && head.body.is_empty(), "{head:?}");
    }
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
    let rig = faulty("reset = true", Limits::default());
    assert_eq!(end(&rig), (String::new(), Some(ErrorKind::ConnectionReset)));
    serves_others(&rig);
    assert_eq!(journal(&rig), [(None, Some(0))]);
}

#[test]
fn a_client_hears_nothing_until_it_gives_up() {
    let rig = faulty("hang = true", Limits::default());
    let silence = (String::new(), Some(ErrorKind::WouldBlock));
    assert_eq!(raw(&rig, &get(ID.0)), silence);
    serves_others(&rig);
    assert_eq!(journal(&rig), [(None, Some(0))]);
}

#[test]
fn silence_ends_with_its_limit() {
    let rig = faulty("hang = true", limits(|limits, short| limits.silence = short));
    assert_eq!(asking(&rig).read().raw, "");
}

#[test]
fn hanging_and_waiting_clients_leave_their_permits_to_others() {
    for fault in ["hang = true", "latency = \"1m\""] {
        let rig = faulty(fault, limits(|limits, _| limits.connections = 2));
        let waiting: Vec<Connection> = (0..20).map(|_| asking(&rig)).collect();
        for _ in 0..5 {
            serves_others(&rig);
        }
        drop(waiting);
    }
}

#[test]
fn above_the_limit_one_client_is_closed_unanswered() {
    for fault in ["hang = true", "latency = \"1m\""] {
        let rig = faulty(fault, limits(|limits, _| limits.parked = 2));
        let mut clients: Vec<TcpStream> = (0..3).map(|_| connect(&rig, &get(ID.0))).collect();
        // They are handled at the same time, so nothing tells which of them comes last.
        let mut ends = || clients.iter_mut().map(|client| rest(client).1).collect::<Vec<_>>();
        let closed = |ends: &[Option<ErrorKind>]| ends.iter().filter(|end| end.is_none()).count();
        eventually("a client that is closed", || (closed(&ends()) > 0).then_some(()));
        assert_eq!(closed(&ends()), 1, "{fault}: the others wait");
        serves_others(&rig);
    }
}

#[test]
fn a_late_answer_is_late_and_others_are_not() {
    let rig = faulty("latency = \"700ms\"", Limits::default());
    let start = Instant::now();
    let mut late = asking(&rig);
    for _ in 0..20 {
        serves_others(&rig);
    }
    let others = start.elapsed();
    assert_eq!(late.read().body, ID.1);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(700), "expected a wait of 700 ms, found {waited:?}");
    assert!(
        others < 3 * waited,
        "expected that 20 others do not wait as long each, found {others:?} for all"
    );
    let entries = rig.state.journal.after(0, &RequestFilter::default(), usize::MAX).entries;
    let entry = entries.iter().find(|entry| entry.fault.is_some()).expect("that of the late answer");
    assert!(entry.latency >= Duration::from_millis(700), "{entry:?}");
}

#[test]
fn a_latency_lies_in_its_range_and_delays_a_reset_too() {
    let rig = faulty("latency = { min = \"50ms\", max = \"150ms\" }\nreset = true", Limits::default());
    let start = Instant::now();
    assert_eq!(end(&rig).1, Some(ErrorKind::ConnectionReset));
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_stops_answers_what_waits_and_closes_what_hangs() {
    let faults = "[[fault]]\npath = \"meta-data/instance-id\"\nlatency = \"4m\"\n\
                  [[fault]]\npath = \"meta-data/mac\"\nhang = true\n";
    let mut rig = InProcessServer::new(faults, Limits::default());
    let mut late = asking(&rig);
    let mut hanging = Connection::new(rig.address);
    hanging.send(get("/latest/meta-data/mac"));
    eventually("two requests", || (rig.state.requests() == 2).then_some(()));
    let drained = rig.drain();
    assert_eq!(late.read().body, ID.1);
    assert_eq!(hanging.read().raw, "");
    assert_eq!(drained(), 0, "no connection was left");
}

#[test]
fn lost_tokens_get_401_and_the_next_one_works() {
    let rig = faulty("tokens = \"lost\"\ncount = 1", Limits::default());
    let with = |token: &str| {
        let header = format!("X-aws-ec2-metadata-token: {token}\r\n\r\n");
        rig.exchange(get(ID.0).trim_end().to_owned() + "\r\n" + &header).status
    };
    let token = || rig.exchange(put("\r\n")).body;
    let first = token();
    assert_eq!(rig.exchange(get(ID.0)).status, 200, "a request without a token is not concerned");
    assert_eq!(with(&first), 401);
    assert_eq!(with(&token()), 200);
}

#[test]
fn the_requests_that_are_too_many_are_refused() {
    for (then, expected) in [("429", 429), ("503", 503)] {
        let rig = faulty(&format!("throttle = {{ per-second = 3, then = {then} }}"), Limits::default());
        let statuses = [0; 5].map(|_| rig.exchange(get(ID.0)).status);
        assert_eq!(statuses, [200, 200, 200, expected, expected]);
        serves_others(&rig);
    }
    let rig = faulty("throttle = { per-second = 1, then = \"drop\" }", Limits::default());
    assert_eq!(rig.exchange(get(ID.0)).status, 200);
    assert_eq!(raw(&rig, &get(ID.0)), (String::new(), Some(ErrorKind::WouldBlock)));
    assert_eq!(journal(&rig), [(Some(200), None), (None, Some(0))]);
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
    let rig = InProcessServer::new(
        "[[fault]]\nclients = [\"10.0.0.0/8\"]\nstatus = 500\n[[fault]]\nmethods = [\"PUT\"]\nstatus = 501\n\
         [[fault]]\nfrom = \"1s\"\nstatus = 502\n[[fault]]\nfrom = 2026-11-21T03:14:12Z\nstatus = 503\n\
         [[fault]]\nclients = [\"host\"]\nfrom = 2026-11-21T03:14:10Z\nfor = \"2s\"\npath = \"/latest/dynamic\"\nstatus = 504\n",
        Limits::default(),
    );
    assert_eq!(rig.exchange(get(ID.0)).status, 200);
    assert_eq!(rig.exchange(put("\r\n")).status, 501);
    assert_eq!(rig.exchange(get("/latest/dynamic/")).status, 504);
}

#[test]
fn many_clients_at_once_are_each_hit_once() {
    let rig = faulty("status = 503\ncount = 50", Limits::default());
    let count = thread::scope(|scope| {
        let client = || (0..25).filter(|_| rig.exchange(get(ID.0)).status == 503).count();
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("no client panics")).sum::<usize>()
    });
    assert_eq!(count, 50);
}
