//! Sockets that linger, are full, were reset, or have something to read.

use std::io::{Read as _, Write as _};

use super::*;
use crate::model::Instance;

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
