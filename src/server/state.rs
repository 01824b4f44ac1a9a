//! The state of one connection, which its requests, its reply bodies and its socket share.
//!
//! All of them run in the connection's task, one after another: the atomics make the state `Sync`, they order nothing.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicI16, AtomicI32, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use strum::FromRepr;
use thiserror::Error;
use tokio::time::Instant;

use super::service_state::ServiceState;
use super::table::Slot;
use crate::imds::{Ingress, may_be_endpoint};
use crate::model::Service;

/// The value for which the kernel uses its own hop limit.
const DEFAULT_HOP_LIMIT: i16 = -1;
const NO_SOCKET: RawFd = -1;

/// The way in which a connection ends when HTTP on it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRepr)]
#[repr(u8)]
pub(super) enum ConnectionEnd {
    /// As `Close`. No request came yet, for which a server that stops waits a little.
    Unused,
    Close,
    /// Our side is closed, and what the client still sends is read until it closes its own.
    Linger,
    /// A fault: closed as soon as half the reply is sent.
    Truncate,
    /// The hop limit keeps the reply from the client: open and silent until the client gives up.
    Hold,
    /// A fault: open and silent until the client gives up.
    Silence,
    /// A fault: reset.
    Reset,
}

/// The error that makes hyper send no reply. Its reason is the [`ConnectionEnd`] in the connection's state.
#[derive(Debug, Error)]
#[error("there is no reply")]
pub(super) struct NoReply;

pub(super) struct ConnectionState {
    pub(super) peer: SocketAddr,
    pub(super) ingress: Ingress,
    /// The service whose address the client reached; `None`: another address, where the path tells.
    pub(super) addressed: Option<Service>,
    /// It did so by the address that the service has on EC2.
    pub(super) by_own_address: bool,
    pub(super) slot: Slot,
    end: AtomicU8,
    hop_limit: AtomicI16,
    /// The hop limit that the socket has.
    applied_hop_limit: AtomicI16,
    reply_bytes: AtomicUsize,
    requests: AtomicUsize,
    began: Instant,
    /// When hyper had the last reply: milliseconds from the begin.
    replied: AtomicU64,
    /// The number of the socket while hyper has it, else `NO_SOCKET`.
    socket: AtomicI32,
}

impl ConnectionState {
    pub(super) fn new(peer: SocketAddr, ingress: Ingress, slot: Slot) -> Self {
        Self {
            peer,
            ingress,
            addressed: Some(Service::Imds),
            by_own_address: false,
            began: Instant::now(),
            replied: AtomicU64::new(0),
            socket: AtomicI32::new(NO_SOCKET),
            slot,
            end: AtomicU8::new(ConnectionEnd::Unused as u8),
            hop_limit: AtomicI16::new(DEFAULT_HOP_LIMIT),
            applied_hop_limit: AtomicI16::new(DEFAULT_HOP_LIMIT),
            reply_bytes: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
        }
    }

    /// The same for a client of a listener of this service alone, or that reached the address of that one.
    pub(super) fn reaching(self, only: Option<Service>, at: Option<Service>) -> Self {
        Self { addressed: only.or(at), by_own_address: only.or(at) == at && at.is_some(), ..self }
    }

    /// hyper has this socket from now on, or gave it back.
    pub(super) fn set_socket(&self, socket: Option<&impl AsRawFd>) {
        self.socket.store(socket.map_or(NO_SOCKET, AsRawFd::as_raw_fd), Ordering::Relaxed);
    }

    /// The socket, while hyper has it.
    pub(super) fn socket(&self) -> Option<RawFd> {
        Some(self.socket.load(Ordering::Relaxed)).filter(|socket| *socket != NO_SOCKET)
    }

    /// hyper has the reply to the present request.
    pub(super) fn note_reply(&self) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.replied.store(millis, Ordering::Relaxed);
    }

    /// When hyper had the last reply.
    pub(super) fn replied_at(&self) -> Instant {
        self.began + Duration::from_millis(self.replied.load(Ordering::Relaxed))
    }

    /// Whether a request for a path may be one to an endpoint of containers.
    pub(super) fn may_be_endpoint(&self, path: &str, service: &ServiceState) -> bool {
        match self.addressed {
            Some(Service::Imds) => false,
            Some(_) => true,
            None => may_be_endpoint(path) && service.fleet.load().serves_containers(),
        }
    }

    pub(super) fn end(&self) -> ConnectionEnd {
        ConnectionEnd::from_repr(self.end.load(Ordering::Relaxed)).expect("only ends are stored")
    }

    pub(super) fn set_end(&self, end: ConnectionEnd) {
        self.end.store(end as u8, Ordering::Relaxed);
    }

    /// Ends the connection without a reply to the present request.
    pub(super) fn abort(&self, end: ConnectionEnd, reason: &str) -> NoReply {
        tracing::debug!(IMDS_CLIENT = %self.peer.ip(), "{}: no reply: {reason}", self.peer);
        self.set_end(end);
        NoReply
    }

    /// Counts a request whose head is whole.
    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of requests so far.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// The length of the last reply's body.
    pub(super) fn reply_bytes(&self) -> usize {
        self.reply_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn set_reply_bytes(&self, bytes: usize) {
        self.reply_bytes.store(bytes, Ordering::Relaxed);
    }

    /// The hop limit of what is written next, or [`DEFAULT_HOP_LIMIT`], unless the socket has it.
    pub(super) fn hop_limit_to_apply(&self) -> Option<i16> {
        let wanted = self.hop_limit.load(Ordering::Relaxed);
        (wanted != self.applied_hop_limit.load(Ordering::Relaxed)).then_some(wanted)
    }

    /// `true` if the socket has the kernel's own hop limit, and is to keep it.
    pub(super) fn has_default_hop_limit(&self) -> bool {
        [&self.hop_limit, &self.applied_hop_limit]
            .iter()
            .all(|limit| limit.load(Ordering::Relaxed) == DEFAULT_HOP_LIMIT)
    }

    /// The socket has this hop limit from now on.
    pub(super) fn hop_limit_applied(&self, limit: i16) {
        self.applied_hop_limit.store(limit, Ordering::Relaxed);
    }

    pub(super) fn set_hop_limit(&self, limit: Option<u8>) {
        self.hop_limit.store(limit.map_or(DEFAULT_HOP_LIMIT, i16::from), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_last_end_set_is_the_end() {
        let slot = Slot::unlisted();
        let connection = ConnectionState::new((Ipv4Addr::LOCALHOST, 1).into(), Ingress::Host, slot);
        assert_eq!(connection.end(), ConnectionEnd::Unused);
        connection.set_end(ConnectionEnd::Linger);
        assert_eq!(connection.end(), ConnectionEnd::Linger);
        connection.abort(ConnectionEnd::Reset, "a test");
        assert_eq!(connection.end(), ConnectionEnd::Reset);
    }
}
