//! The state that every request reads: the fleet, the token key, the clock and the counters.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use super::endpoint_memory::ContainerMemory;
use super::request_counters::RequestCounters;
use crate::imds::{
    Counters, Fleet, FleetChange, Ingress, Reply, TokenAuthority, Visit, endpoint_of, show, show_endpoint,
};
use crate::journal::{CAPACITY, Journal};
use crate::model::{ClockReading, Timestamp};

/// A service without its sockets. Readers never lock.
pub struct ServiceState {
    /// The fleet that is served now. A request reads it once; a writer swaps it.
    pub fleet: ArcSwap<Fleet>,
    pub authority: TokenAuthority,
    pub clock: fn() -> Timestamp,
    boottime: Option<fn() -> Timestamp>,
    pub(super) counters: RequestCounters,
    pub(super) containers: ContainerMemory,
    pub journal: Arc<Journal>,
    nonces: Nonces,
    /// The channel to the writer of the fleet.
    changes: OnceLock<mpsc::Sender<FleetChange>>,
}

impl ServiceState {
    /// A service; `seed` must be random, so that no two runs seal with the same nonce.
    pub fn new(fleet: Fleet, authority: TokenAuthority, clock: fn() -> Timestamp, seed: [u8; 12]) -> Self {
        let fleet = ArcSwap::new(Arc::new(fleet));
        Self {
            fleet,
            authority,
            clock,
            boottime: None,
            journal: Arc::new(Journal::new(CAPACITY)),
            counters: RequestCounters::default(),
            containers: ContainerMemory::default(),
            nonces: Nonces::new(seed),
            changes: OnceLock::new(),
        }
    }

    /// The same service on a machine whose wall clock may be set: this clock tells the time since its boot.
    #[must_use]
    pub(crate) fn with_boottime(self, boottime: fn() -> Timestamp) -> Self {
        Self { boottime: Some(boottime), ..self }
    }

    pub(crate) fn read_clocks(&self) -> ClockReading {
        let wall = (self.clock)();
        ClockReading { wall, boottime: self.boottime.map_or(wall, |boottime| boottime()) }
    }

    /// Connects the writer that applies the changes which requests make. A second call changes nothing.
    pub(crate) fn connect_writer(&self, changes: mpsc::Sender<FleetChange>) {
        let _ = self.changes.set(changes);
    }

    /// Passes a change on to the writer. A full channel drops it: the next request of its kind makes it again.
    pub(super) fn submit_change(&self, change: Option<FleetChange>) {
        if let (Some(change), Some(changes)) = (change, self.changes.get()) {
            let _ = changes.try_send(change);
        }
    }

    /// Resets the counters as for a new scenario: events admit their first clients again, faults count from 0.
    pub fn restart_counters(&self) {
        self.counters.restart();
        self.containers.restart();
    }

    /// Forgets what containers have set of their tasks.
    pub(crate) fn forget_changes_by_containers(&self) {
        self.containers.forget_changes();
    }

    /// Resets the counters of a fault.
    pub(crate) fn restart_fault_counters(&self, fault: usize) {
        self.counters.restart_fault(fault);
    }

    /// The number of requests that have matched a fault.
    pub(crate) fn matched(&self, fault: usize) -> u64 {
        Counters::matched(&self.counters, fault)
    }

    /// Forgets the counters of events that are taken back; the others follow to their new indices. `faults` has for each
    /// fault the index that it had before.
    pub(crate) fn take_back_counters(&self, events: &BTreeSet<usize>, faults: &[Option<usize>]) {
        self.counters.take_back(events, faults);
    }

    /// The requests that the fault of this index had an effect on.
    pub(crate) fn fault_hits(&self, fault: usize) -> u64 {
        self.counters.hits(fault)
    }

    /// The requests that faults had an effect on which the file does not have, since the start.
    pub(crate) fn ordered_fault_hits(&self) -> u64 {
        self.counters.ordered_hits()
    }

    /// The number of requests so far.
    pub fn requests(&self) -> u64 {
        self.nonces.requests.load(Ordering::Relaxed)
    }

    /// The reply that a client, or else a process of this host, would get now for a path. Nothing is counted.
    pub(crate) fn show(&self, path: &str, client: Option<IpAddr>) -> Reply {
        let visit = Visit {
            peer: client.unwrap_or(Ipv4Addr::LOCALHOST.into()),
            ingress: if client.is_some() { Ingress::Bridge } else { Ingress::Host },
            nonce: self.nonces.for_preview(),
            counters: &self.counters,
        };
        let (fleet, now) = (self.fleet.load(), self.read_clocks());
        match endpoint_of(path) {
            Some(at) => show_endpoint(&fleet, &self.authority, &visit, &self.containers, at, now),
            None => show(&fleet, &self.authority, &visit, path, now),
        }
    }

    /// A nonce for a request that may not be one of those that are counted.
    pub(super) fn nonce(&self) -> [u8; 12] {
        self.nonces.for_preview()
    }

    /// Counts a request and gives it a nonce that no other has.
    pub(super) fn count_request(&self) -> [u8; 12] {
        self.nonces.next()
    }
}

impl fmt::Debug for ServiceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceState")
            .field("fleet", &self.fleet)
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}

/// 96-bit numbers from a random start on: upwards for requests, downwards for whatever else needs one. Each is given once.
///
/// On a cache line of its own, or else each request would take from other threads what they read.
#[repr(align(128))]
struct Nonces {
    start: u128,
    requests: AtomicU64,
    others: AtomicU64,
}

impl Nonces {
    fn new(seed: [u8; 12]) -> Self {
        let mut bytes = [0; 16];
        bytes[4..].copy_from_slice(&seed);
        Self { start: u128::from_be_bytes(bytes), requests: AtomicU64::new(0), others: AtomicU64::new(0) }
    }

    /// For a request, which it counts.
    fn next(&self) -> [u8; 12] {
        last_bytes(self.start.wrapping_add(self.requests.fetch_add(1, Ordering::Relaxed).into()))
    }

    /// For no request.
    fn for_preview(&self) -> [u8; 12] {
        last_bytes(self.start.wrapping_sub(u128::from(self.others.fetch_add(1, Ordering::Relaxed)) + 1))
    }
}

fn last_bytes(number: u128) -> [u8; 12] {
    number.to_be_bytes()[4..].try_into().expect("16 less 4 is 12")
}

#[cfg(test)]
mod tests {
    use super::Nonces;

    #[test]
    fn nonces_count_up_and_down_from_the_seed_and_wrap_around() {
        let nonces = Nonces::new([0xff; 12]);
        assert_eq!(nonces.next(), [0xff; 12]);
        assert_eq!(nonces.next(), [0; 12]);
        assert_eq!(nonces.next(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let nonces = Nonces::new([0; 12]);
        assert_eq!(nonces.for_preview(), [0xff; 12]);
        assert_eq!(nonces.next(), [0; 12]);
        let second = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe];
        assert_eq!((nonces.for_preview(), nonces.requests.into_inner()), (second, 1));
    }
}
