//! Faults that let clients wait: silence, and answers that come late.

use std::io::ErrorKind;
use std::time::Duration;

use mock_imds::journal::RequestFilter;
use mock_imds::server::Limits;
use support::{Connection, ID, InProcessServer, eventually, get, limits};
use tokio::time::Instant;

use crate::faulty::{asking, end, faulty, journal, raw, serves_others};

#[test]
fn a_client_hears_nothing_until_it_gives_up() {
    let server = faulty("hang = true", Limits::default());
    let silence = (String::new(), Some(ErrorKind::WouldBlock));
    assert_eq!(raw(&server, &get(ID.0)), silence);
    serves_others(&server);
    assert_eq!(journal(&server), [(None, Some(0))]);
}

#[test]
fn silence_ends_with_its_limit() {
    let server = faulty("hang = true", limits(|limits, short| limits.silence = short));
    assert_eq!(asking(&server).read().raw, "");
}

/// Whichever way the request takes through the server.
#[test]
fn a_body_that_never_comes_is_waited_for_until_the_limit() {
    let server = faulty("body = \"stalled\"", limits(|limits, short| limits.silence = short));
    for request in [get(ID.0), get(ID.0).replacen("HTTP/1.1", "HTTP/1.0", 1)] {
        let found = server.exchange(request);
        assert_eq!((found.status, found.body.as_str()), (200, ""), "{found:?}");
    }
}

#[test]
fn hanging_and_waiting_clients_leave_their_permits_to_others() {
    for fault in ["hang = true", "latency = \"1m\""] {
        let server = faulty(fault, limits(|limits, _| limits.connections = 2));
        let waiting: Vec<Connection> = (0..20).map(|_| asking(&server)).collect();
        for _ in 0..5 {
            serves_others(&server);
        }
        drop(waiting);
    }
}

#[test]
fn a_late_answer_is_late_and_others_are_not() {
    let server = faulty("latency = \"700ms\"", Limits::default());
    let start = Instant::now();
    let mut late = asking(&server);
    for _ in 0..20 {
        serves_others(&server);
    }
    let others = start.elapsed();
    assert_eq!(late.read().body, ID.1);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(700), "expected a wait of 700 ms, found {waited:?}");
    assert!(
        others < 3 * waited,
        "expected that 20 others do not wait as long each, found {others:?} for all"
    );
    let entries = server.state.journal.after(0, &RequestFilter::default(), usize::MAX).entries;
    let entry = entries.iter().find(|entry| entry.fault.is_some()).expect("that of the late answer");
    assert!(entry.latency_us >= 700_000, "{entry:?}");
}

#[test]
fn the_journal_says_that_a_client_left_before_the_end_of_a_delay() {
    let server = faulty("latency = \"300ms\"", Limits::default());
    drop(asking(&server));
    let entry = || {
        let entries = server.state.journal.after(0, &RequestFilter::default(), usize::MAX).entries;
        entries.into_iter().find(|entry| entry.fault.is_some())
    };
    let left = eventually("the request of the client that left", entry);
    assert!(left.client_left && left.to_string().ends_with("the client left"), "{left}");
    let mut waiting = asking(&server);
    assert_eq!(waiting.read().body, ID.1);
    let all = server.state.journal.after(left.number, &RequestFilter::default(), usize::MAX).entries;
    assert!(!all.is_empty() && all.iter().all(|entry| !entry.client_left), "{all:?}");
}

/// A request with a body is none of the usual ones.
#[test]
fn the_journal_says_it_of_an_unusual_request_too() {
    let server = faulty("latency = \"300ms\"", Limits::default());
    let path = ID.0;
    let unusual = format!("GET {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
    let mut waiting = Connection::new(server.address);
    waiting.send(unusual.clone());
    assert_eq!(waiting.read().body, ID.1);
    let mut leaving = Connection::new(server.address);
    leaving.send(unusual);
    drop(leaving);
    let entries = || {
        let entries = server.state.journal.after(0, &RequestFilter::default(), usize::MAX).entries;
        let late: Vec<bool> =
            entries.iter().filter(|entry| entry.fault.is_some()).map(|entry| entry.client_left).collect();
        (late.len() == 2).then_some(late)
    };
    assert_eq!(eventually("the request of the client that left", entries), [false, true]);
}

#[test]
fn the_journal_says_what_a_late_answer_shows() {
    let scenario = "[[event]]\nat = \"0s\"\nattach-interface = { private-ipv4s = [\"172.16.34.44\"] }\n\
                    propagation = { device-number = { after = \"1h\", meanwhile = \"0\" }, local-ipv4s = \"1h\" }\n";
    let server = InProcessServer::new(scenario, Limits::default());
    let macs = "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:12";
    let shown = |path: &str| {
        let mut client = Connection::new(server.address);
        client.send(get(path));
        let _ = client.read();
        let entries = server.state.journal.after(0, &RequestFilter::default(), usize::MAX).entries;
        let last = entries.into_iter().max_by_key(|entry| entry.number).expect("a request");
        assert_eq!(&*last.path, path);
        last.late.map(String::from)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(shown(&format!("{macs}/device-number")), text("a meanwhile value"));
    assert_eq!(shown(&format!("{macs}/local-ipv4s")), text("absent"));
    assert_eq!(shown(&format!("{macs}/mac")), None);
    assert_eq!(shown(ID.0), None);
}

#[test]
fn a_latency_lies_in_its_range_and_delays_a_reset_too() {
    let server = faulty("latency = { min = \"50ms\", max = \"150ms\" }\nreset = true", Limits::default());
    let start = Instant::now();
    assert_eq!(end(&server).1, Some(ErrorKind::ConnectionReset));
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_stops_answers_what_waits_and_closes_what_hangs() {
    let faults = "[[fault]]\npath = \"meta-data/instance-id\"\nlatency = \"4m\"\n\
                  [[fault]]\npath = \"meta-data/mac\"\nhang = true\n";
    let mut server = InProcessServer::new(faults, Limits::default());
    let mut late = asking(&server);
    let mut hanging = Connection::new(server.address);
    hanging.send(get("/latest/meta-data/mac"));
    eventually("two requests", || (server.state.requests() == 2).then_some(()));
    let drained = server.drain();
    assert_eq!(late.read().body, ID.1);
    assert_eq!(hanging.read().raw, "");
    assert_eq!(drained(), 0, "no connection was left");
}
