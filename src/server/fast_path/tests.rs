//! The fast path, a step at a time.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream as StdStream};
use std::time::Duration;

use http::StatusCode;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::body::Bytes;
use tokio::runtime::Handle;

use super::*;
use crate::imds::DeliveryEnd;
use crate::model::{Http, Instance, Scenario, Service};
use crate::server::connection::http_builder;
use crate::server::limits::Limits;
use crate::server::table::Slot;
use crate::server::tests::{PEER, connection, service};

const REQUEST: &[u8] = b"GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n";
const LAST_REQUEST: &[u8] = b"GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const OTHER_REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Connections here take several requests.
fn shared() -> Shared {
    let limits = Limits::default();
    let http = Http { keep_alive: true, ..Http::default() };
    let builder = http_builder(&limits);
    let service = service(Scenario { http, ..Scenario::default() });
    Shared::new(service, limits, builder, Handle::current().into())
}

/// Does something with the fast path of a connection by this way.
fn with_path(ingress: Ingress, act: impl FnOnce(&mut FastPath<'_>)) {
    let (shared, connection) = (shared(), connection(ingress));
    act(&mut FastPath::new(&shared, &connection, Instant::now() + Duration::from_hours(1)));
}

fn connected() -> (StdStream, StdStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let client = StdStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    (client, listener.accept().expect("a client").0)
}

fn name(next: &Next<'_>) -> &'static str {
    match next {
        Next::Read => "read",
        Next::Deliver(_) => "deliver",
        Next::Close => "close",
        Next::Linger => "linger",
        Next::Hyper => "hyper",
    }
}

/// The beginning of a head, this long.
fn part(length: usize) -> Vec<u8> {
    let begin = b"GET /latest/meta-data/mac HTTP/1.1\r\nX: ";
    let mut part = begin[..begin.len().min(length)].to_vec();
    part.resize(length, b'a');
    part
}

// === Requests ===

#[tokio::test]
async fn what_comes_is_answered_up_to_what_is_not_usual() {
    let one = REQUEST.len();
    for (received, answered, next, replies) in [
        (vec![], 0, "read", 0),
        (REQUEST.to_vec(), one, "read", 1),
        ([REQUEST, REQUEST].concat(), 2 * one, "read", 2),
        ([REQUEST, &part(9)].concat(), one, "read", 1),
        ([REQUEST, LAST_REQUEST, REQUEST].concat(), one + LAST_REQUEST.len(), "close", 2),
        ([REQUEST, OTHER_REQUEST].concat(), one, "hyper", 1),
        (OTHER_REQUEST[..20].to_vec(), 0, "read", 0),
        // A head that fills the buffer may still come to its end: for hyper.
        (part(READ_BYTES - 1), 0, "read", 0),
        (part(READ_BYTES), 0, "hyper", 0),
        ([REQUEST, &part(READ_BYTES - one)].concat(), one, "read", 1),
        ([REQUEST, &part(READ_BYTES - 2 * one)].concat(), one, "read", 1),
    ] {
        with_path(Ingress::Host, |path| {
            let mut written = Vec::new();
            let (count, found) = path.answer_all(&received, &mut written);
            let text = String::from_utf8_lossy(&written);
            let what = String::from_utf8_lossy(&received[..received.len().min(200)]);
            assert_eq!((count, name(&found)), (answered, next), "{} bytes: {what}", received.len());
            assert_eq!(text.matches("HTTP/1.1 200 OK").count(), replies, "{what}: {text}");
            assert_eq!(path.connection.requests(), replies, "{what}");
        });
    }
}

/// Others, which may change something or have another head, are hyper's.
#[tokio::test]
async fn of_requests_for_containers_each_get_is_answered() {
    let (ecs, pods, imds) = (Some(Service::Ecs), Some(Service::PodIdentity), Some(Service::Imds));
    let shared = shared();
    for (only, request, next) in [
        (ecs, "GET /v2/metadata", "read"),
        (ecs, "GET /v2/credentials/0", "read"),
        (ecs, "GET //v2", "read"),
        (ecs, "HEAD /v2/metadata", "hyper"),
        (ecs, "PUT /api/0/task-protection/v1/state", "hyper"),
        (pods, "GET /v1/credentials", "read"),
        (pods, "PUT /v1/credentials", "hyper"),
        (imds, "PUT /v1/credentials", "read"),
        // The scenario has no table of either.
        (None, "HEAD /v2/metadata", "read"),
    ] {
        let connection = ConnectionState::new(PEER, Ingress::Bridge, Slot::unlisted()).reaching(only, None);
        let mut path = FastPath::new(&shared, &connection, Instant::now() + Duration::from_hours(1));
        let (mut replies, received) = (Vec::new(), format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let (answered, found) = path.answer_all(received.as_bytes(), &mut replies);
        let expected = if next == "read" { received.len() } else { 0 };
        assert_eq!((name(&found), answered), (next, expected), "{request} at {only:?}");
        assert_eq!(replies.is_empty(), next == "hyper", "{request} at {only:?}");
    }
}

#[tokio::test]
async fn so_many_bytes_of_replies_are_gathered() {
    for (gathered, received, next, unparsed) in [
        (WRITE_BYTES, REQUEST.to_vec(), "read", false),
        (WRITE_BYTES + 1, REQUEST.to_vec(), "deliver", false),
        // What follows is to be answered after that.
        (WRITE_BYTES + 1, [REQUEST, REQUEST].concat(), "deliver", true),
        (WRITE_BYTES, [REQUEST, REQUEST].concat(), "deliver", false),
    ] {
        with_path(Ingress::Host, |path| {
            let mut written = vec![0; gathered];
            let found = path.answer_received(&received, &mut written);
            assert_eq!(name(&found), next, "{gathered} bytes before {} of requests", received.len());
            assert_eq!((path.unparsed, !path.received.is_empty()), (unparsed, unparsed), "{gathered}");
        });
    }
}

#[tokio::test]
async fn a_short_reply_with_the_usual_hop_limit_goes_out_at_once() {
    let reply = |length: usize, hop_limit, delivery| Reply {
        version: Version::HTTP_11,
        status: StatusCode::OK,
        reason: None,
        headers: vec![],
        body: Bytes::from(vec![0; length]),
        hop_limit,
        delivery,
        fault: None,
        refusal: None,
        invalid_token: false,
        late: None,
    };
    let whole = Delivery::default();
    let late = Delivery { delay: Duration::from_millis(1), ..whole };
    let reset = Delivery { end: DeliveryEnd::Reset, ..whole };
    for (ingress, length, hop_limit, delivery, expected) in [
        (Ingress::Host, 0, None, whole, true),
        (Ingress::Bridge, GATHERED_BODY_BYTES, None, whole, true),
        (Ingress::Host, GATHERED_BODY_BYTES + 1, None, whole, false),
        (Ingress::Host, 0, Some(2), whole, true),
        (Ingress::Bridge, 0, Some(2), whole, false),
        (Ingress::Host, 0, None, late, false),
        (Ingress::Host, 0, None, reset, false),
    ] {
        with_path(ingress, |path| {
            let reply = reply(length, hop_limit, delivery);
            let what = format!("{ingress:?}, {length} bytes, {hop_limit:?}, {delivery:?}");
            assert_eq!(path.is_immediate(&reply), expected, "{what}");
            // The socket still has the hop limit of the reply before.
            path.connection.set_hop_limit(Some(3));
            assert!(!path.is_immediate(&reply), "{what}");
        });
    }
}

#[test]
fn a_reply_says_that_the_connection_closes_by_its_header_alone() {
    for (header, value, expected) in [
        (CONNECTION, "close", true),
        (CONNECTION, "keep-alive", false),
        (CONTENT_TYPE, "close", false),
        (HeaderName::from_static("x-other"), "other", false),
    ] {
        let reply = Reply {
            version: Version::HTTP_11,
            status: StatusCode::OK,
            reason: None,
            headers: vec![(header.clone(), HeaderValue::from_static(value))],
            body: Bytes::new(),
            hop_limit: None,
            delivery: Delivery::default(),
            fault: None,
            refusal: None,
            invalid_token: false,
            late: None,
        };
        assert_eq!(write::closes(&reply), expected, "{header}: {value}");
    }
}

// === Between requests ===

#[tokio::test]
async fn a_connection_that_hyper_gives_back_goes_on_with_what_has_come() {
    for received in [&b""[..], b"GET /la"] {
        with_path(Ingress::Host, |path| {
            path.resume(received.to_vec());
            assert_eq!((path.received.as_slice(), path.unparsed), (received, !received.is_empty()));
            // Its last reply went out before it was found idle.
            assert!(path.active.elapsed() >= path.shared.limits.keep_http, "{:?}", path.active.elapsed());
            assert!(
                path.active <= path.connection.replied_at(),
                "its time for a head begins with its last reply"
            );
        });
    }
}

#[tokio::test]
async fn an_idle_connection_keeps_little_of_its_last_request() {
    for (capacity, kept) in [(KEPT_BYTES, KEPT_BYTES), (KEPT_BYTES + 1, 0)] {
        with_path(Ingress::Host, |path| {
            path.received = Vec::with_capacity(capacity);
            assert_eq!(path.received.capacity(), capacity, "before");
            path.connection.slot.enter(ConnectionStage::Answering, 0);
            path.wait();
            assert_eq!(path.received.capacity(), kept);
            assert_eq!(path.connection.slot.stage(), ConnectionStage::Idle);
        });
    }
    with_path(Ingress::Host, |path| {
        path.received = b"GET".to_vec();
        path.wait();
        assert_eq!(path.received, b"GET", "a part of the next request");
        assert_eq!(path.connection.slot.stage(), ConnectionStage::Head);
    });
}

#[tokio::test]
async fn the_table_has_the_age_of_the_last_request_more_or_less() {
    with_path(Ingress::Host, |path| {
        let (begin, half) = (path.idle_since, path.shared.limits.fresh / 2);
        for (active, moves) in [(half, false), (half + Duration::from_nanos(1), true)] {
            path.active = begin + active;
            path.wait();
            assert_eq!(path.idle_since, if moves { path.active } else { begin }, "after {active:?}");
        }
    });
}

#[test]
fn headers_are_remembered_unless_they_are_long() {
    let head = |length: usize| format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(length - 7));
    for (length, limit, kept) in [(1_024, 1_024, 1), (1_025, 1_024, 0), (10, 9, 0), (10, 0, 0), (10, 10, 1)] {
        let mut last = LastHeaders::default();
        let head = head(length);
        let found = last.parse(head.as_bytes());
        assert!(matches!(found, Parsed::Request(_)), "{length} bytes: {found:?}");
        last.forget_beyond(limit);
        assert_eq!(last.headers().len(), kept, "{length} bytes, {limit} may be kept");
    }
}

// === Sockets ===

#[tokio::test]
async fn a_connection_lingers_if_its_client_has_sent_more() {
    with_path(Ingress::Host, |path| {
        let (mut client, server) = connected();
        assert!(!has_unread(&server));
        assert!(path.close(&server) == ConnectionEnd::Close);
        path.received = b"more".to_vec();
        assert!(path.close(&server) == ConnectionEnd::Linger, "it was read");
        path.received.clear();
        client.write_all(b"more").expect("it is open");
        assert!(path.close(&server) == ConnectionEnd::Linger, "it is in the socket");
        client.write_all(b"more").expect("it is open");
        assert!(has_unread(&server));
        drop(client);
        assert!(!has_unread(&server), "the end is nothing more");
    });
}

#[test]
fn a_socket_takes_what_it_has_room_for_and_nobody_waits() {
    let (_client, server) = connected();
    let bytes = vec![0; 64 << 20];
    let written = socket::send_now(&server, &bytes).expect("it is open");
    assert!((1..bytes.len()).contains(&written), "{written}");
    assert_eq!(socket::send_now(&server, &[]).expect("nothing is sent"), 0);
}

/// The last of them closes, and the socket does not take them all.
#[tokio::test]
async fn what_is_left_of_the_last_reply_is_written_later() {
    let limits = Limits::default();
    let http = Http { keep_alive: true, ..Http::default() };
    let instance = Instance { user_data: Some(vec![b'u'; 10_000]), ..Instance::default() };
    let builder = http_builder(&limits);
    let service = service(Scenario { instance, http, ..Scenario::default() });
    let shared = Shared::new(service, limits, builder, Handle::current().into());
    let connection = connection(Ingress::Host);
    let mut path = FastPath::new(&shared, &connection, Instant::now() + Duration::from_hours(1));
    let (mut client, server) = connected();
    nix::sys::socket::setsockopt(&server, nix::sys::socket::sockopt::SndBuf, &4_096).expect("a socket");
    nix::sys::socket::setsockopt(&client, nix::sys::socket::sockopt::RcvBuf, &4_096).expect("a socket");
    let request = b"GET /latest/user-data HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(&[&request.repeat(5), LAST_REQUEST].concat()).expect("it is open");
    assert!(!path.serve_at_once(&server), "it is not over");
    let round = path.first_round.as_ref().expect("something is left");
    assert_eq!((name(&round.next), round.unwritten.is_empty()), ("close", false));
}

/// It would be tried for ever.
#[tokio::test]
async fn a_connection_that_was_reset_takes_nothing() {
    let (client, server) = connected();
    server.set_nonblocking(true).expect("a socket");
    let server = TcpStream::from_std(server).expect("a socket");
    nix::sys::socket::setsockopt(
        &client,
        nix::sys::socket::sockopt::Linger,
        &libc::linger { l_onoff: 1, l_linger: 0 },
    )
    .expect("a socket");
    drop(client);
    for _ in 0..100 {
        server.writable().await.expect("it is open");
        if try_write(&server, b"x").is_err() {
            return;
        }
    }
    panic!("expected an error, found a hundred writes without one");
}

/// As the socket of a listener does, it blocks.
#[tokio::test]
async fn a_request_that_has_come_is_answered_at_once() {
    for (sent, is_over, then, replies) in [
        (vec![], false, None, 0),
        (LAST_REQUEST.to_vec(), true, None, 1),
        ([LAST_REQUEST, b"more"].concat(), false, Some("linger"), 1),
        (REQUEST.to_vec(), false, Some("read"), 1),
        (OTHER_REQUEST.to_vec(), false, Some("hyper"), 0),
    ] {
        let (mut client, server) = connected();
        client.write_all(&sent).expect("it is open");
        with_path(Ingress::Host, |path| {
            let what = String::from_utf8_lossy(&sent).into_owned();
            assert_eq!(path.serve_at_once(&server), is_over, "{what:?}");
            let first = path.first_round.as_ref();
            assert_eq!(first.map(|round| name(&round.next)), then, "{what:?}");
            assert!(first.is_none_or(|round| round.unwritten.is_empty()), "{what:?}");
        });
        drop(server);
        let mut reply = Vec::new();
        // A reset, where it has left something unread.
        let _ = client.read_to_end(&mut reply);
        if replies > 0 {
            assert!(reply.starts_with(b"HTTP/1.1 200 OK\r\n"), "{:?}", String::from_utf8_lossy(&reply));
        } else {
            assert_eq!(reply, b"");
        }
    }
}

#[test]
fn who_sends_more_has_not_left_and_loses_nothing() {
    let (mut client, mut socket) = connected();
    client.write_all(b"GET").expect("it is open");
    let mut bytes = [0; 3];
    // Waits for it.
    socket.peek(&mut bytes).expect("it is open");
    socket.set_nonblocking(true).expect("a socket");
    assert!(!has_left(&socket));
    socket.read_exact(&mut bytes).expect("all of it is there");
    assert_eq!(&bytes, b"GET");
    assert!(!has_left(&socket), "nothing more has come");
    socket.set_nonblocking(false).expect("a socket");
    drop(client);
    assert_eq!(socket.peek(&mut bytes).expect("its end"), 0);
    assert!(has_left(&socket));
}
