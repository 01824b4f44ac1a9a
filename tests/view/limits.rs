//! Who sends too much, too slowly or too often takes nothing from others.

use nix::sys::signal::Signal;
use support::{Connection, eventually};

use crate::viewed;

#[test]
fn a_body_that_is_too_large_is_refused() {
    let (_sandbox, _server, view) = viewed("");
    let bearer = view.bearer();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}\r\nContent-Type: application/json\r\n\
         Content-Length: 5000000\r\n\r\n"
    );
    let mut connection = Connection::new(view.process.address);
    // One byte more than is accepted, and nothing behind it: who goes on sending may lose the answer.
    connection.send(head).send(vec![b' '; (4 << 20) + 1]);
    assert_eq!(connection.read_until("\r\n\r\n").status, 413);
    assert_eq!(view.api("GET", "/v1/status", "").status, 200, "others are answered");
}

#[test]
fn connections_that_send_nothing_make_room_again() {
    let (_sandbox, _server, view) = viewed("");
    // More than there is room for.
    let idle: Vec<Connection> = (0..140).map(|_| Connection::new(view.process.address)).collect();
    eventually("an answer beside idle connections", || {
        (view.api("GET", "/v1/status", "").status == 200).then_some(())
    });
    drop(idle);
}

#[test]
fn a_head_is_bounded() {
    let (_sandbox, _server, view) = viewed("");
    let mut connection = Connection::new(view.process.address);
    let begin = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ";
    connection.send(begin).send(vec![b'x'; (16 << 10) - begin.len()]);
    assert_eq!(connection.read_until("\r\n\r\n").status, 431);
}

#[test]
fn streams_have_a_number_and_give_their_place_back() {
    let (_sandbox, _server, view) = viewed("");
    let request = format!("GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n\r\n", view.bearer());
    let open = || {
        let mut stream = Connection::new(view.process.address);
        let status = stream.send(&request).read_until("\r\n\r\n").status;
        (stream, status)
    };
    let mut streams: Vec<(Connection, u16)> = (0..16).map(|_| open()).collect();
    assert!(streams.iter().all(|(_, status)| *status == 200));
    let mut more = Connection::new(view.process.address);
    let refused = more.send(&request).read_until("\r\n\r\n");
    assert!(refused.status == 503 && refused.raw.contains("retry-after: 1\r\n"), "{refused:?}");
    streams.pop();
    eventually("a place for another stream", || (open().1 == 200).then_some(()));
}

/// The server answers nothing, so that each keeps its place.
#[test]
fn scrapes_without_a_token_take_no_place_of_those_with_one() {
    let (_sandbox, server, view) = viewed("");
    server.signal(Signal::SIGSTOP);
    let mut scrapes: Vec<Connection> = (0..20).map(|_| Connection::new(view.process.address)).collect();
    for scraper in &mut scrapes {
        scraper.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    }
    let mut refused = vec![scrapes.pop().expect("there are some").read_until("\r\n\r\n").status];
    server.signal(Signal::SIGCONT);
    refused.extend(scrapes.iter_mut().map(|scraper| scraper.read_until("\r\n\r\n").status));
    refused.retain(|status| *status == 503);
    // Those that hold a place are answered now. With the room of 12 that questions have, 8 would be refused.
    assert!(refused.len() > 12, "expected room for 4 of 20, found {} refused", refused.len());
}

/// A browser, or a script, that waits for more than there is room for.
#[test]
fn those_that_wait_for_requests_keep_nobody_out() {
    let (sandbox, _server, view) = viewed("");
    let request = format!(
        "GET /api/v1/requests?since=0&wait=60 HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n\r\n",
        view.bearer()
    );
    let mut waiting: Vec<Connection> = (0..140).map(|_| Connection::new(view.process.address)).collect();
    for connection in &mut waiting {
        connection.send(&request);
    }
    let refused = waiting.last_mut().expect("there are some").read_until("\r\n\r\n");
    assert!(refused.status == 503 && refused.raw.contains("retry-after: 1\r\n"), "{refused:?}");
    // Beside those that still wait, also for commands of the same user.
    assert_eq!(sandbox.control(&["wait", "**", "--within", "10ms"]).code, Some(1), "a command that waits");
    assert_eq!(view.api("GET", "/v1/status", "").status, 200, "a question");
    assert_eq!(view.api("POST", "/v1/events", r#"{"rebalance-recommendation": {}}"#).status, 200, "an order");
    assert_eq!(view.ask("GET /", &[], "").status, 200, "the page");
    drop(waiting);
    eventually("room for one that waits", || {
        let found = view.api("GET", "/v1/requests?wait=0", "");
        (found.status == 200).then_some(())
    });
}
