//! Plumbing between sockets and [`imds::answer`](crate::imds::answer): listeners, connections, limits.
//!
//! The server decides nothing about a reply and adds nothing to it. What it does decide is how much a client
//! may take ([`Limits`]), when a connection ends, and how far a token travels.

mod accept;
mod connection;
mod delivery;
mod ingress;
mod limits;
mod listen;
mod recorder;
mod request;
mod request_counters;
mod service_state;
mod sys;
mod wire;

pub use limits::Limits;
pub use listen::{InheritedSockets, Listener, adopt, bind};
pub use request_counters::RequestCounters;
pub use service_state::ServiceState;

use std::sync::Arc;

use hyper::server::conn::http1::Builder;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What the connections share.
struct Shared {
    world: Arc<ServiceState>,
    limits: Arc<Limits>,
    http: Builder,
    permits: Arc<Semaphore>,
    held: Semaphore,
    aside: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

/// A running server.
pub struct Server {
    shared: Arc<Shared>,
    accepting: JoinSet<()>,
}

impl Server {
    /// Starts to accept on these sockets.
    pub fn start(listeners: Vec<Listener>, world: Arc<ServiceState>, limits: Limits) -> Self {
        let shared = Arc::new(Shared {
            world,
            http: connection::protocol(&limits),
            permits: Arc::new(Semaphore::new(limits.connections as usize)),
            held: Semaphore::new(limits.held),
            aside: Arc::new(Semaphore::new(limits.aside as usize)),
            stop: watch::Sender::new(false),
            limits: Arc::new(limits),
        });
        let accepting =
            listeners.into_iter().map(|listener| accept::run(Arc::clone(&shared), listener)).collect();
        Self { shared, accepting }
    }

    /// Accepts no more, lets the requests that are being answered finish, and closes the sockets.
    ///
    /// Connections to an inherited socket queue with the service manager, and the next process answers them.
    /// Gives the count of connections that did not finish in time.
    pub async fn drain(mut self) -> usize {
        self.shared.stop.send_replace(true);
        while self.accepting.join_next().await.is_some() {}
        let Shared { permits, aside, limits, .. } = &*self.shared;
        let places = [(permits, limits.connections), (aside, limits.aside)];
        let finished = async {
            for (places, all) in places {
                let _ = places.acquire_many(all).await;
            }
        };
        let _ = timeout(limits.drain, finished).await;
        places.iter().map(|(places, all)| (*all as usize).saturating_sub(places.available_permits())).sum()
    }
}
