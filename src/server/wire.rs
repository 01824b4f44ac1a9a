//! A client's socket, as hyper reads and writes it.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Buf as _, Bytes};
use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::stage::ConnectionStage;
use super::state::{ConnectionEnd, ConnectionState};

/// The memory that a connection takes while HTTP is spoken on it: buffers and state.
pub(super) const HTTP_BYTES: usize = 16 * 1024;

/// The socket. It gets its hop limit just before a write, ends with a truncated reply or when the client does not read
/// one, and says in which stage the connection is.
pub(super) struct Wire {
    stream: TcpStream,
    connection: Arc<ConnectionState>,
    /// What was received before HTTP began, and is to be read first.
    received: Bytes,
    /// The time that the client has to read something.
    write_limit: Duration,
    /// Runs while the kernel takes no more because the client does not read.
    stalled: Option<Pin<Box<Sleep>>>,
    /// HTTP waits for the next request, and its reply may still have to be written.
    wants_request: bool,
    /// A part of the next request has come.
    request_begun: bool,
}

/// Sets whether the socket closes with a reset, so that the kernel does not keep what the client has not read.
pub(super) fn reset_on_close(stream: &TcpStream, on: bool) {
    // Refused, it costs memory of the kernel, for some minutes.
    let _ = setsockopt(stream, sockopt::Linger, &libc::linger { l_onoff: on.into(), l_linger: 0 });
}

/// Gives the socket the hop limit of what is written next.
pub(super) fn apply_hop_limit(stream: &TcpStream, connection: &ConnectionState) -> io::Result<()> {
    if let Some(wanted) = connection.hop_limit_to_apply() {
        let value = i32::from(wanted);
        if connection.peer.ip().to_canonical().is_ipv4() {
            setsockopt(stream, sockopt::Ipv4Ttl, &value)?;
        } else {
            setsockopt(stream, sockopt::Ipv6Ttl, &value)?;
        }
        connection.hop_limit_applied(wanted);
    }
    Ok(())
}

impl Wire {
    pub(super) fn new(
        stream: TcpStream,
        connection: Arc<ConnectionState>,
        received: Bytes,
        write_limit: Duration,
    ) -> Self {
        let (wants_request, request_begun) = (false, false);
        Self { stream, connection, received, write_limit, stalled: None, wants_request, request_begun }
    }

    /// The socket, and what was received and not read.
    pub(super) fn into_parts(self) -> (TcpStream, Bytes) {
        (self.stream, self.received)
    }

    fn apply_hop_limit(&self) -> io::Result<()> {
        apply_hop_limit(&self.stream, &self.connection)
    }

    // === The stage ===

    /// Nothing is there to read. In the stages that are not named here HTTP reads for another reason.
    fn wait_to_read(&mut self) {
        let slot = &self.connection.slot;
        match slot.stage() {
            ConnectionStage::Answering | ConnectionStage::Blocked => {
                self.wants_request = true;
                self.reply_written();
            }
            ConnectionStage::KeptAlive if self.request_begun => slot.enter(ConnectionStage::Head, HTTP_BYTES),
            _ => {}
        }
    }

    fn reply_written(&mut self) {
        if self.wants_request && self.stalled.is_none() {
            (self.wants_request, self.request_begun) = (false, false);
            self.connection.slot.enter(ConnectionStage::KeptAlive, HTTP_BYTES);
        }
    }

    /// Counts the time in which the client reads nothing. A client that never does leaves with a reset, so that the
    /// kernel does not keep the rest for it.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if outcome.is_ready() {
            if self.stalled.take().is_some() {
                reset_on_close(&self.stream, false);
                self.connection.slot.enter(ConnectionStage::Answering, HTTP_BYTES);
            }
            return outcome;
        }
        if self.stalled.is_none() {
            reset_on_close(&self.stream, true);
            let bytes = HTTP_BYTES + self.connection.reply_bytes();
            self.connection.slot.enter(ConnectionStage::Blocked, bytes);
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.write_limit)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client does not read")))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.received.is_empty() {
            let count = self.received.len().min(buffer.remaining());
            buffer.put_slice(&self.received[..count]);
            self.received.advance(count);
            if self.received.is_empty() {
                self.received = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_ready() {
            self.request_begun = true;
        } else {
            self.wait_to_read();
        }
        outcome
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.apply_hop_limit()?;
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.apply_hop_limit()?;
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.reply_written();
        Poll::Ready(match self.connection.end() {
            ConnectionEnd::Truncate => Err(io::Error::other("truncated by a fault")),
            ConnectionEnd::Silence => Err(io::Error::other("stalled by a fault")),
            _ => Ok(()),
        })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::getsockopt;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::super::table::Slot;
    use super::*;
    use crate::imds::Ingress;

    /// A connection outlives the HTTP state that was set up for one of its requests.
    #[tokio::test]
    async fn the_hop_limit_of_one_reply_ends_with_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, peer) = listener.accept().await.unwrap();
        let usual = getsockopt(&stream, sockopt::Ipv4Ttl).unwrap();
        let connection = Arc::new(ConnectionState::new(peer, Ingress::Bridge, Slot::unlisted()));
        for (limit, expected) in [(Some(3), 3), (None, usual), (Some(7), 7), (Some(7), 7), (None, usual)] {
            connection.set_hop_limit(limit);
            let mut wire = Wire::new(stream, Arc::clone(&connection), Bytes::new(), Duration::MAX);
            wire.write_all(b"x").await.unwrap();
            stream = wire.into_parts().0;
            assert_eq!(getsockopt(&stream, sockopt::Ipv4Ttl), Ok(expected), "for {limit:?}");
        }
    }
}
