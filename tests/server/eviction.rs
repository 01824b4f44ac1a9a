//! Who goes when there are more connections than places. The limits are small, and nothing waits for a time-out.

use std::io::{ErrorKind, Read as _, Write as _, copy, sink};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use mock_imds::model::Service;
use mock_imds::server::Limits;
use support::{Connection, DEADLINE, ID, InProcessServer, eventually, get, limits, put};
use tokio::runtime::Builder;

use crate::faulty::{PATIENCE, connect, faulty, rest, serves_others};

const KEEP_ALIVE: &str = "[http]\nkeep-alive = true\n";

/// Places for so many; whoever waits is not fresh.
fn places(connections: usize) -> Limits {
    limits(|limits, _| (limits.connections, limits.fresh) = (connections, Duration::ZERO))
}

fn kept_alive() -> String {
    format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", ID.0)
}

/// A server that looks at its connections in the order in which they come.
fn in_order(scenario: &str, limits: Limits) -> InProcessServer {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    InProcessServer::on(runtime, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), scenario, limits)
}

/// After the second answer such a server has looked at all that came before the first.
fn settle(server: &InProcessServer) {
    server.serves_the_next();
    server.serves_the_next();
}

/// A value that is longer than what a connection takes that does not read.
fn long_value() -> String {
    format!("{KEEP_ALIVE}[metadata]\n\"meta-data/long\" = \"{}\"\n", "x".repeat(900_000))
}

fn with_long_value(limits: Limits) -> InProcessServer {
    InProcessServer::new(&long_value(), limits)
}

/// A client that asks for much and does not read.
fn non_reader(server: &InProcessServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).expect("the server accepts");
    stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
    let request = "GET /latest/meta-data/long HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request.repeat(20).as_bytes()).expect("the server reads");
    // The server has begun to write, so it has read.
    stream.read_exact(&mut [0; 9]).expect("the beginning of an answer");
    stream
}

/// Whether the server has disconnected a client; waits for a while if not.
fn is_over(mut client: TcpStream) -> bool {
    client.set_read_timeout(Some(PATIENCE)).expect("the time-out is not zero");
    // What it has not read comes first.
    let end = copy(&mut client, &mut sink());
    !end.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn the_oldest_idle_one_goes_for_the_next() {
    let server = in_order("", places(4));
    let idle: Vec<TcpStream> = (0..3).map(|_| connect(&server, "")).collect();
    settle(&server);
    let last = connect(&server, "");
    server.serves_the_next();
    let ended: Vec<bool> = idle.into_iter().chain([last]).map(is_over).collect();
    assert_eq!(ended, [true, false, false, false]);
}

#[test]
fn whatever_the_others_do_the_next_is_served() {
    let parts = [
        ("nothing", String::new()),
        ("a part of a head", "GET / HT".to_owned()),
        ("an empty line", "\r\n".to_owned()),
        ("a part of a body", put("Content-Length: 10\r\n\r\n12345")),
        ("a whole request, kept alive", kept_alive()),
        ("a part of the second head", kept_alive() + "GET / HT"),
        ("a part of the second body", kept_alive() + &put("Content-Length: 10\r\n\r\n12345")),
        ("more than is read", put(&format!("Content-Length: 1000000\r\n\r\n{}", "x".repeat(100_000)))),
    ];
    for (what, part) in parts {
        let server = InProcessServer::new(KEEP_ALIVE, places(8));
        let crowd: Vec<Connection> = (0..40)
            .map(|_| {
                let mut client = Connection::new(server.address);
                client.try_send(&part);
                client
            })
            .collect();
        for _ in 0..20 {
            let found = server.exchange(get(ID.0));
            assert_eq!(found.body, ID.1, "beside 40 clients at 8 places that sent {what}");
        }
        drop(crowd);
    }
}

#[test]
fn who_does_not_read_keeps_nobody_out() {
    let server = with_long_value(places(4));
    let crowd: Vec<TcpStream> = (0..12).map(|_| non_reader(&server)).collect();
    for _ in 0..20 {
        server.serves_the_next();
    }
    drop(crowd);
}

#[test]
fn idle_goes_before_a_part_of_a_head_and_that_before_who_does_not_read() {
    let server = in_order(&long_value(), places(4));
    let blocked = non_reader(&server);
    let head = connect(&server, "GET / HT");
    let idle = connect(&server, "");
    settle(&server);
    // It takes the last place, and the next ones one each.
    let second = non_reader(&server);
    server.serves_the_next();
    assert!(is_over(idle), "the idle one is disconnected first");
    let third = non_reader(&server);
    server.serves_the_next();
    assert!(is_over(head), "then the part of a head");
    let others = [blocked, second, third].map(|client| !is_over(client));
    assert_eq!(others, [true; 3], "who does not read is still there, and reads on");
}

#[test]
fn who_does_not_read_is_disconnected_in_time() {
    let server = with_long_value(limits(|limits, short| limits.write = short));
    let client = non_reader(&server);
    eventually("a reset", || {
        // Nothing is read, so only a reset shows.
        client
            .take_error()
            .expect("the socket is there")
            .filter(|error| error.kind() == ErrorKind::ConnectionReset)
    });
    server.serves_the_next();
}

#[test]
fn what_many_hold_together_is_bounded() {
    // Enough for one that does not read, not for two.
    let server = with_long_value(limits(|limits, _| limits.bytes = 1_500_000));
    let clients = [non_reader(&server), non_reader(&server)];
    server.serves_the_next();
    assert_eq!(clients.map(is_over).iter().filter(|over| **over).count(), 1, "one goes for the other");
}

/// HTTP on a connection takes 16 KiB, and a body that is kept may take 4 KiB: one that the reply may depend on.
#[test]
fn a_body_that_is_kept_counts_with_what_it_may_take() {
    let (kept, unused) = ("PUT /api/x/task-protection/v1/state", "POST /v2/metadata");
    for (line, bytes, is_answered) in [
        (kept, 20 * 1024, true),
        (kept, 20 * 1024 - 1, false),
        (unused, 16 * 1024, true),
        (unused, 16 * 1024 - 1, false),
    ] {
        let server = InProcessServer::of(Service::Ecs, "", limits(|limits, _| limits.bytes = bytes));
        let mut client = Connection::new(server.address);
        client
            .send(format!("{line} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
        // The server waits for the body.
        let _ = client.try_read_until("100 Continue\r\n\r\n");
        let found = client.try_send("[]").try_read_until("\r\n\r\n");
        assert_eq!(found.is_ok(), is_answered, "{line} with room for {bytes} bytes: {found:?}");
    }
}

#[test]
fn an_idle_kept_connection_still_answers_when_its_http_state_is_gone() {
    let server = InProcessServer::new(KEEP_ALIVE, limits(|limits, _| limits.keep_http = Duration::ZERO));
    let mut client = Connection::new(server.address);
    let request = kept_alive();
    for round in 1..=request.len() {
        let (begin, end) = request.split_at(round - 1);
        client.send(begin);
        // Time for the server to have that part and nothing else.
        server.serves_the_next();
        assert_eq!(client.send(end).read_until(ID.1).status, 200, "after {begin:?}");
    }
}

#[test]
fn the_oldest_goes_when_faults_hold_up_too_many() {
    for fault in ["hang = true", "latency = \"1m\""] {
        let server = faulty(fault, limits(|limits, _| limits.parked = 2));
        let mut clients = Vec::new();
        for count in [1, 3, 5] {
            clients.push(connect(&server, &get(ID.0)));
            eventually("its request", || (server.state.requests() == count).then_some(()));
            serves_others(&server);
        }
        let ends: Vec<_> = clients.into_iter().map(|mut client| rest(&mut client).1).collect();
        assert_eq!(ends, [None, Some(ErrorKind::WouldBlock), Some(ErrorKind::WouldBlock)], "{fault}");
    }
}
