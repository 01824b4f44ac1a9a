//! The stages in which a connection is while hyper has it.

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::{PEER, connection};
use crate::imds::Ingress;
use crate::server::limits::Limits;
use crate::server::stage::ConnectionStage;
use crate::server::state::ConnectionState;
use crate::server::table::ConnectionTable;
use crate::server::wire::{HTTP_BYTES, Wire};

async fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
    (client, listener.accept().await.expect("a client").0)
}

/// Reads, though nothing has come.
async fn reads_nothing(wire: &mut Wire) {
    let mut bytes = [0; 16];
    let outcome = poll_fn(|context| {
        Poll::Ready(Pin::new(&mut *wire).poll_read(context, &mut ReadBuf::new(&mut bytes)))
    });
    assert!(outcome.await.is_pending(), "nothing was sent");
}

#[tokio::test]
async fn who_waits_for_the_next_request_is_idle_until_a_part_of_it_comes() {
    use ConnectionStage::{Answering, Blocked, Delayed, Head, KeptAlive};
    for answered in [Answering, Blocked] {
        let (mut client, stream) = connected().await;
        let connection = connection(Ingress::Host);
        let mut wire = Wire::new(stream, Arc::clone(&connection), Bytes::new(), Duration::MAX);
        connection.slot.enter(answered, 0);
        for _ in 0..2 {
            reads_nothing(&mut wire).await;
            assert_eq!(connection.slot.stage(), KeptAlive, "after {answered:?}");
        }
        client.write_all(b"G").await.expect("it is open");
        assert_eq!(wire.read_u8().await.expect("it was sent"), b'G');
        assert_eq!(connection.slot.stage(), KeptAlive, "before more is wanted");
        reads_nothing(&mut wire).await;
        assert_eq!(connection.slot.stage(), Head, "a part has come");
        // A reply that a fault delays: hyper reads to notice that the client leaves.
        connection.slot.enter(Delayed, 0);
        reads_nothing(&mut wire).await;
        assert_eq!(connection.slot.stage(), Delayed);
    }
}

#[tokio::test]
async fn a_reply_that_is_not_read_holds_its_body() {
    for (room, evicted) in [(HTTP_BYTES + 1_000, 0), (HTTP_BYTES + 999, 1)] {
        let table = Arc::new(ConnectionTable::new(&Limits { bytes: room, ..Limits::default() }));
        let mut slot = None;
        table.admit(|given| {
            slot = Some(given);
            tokio::spawn(pending::<()>()).abort_handle()
        });
        let slot = slot.expect("it was given");
        let connection = Arc::new(ConnectionState::new(PEER, Ingress::Host, slot));
        connection.slot.enter(ConnectionStage::Answering, HTTP_BYTES);
        connection.set_reply_bytes(1_000);
        let (_client, stream) = connected().await;
        stream.writable().await.expect("it is open");
        let mut wire = Wire::new(stream, Arc::clone(&connection), Bytes::new(), Duration::MAX);
        let bytes = vec![b'x'; 1 << 16];
        let mut is_taken = true;
        while is_taken {
            let write = poll_fn(|context| Poll::Ready(Pin::new(&mut wire).poll_write(context, &bytes)));
            is_taken = write.await.is_ready();
        }
        assert_eq!(connection.slot.stage(), ConnectionStage::Blocked);
        assert_eq!(table.take_evicted(), evicted, "with room for {room} bytes");
    }
}
