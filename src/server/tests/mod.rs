//! Parts of the server by themselves. `tests/server` has clients.

mod bodies;
mod stages;
mod table;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::service_state::ServiceState;
use super::state::ConnectionState;
use super::table::Slot;
use crate::imds::tests::{LOADED, fleet};
use crate::imds::{Counters, Ingress, TokenAuthority};
use crate::model::Scenario;

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

#[test]
fn the_debug_form_of_a_service_has_no_key_and_tells_how_many_asked() {
    let service = service(Scenario::default());
    service.count_request();
    let text = format!("{service:?}");
    assert!(text.starts_with("ServiceState {") && text.contains("requests: 1"), "{text}");
    assert!(!text.contains("authority"), "{text}");
}
