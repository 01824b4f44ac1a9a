//! A client's socket, as hyper reads and writes it.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI16, Ordering};
use std::task::{Context, Poll, ready};

use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::delivery::ConnectionSlot;
use crate::imds::Ingress;

/// The kernel's own hop limit.
const USUAL_HOPS: i16 = -1;

/// What the requests of one connection and its socket know of each other.
pub(super) struct ConnectionState {
    /// The client.
    pub(super) peer: SocketAddr,
    /// How it came.
    pub(super) ingress: Ingress,
    /// Where it counts.
    pub(super) seat: ConnectionSlot,
    cut: AtomicBool,
    asked: AtomicBool,
    unread: AtomicBool,
    hops: AtomicI16,
}

impl ConnectionState {
    pub(super) fn new(peer: SocketAddr, ingress: Ingress, seat: ConnectionSlot) -> Self {
        let no = || AtomicBool::new(false);
        let hops = AtomicI16::new(USUAL_HOPS);
        Self { peer, ingress, seat, cut: no(), asked: no(), unread: no(), hops }
    }

    /// Ends the connection once what was written is sent.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    /// Whether it ends so.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Notes that a request head came.
    pub(super) fn asked(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether the client has asked at all.
    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Notes that a request's body was not read to its end.
    pub(super) fn left_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether a body was not read to its end.
    pub(super) fn has_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// How far what is written next may travel; `None` is as far as usual.
    pub(super) fn limit_hops(&self, limit: Option<u8>) {
        self.hops.store(limit.map_or(USUAL_HOPS, i16::from), Ordering::Relaxed);
    }
}

/// The socket, which sets the hop limit just before a write.
pub(super) struct Wire {
    stream: TcpStream,
    talk: Arc<ConnectionState>,
    hops: i16,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, talk: Arc<ConnectionState>) -> Self {
        Self { stream, talk, hops: USUAL_HOPS }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn apply_hops(&mut self) -> io::Result<()> {
        let wanted = self.talk.hops.load(Ordering::Relaxed);
        if wanted != self.hops {
            let value = i32::from(wanted);
            if self.talk.peer.ip().to_canonical().is_ipv4() {
                setsockopt(&self.stream, sockopt::Ipv4Ttl, &value)?;
            } else {
                setsockopt(&self.stream, sockopt::Ipv6Ttl, &value)?;
            }
            self.hops = wanted;
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
        self.apply_hops()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.apply_hops()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        Poll::Ready(if self.talk.is_cut() { Err(io::Error::other("cut by a fault")) } else { Ok(()) })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
