//! The parts of a server that all its connections use.

use std::sync::Arc;

use hyper::server::conn::http1::Builder;
use tokio::sync::{Semaphore, watch};

use super::limits::Limits;
use super::runtimes::ServingRuntimes;
use super::service_state::ServiceState;
use super::table::ConnectionTable;

pub(super) struct Shared {
    pub(super) service: Arc<ServiceState>,
    pub(super) limits: Limits,
    pub(super) http: Builder,
    /// The connections, except those below.
    pub(super) table: Arc<ConnectionTable>,
    /// A permit for each connection that waits for a reply which the hop limit keeps from it.
    pub(super) hop_limited: Semaphore,
    /// Set once the server stops.
    pub(super) stop: watch::Sender<bool>,
    pub(super) runtimes: ServingRuntimes,
}

impl Shared {
    pub(super) fn new(
        service: Arc<ServiceState>,
        limits: Limits,
        http: Builder,
        runtimes: ServingRuntimes,
    ) -> Self {
        Self {
            service,
            http,
            table: Arc::new(ConnectionTable::new(&limits)),
            hop_limited: Semaphore::new(limits.hop_limited),
            stop: watch::Sender::new(false),
            runtimes,
            limits,
        }
    }

    /// Resolves once the server stops.
    pub(super) async fn stopped(&self) {
        // The sender lives as long as `self`.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }
}
