//! Connections that hyper serves, how they go back to the fast path, and how they end.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use mock_imds::server::Limits;
use support::{Connection, DEADLINE, ID, InProcessServer, get, limits, put};

const RERUN: &str = "rerun: cargo test --test server hyper";
const KEEP_ALIVE: &str = "[http]\nkeep-alive = true\n";

/// A request that the fast path answers, and, after an empty line, hyper.
fn usual(more: &str) -> String {
    format!("GET {} HTTP/1.1\r\nHost: x\r\n{more}\r\n", ID.0)
}

/// The HTTP state is given up as soon as there is nothing to answer.
fn impatient() -> Limits {
    limits(|limits, _| limits.keep_http = Duration::ZERO)
}

#[test]
fn a_connection_goes_on_after_hyper_with_what_has_come() {
    let server = InProcessServer::new(KEEP_ALIVE, impatient());
    let next = usual("");
    for cut in [0, 1, 20, next.len() - 1] {
        let mut connection = Connection::new(server.address);
        for turn in 0..3 {
            connection.send(format!("\r\n{}{}", usual(""), &next[..cut]));
            let found = connection.read_until(ID.1).status;
            assert_eq!(found, 200, "by hyper, turn {turn}\n{RERUN}");
            // So that the server finds it idle.
            server.serves_the_next();
            let found = connection.send(&next[cut..]).read_until(ID.1).status;
            assert_eq!(found, 200, "after it, turn {turn}, {cut} bytes before\n{RERUN}");
        }
    }
}

#[test]
fn a_request_in_progress_is_not_given_up() {
    let late = "[http]\nkeep-alive = true\n[[fault]]\npath = \"/latest/meta-data/mac\"\nlatency = \"50ms\"\n";
    let server = InProcessServer::new(late, impatient());
    let mut connection = Connection::new(server.address);
    connection.send(put("Content-Length: 10\r\n\r\n12345"));
    server.serves_the_next();
    server.serves_the_next();
    assert_eq!(connection.send("67890").read_until("==").status, 200, "a body in two parts\n{RERUN}");
    connection.send("\r\nGET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(connection.read_until("\r\n\r\n").status, 200, "a reply that is late\n{RERUN}");
}

/// The body may be as long as it says: the reply waits for no more than is read of it.
#[test]
fn a_long_body_is_not_waited_for() {
    let limits = limits(|limits, _| (limits.body, limits.body_bytes) = (DEADLINE * 10, 1_000));
    let server = InProcessServer::new(KEEP_ALIVE, limits);
    let mut connection = Connection::new(server.address);
    connection.send(put("Content-Length: 1000000\r\n\r\n"));
    for part in [500, 400, 101] {
        // In parts, each of which the server reads by itself.
        server.serves_the_next();
        connection.send("a".repeat(part));
    }
    assert_eq!(connection.read_until("==").status, 200, "after 1,001 bytes\n{RERUN}");
}

/// It is read to its end, and the connection goes on.
#[test]
fn a_body_may_be_as_long_as_is_read() {
    let limits = limits(|limits, _| limits.body_bytes = 1_000);
    let server = InProcessServer::new(KEEP_ALIVE, limits);
    let mut connection = Connection::new(server.address);
    for turn in 0..2 {
        connection.send(put("Content-Length: 1000\r\n\r\n")).send("a".repeat(1_000));
        assert_eq!(connection.read_until("==").status, 200, "turn {turn}\n{RERUN}");
    }
}

/// With its age a connection takes no further request; what is being answered has the grace.
#[test]
fn a_late_reply_has_the_grace_and_not_more() {
    let late = "[[fault]]\npath = \"/latest/meta-data/mac\"\nlatency = \"4m\"\n\
                [[fault]]\npath = \"/latest/meta-data/instance-id\"\nlatency = \"600ms\"\n";
    let hyper = |path: &str| format!("\r\n{}", get(path));
    let ages = limits(|limits, short| (limits.lifetime, limits.grace) = (short, DEADLINE));
    let server = InProcessServer::new(late, ages);
    assert_eq!(server.exchange(hyper(ID.0)).body, ID.1, "within the grace\n{RERUN}");
    let ages = limits(|limits, short| (limits.lifetime, limits.grace) = (short, short));
    let server = InProcessServer::new(late, ages);
    let found = server.exchange(hyper("/latest/meta-data/mac"));
    assert_eq!(found.raw, "", "beyond it\n{RERUN}");
}

/// Whether a server that has sent its end still takes what its client sends. `end` is that of the reply.
fn takes_more(server: &InProcessServer, request: &[u8], end: &str) -> bool {
    let mut stream = TcpStream::connect(server.address).expect("it accepts");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream.write_all(request).expect("it reads");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("no reset takes the reply away");
    let text = String::from_utf8_lossy(&reply);
    assert!(text.ends_with(end), "{text}\n{RERUN}");
    // A socket that is closed answers the first with a reset, and then there is none.
    (0..20).all(|_| {
        server.serves_the_next();
        stream.write_all(b"x").is_ok()
    })
}

#[test]
fn a_connection_lingers_only_if_more_was_sent() {
    let lingers = limits(|limits, _| limits.linger = DEADLINE * 10);
    let mut server = InProcessServer::new(KEEP_ALIVE, lingers);
    let request = usual("Connection: close\r\n");
    // As long as what the fast path reads at once.
    let padding = "a".repeat(8_192 - request.len() - "X: \r\n".len());
    let long = usual(&format!("Connection: close\r\nX: {padding}\r\n"));
    assert_eq!(long.len(), 8_192);
    let long_by_hyper = format!("\r\n{}", long.replacen("aa", "", 1));
    for (request, expected) in [
        (request.clone(), false),
        (format!("{request}more"), true),
        (format!("{long}more"), true),
        (format!("{long_by_hyper}more"), true),
        (format!("\r\n{request}"), false),
        (format!("\r\n{request}more"), true),
    ] {
        let found = takes_more(&server, request.as_bytes(), ID.1);
        assert_eq!(found, expected, "after {} bytes: {:?}\n{RERUN}", request.len(), &request[..20]);
    }
    assert_eq!(server.drain()(), 0, "connections that linger though their clients have left\n{RERUN}");
}

/// Of a longer one the rest may be on its way.
#[test]
fn a_connection_does_not_linger_after_a_body_that_was_read() {
    let limits = limits(|limits, _| (limits.body_bytes, limits.linger) = (1_000, DEADLINE * 10));
    let server = InProcessServer::new("", limits);
    for (length, expected) in [(1_000, false), (1_001, true)] {
        let head = put(&format!("Connection: close\r\nContent-Length: {length}\r\n\r\n"));
        let found = takes_more(&server, format!("{head}{}", "a".repeat(length)).as_bytes(), "==");
        assert_eq!(found, expected, "after a body of {length} bytes\n{RERUN}");
    }
}

#[test]
fn a_reply_that_is_late_holds_up_those_after_it_and_no_longer() {
    let late = "[http]\nkeep-alive = true\n[[fault]]\npath = \"/latest/meta-data/mac\"\nlatency = \"1ms\"\n";
    let server = InProcessServer::new(late, Limits::default());
    let mac = "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut connection = Connection::new(server.address);
    for turn in 0..3 {
        let found = connection.send(format!("{mac}{}", usual(""))).read_until(ID.1).raw;
        assert_eq!(found.matches("HTTP/1.1 200").count(), 2, "turn {turn}: {found}\n{RERUN}");
    }
}

/// Replies come back by 40 KB, which are written at once, until nothing more is taken.
#[test]
fn a_client_that_reads_late_gets_each_reply() {
    const COUNT: usize = 400;
    let scenario = format!("{KEEP_ALIVE}[instance]\nuser-data = \"{}\"\n", "u".repeat(10_000));
    let server = InProcessServer::new(&scenario, Limits::default());
    let head = "GET /latest/user-data HTTP/1.1\r\nHost: x\r\nX: ";
    let request = format!("{head}{}\r\n\r\n", "a".repeat(2_000 - head.len()));
    let all = request.repeat(COUNT).into_bytes();
    let mut stream = TcpStream::connect(server.address).expect("it accepts");
    stream.set_nonblocking(true).expect("a socket");
    let (mut sent, mut stalled) = (0, 0);
    while sent < all.len() && stalled < 10 {
        match stream.write(&all[sent..]) {
            Ok(count) => (sent, stalled) = (sent + count, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                stalled += 1;
                server.serves_the_next();
            }
            Err(error) => panic!("after {sent} bytes: {error}\n{RERUN}"),
        }
    }
    stream.set_nonblocking(false).expect("a socket");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    let mut rest = stream.try_clone().expect("a socket");
    let replies = std::thread::scope(|scope| {
        scope.spawn(|| {
            rest.write_all(&all[sent..]).expect("the server reads");
            rest.shutdown(Shutdown::Write).expect("it is open");
        });
        let mut replies = Vec::new();
        stream.read_to_end(&mut replies).expect("each reply");
        replies
    });
    let text = String::from_utf8(replies).expect("text");
    let found = (text.matches("HTTP/1.1 200 OK").count(), text.matches(&"u".repeat(10_000)).count());
    assert_eq!(found, (COUNT, COUNT), "replies and bodies, the first after {sent} bytes\n{RERUN}");
}
