//! Parts of the server by themselves. `tests/server` has clients.

mod bodies;
mod container_memory;
mod recorder;
mod sockets;
mod stages;
mod table;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::service_state::ServiceState;
use super::state::ConnectionState;
use super::table::Slot;
use crate::imds::tests::{LOADED, fleet};
use crate::imds::{Counters, FleetChange, Ingress, TokenAuthority};
use crate::model::{ClockReading, Scenario, Timestamp};

/// Where the clients of these tests seem to come from.
pub(super) const PEER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(172, 17, 0, 2)), 1_024);

pub(super) fn service(scenario: Scenario) -> Arc<ServiceState> {
    let authority = TokenAuthority::new([7; 32]);
    Arc::new(ServiceState::new(fleet(scenario), authority, || LOADED, [0; 12]))
}

/// A connection by this way, in no table.
pub(super) fn connection(ingress: Ingress) -> Arc<ConnectionState> {
    Arc::new(ConnectionState::new(PEER, ingress, Slot::unlisted()))
}

#[test]
fn the_counters_of_one_fault_begin_anew() {
    let service = service(Scenario::default());
    for _ in 0..3 {
        service.counters.next(0);
        service.counters.next(1);
        service.counters.count_hit(1, false);
    }
    service.restart_fault_counters(0);
    assert_eq!([service.matched(0), service.matched(1)], [0, 3]);
    service.restart_fault_counters(1);
    assert_eq!((service.matched(1), service.fault_hits(1)), (0, 0));
}

/// Also of those that are removed.
#[test]
fn hits_of_ordered_faults_are_counted_beside_those_of_each_fault() {
    let service = service(Scenario::default());
    for (fault, ordered) in [(0, true), (1, false), (2, true), (2, true)] {
        service.counters.count_hit(fault, ordered);
    }
    assert_eq!([0, 1, 2].map(|fault| service.fault_hits(fault)), [1, 1, 2]);
    assert_eq!(service.ordered_fault_hits(), 3);
}

/// A token is sealed with it, and an error of an endpoint has its number from it.
#[test]
fn no_two_requests_have_the_same_nonce() {
    let service = service(Scenario::default());
    let nonces: BTreeSet<_> = (0..9).flat_map(|_| [service.nonce(), service.count_request()]).collect();
    assert_eq!((nonces.len(), service.requests()), (18, 9));
}

#[test]
fn a_service_reads_the_clocks_that_it_has() {
    const SINCE_BOOT: Timestamp = Timestamp::from_secs(60);
    let new = || {
        let authority = TokenAuthority::new([7; 32]);
        ServiceState::new(fleet(Scenario::default()), authority, || LOADED, [0; 12])
    };
    let reading = |boottime| ClockReading { wall: LOADED, boottime };
    assert_eq!(new().read_clocks(), reading(LOADED));
    assert_eq!(new().with_boottime(|| SINCE_BOOT).read_clocks(), reading(SINCE_BOOT));
}

#[test]
fn changes_that_requests_make_are_passed_on_while_there_is_room() {
    let service = service(Scenario::default());
    service.submit_change(Some(FleetChange::RestoreFaults));
    let (sender, mut changes) = tokio::sync::mpsc::channel(1);
    service.connect_writer(sender);
    service.submit_change(None);
    assert!(changes.try_recv().is_err(), "there was none since");
    service.submit_change(Some(FleetChange::Pause(LOADED)));
    service.submit_change(Some(FleetChange::Resume(LOADED)));
    assert!(matches!(changes.try_recv(), Ok(FleetChange::Pause(LOADED))));
    assert!(changes.try_recv().is_err(), "there was no room for the second");
}

#[test]
fn the_debug_form_of_a_service_has_no_key_and_tells_how_many_asked() {
    let service = service(Scenario::default());
    service.count_request();
    let text = format!("{service:?}");
    assert!(text.starts_with("ServiceState {") && text.contains("requests: 1"), "{text}");
    assert!(!text.contains("authority"), "{text}");
}
