//! What happens to connections when the server stops.

use std::net::TcpStream;

use support::{Connection, ID, InProcessServer, eventually, get, limits, put};

const KEEP_ALIVE: &str = "[http]\nkeep-alive = true\n";

fn refuses(server: &InProcessServer) {
    eventually("a refused connection", || TcpStream::connect(server.address).is_err().then_some(()));
}

#[test]
fn a_request_that_is_being_answered_finishes() {
    let mut server = InProcessServer::usual();
    let mut client = Connection::new(server.address);
    client.send(put("Content-Length: 10\r\n\r\n12345"));
    server.serves_the_next();
    let drained = server.drain();
    refuses(&server);
    let found = client.send("67890").read();
    assert_eq!((found.status, found.body.len()), (200, 56), "{found:?}");
    assert_eq!(drained(), 0, "no connection was left");
}

#[test]
fn a_client_that_connected_before_the_stop_may_still_ask() {
    let mut server = InProcessServer::usual();
    let mut client = Connection::new(server.address);
    // The next client's answer proves that this one was accepted before.
    server.serves_the_next();
    let drained = server.drain();
    refuses(&server);
    let found = client.send(get(ID.0)).read();
    assert_eq!((found.status, found.body.as_str()), (200, ID.1));
    assert_eq!(drained(), 0);
}

#[test]
fn kept_and_silent_connections_do_not_hold_up_the_stop() {
    let mut server = InProcessServer::new(KEEP_ALIVE, limits(|limits, short| limits.first_request = short));
    let mut kept = Connection::new(server.address);
    kept.send(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", ID.0)).read_until(ID.1);
    let mut silent = Connection::new(server.address);
    server.serves_the_next();
    assert_eq!(server.drain()(), 0, "no connection was left");
    assert_eq!(kept.read().raw, "");
    assert_eq!(silent.read().raw, "");
}

#[test]
fn a_request_that_does_not_finish_is_left_behind() {
    let mut server = InProcessServer::new("", limits(|limits, short| limits.drain = short));
    let mut client = Connection::new(server.address);
    client.send(put("Content-Length: 10\r\n\r\n12345"));
    server.serves_the_next();
    assert_eq!(server.drain()(), 1, "one connection was left");
}
