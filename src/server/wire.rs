//! A client's socket, as hyper reads and writes it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::state::{ConnectionEnd, ConnectionState, DEFAULT_HOP_LIMIT};

/// The socket, which gets its hop limit just before a write and ends with a truncated reply.
pub(super) struct Wire {
    stream: TcpStream,
    connection: Arc<ConnectionState>,
    hop_limit: i16,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, connection: Arc<ConnectionState>) -> Self {
        Self { stream, connection, hop_limit: DEFAULT_HOP_LIMIT }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn apply_hop_limit(&mut self) -> io::Result<()> {
        let wanted = self.connection.hop_limit();
        if wanted != self.hop_limit {
            let value = i32::from(wanted);
            if self.connection.peer.ip().to_canonical().is_ipv4() {
                setsockopt(&self.stream, sockopt::Ipv4Ttl, &value)?;
            } else {
                setsockopt(&self.stream, sockopt::Ipv6Ttl, &value)?;
            }
            self.hop_limit = wanted;
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.apply_hop_limit()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.apply_hop_limit()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        Poll::Ready(if self.connection.end() == ConnectionEnd::Truncate {
            Err(io::Error::other("truncated by a fault"))
        } else {
            Ok(())
        })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
