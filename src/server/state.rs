//! The state of one connection, which its requests, its reply bodies and its socket share.
//!
//! All of them run in the connection's task, one after another: the atomics make the state `Sync`, they order nothing.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI16, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use strum::FromRepr;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::imds::Ingress;

/// The value for which the kernel uses its own hop limit.
pub(super) const DEFAULT_HOP_LIMIT: i16 = -1;

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
    pub(super) slot: ConnectionSlot,
    end: AtomicU8,
    hop_limit: AtomicI16,
}

impl ConnectionState {
    pub(super) fn new(peer: SocketAddr, ingress: Ingress, slot: ConnectionSlot) -> Self {
        let end = AtomicU8::new(ConnectionEnd::Unused as u8);
        Self { peer, ingress, slot, end, hop_limit: AtomicI16::new(DEFAULT_HOP_LIMIT) }
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

    /// The hop limit of what is written next, or [`DEFAULT_HOP_LIMIT`].
    pub(super) fn hop_limit(&self) -> i16 {
        self.hop_limit.load(Ordering::Relaxed)
    }

    pub(super) fn set_hop_limit(&self, limit: Option<u8>) {
        self.hop_limit.store(limit.map_or(DEFAULT_HOP_LIMIT, i16::from), Ordering::Relaxed);
    }
}

// === Slots ===

/// The permit that a connection holds; freed with the connection at the latest.
pub(super) struct ConnectionSlot {
    parking: Arc<Semaphore>,
    slot: Mutex<Slot>,
}

enum Slot {
    Active(#[expect(dead_code, reason = "its drop lets the next connection in")] OwnedSemaphorePermit),
    Parked(#[expect(dead_code, reason = "its drop lets the next connection be parked")] OwnedSemaphorePermit),
    Released,
}

impl ConnectionSlot {
    /// The slot of a connection that was accepted with this permit; `parking` has those for parked ones.
    pub(super) fn new(permit: OwnedSemaphorePermit, parking: Arc<Semaphore>) -> Self {
        Self { parking, slot: Mutex::new(Slot::Active(permit)) }
    }

    /// Gives the permit to the next connection; this one counts against no limit from now on.
    pub(super) fn release(&self) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Slot::Released;
    }

    /// Exchanges the permit for one of a parked connection, so that one which a fault holds up keeps nobody out.
    /// `false` if as many are parked as may be.
    pub(super) fn park(&self) -> bool {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*slot, Slot::Parked(_)) {
            let Ok(permit) = Arc::clone(&self.parking).try_acquire_owned() else { return false };
            *slot = Slot::Parked(permit);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn semaphore(permits: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(permits))
    }

    fn slot(connections: &Arc<Semaphore>, parking: &Arc<Semaphore>) -> ConnectionSlot {
        let permit = Arc::clone(connections).try_acquire_owned().expect("a free permit");
        ConnectionSlot::new(permit, Arc::clone(parking))
    }

    #[test]
    fn the_last_end_set_is_the_end() {
        let slot = slot(&semaphore(1), &semaphore(0));
        let connection = ConnectionState::new((Ipv4Addr::LOCALHOST, 1).into(), Ingress::Host, slot);
        assert_eq!(connection.end(), ConnectionEnd::Unused);
        connection.set_end(ConnectionEnd::Linger);
        assert_eq!(connection.end(), ConnectionEnd::Linger);
        connection.abort(ConnectionEnd::Reset, "a test");
        assert_eq!(connection.end(), ConnectionEnd::Reset);
    }

    #[test]
    fn a_parked_connection_lets_the_next_in_and_takes_one_parking_permit() {
        let (connections, parking) = (semaphore(1), semaphore(1));
        let first = slot(&connections, &parking);
        assert_eq!((connections.available_permits(), parking.available_permits()), (0, 1));
        assert!(first.park() && first.park(), "parked twice is parked");
        assert_eq!((connections.available_permits(), parking.available_permits()), (1, 0));
        let second = slot(&connections, &parking);
        assert!(!second.park(), "no permit is left");
        assert_eq!(connections.available_permits(), 0, "what cannot be parked keeps its permit");
        second.release();
        drop(first);
        assert_eq!((connections.available_permits(), parking.available_permits()), (1, 1));
    }
}
