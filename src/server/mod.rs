//! Plumbing between sockets and [`imds::answer`](crate::imds::answer): listeners, connections, limits.
//!
//! The server decides nothing about a reply and adds nothing to it. It does decide how much a client may take
//! ([`Limits`]), when and how a connection ends, and how far a token travels.

mod accept;
mod connection;
mod delivery;
mod endpoint_memory;
mod fast_path;
mod head;
mod housekeeping;
mod ingress;
mod kept_body;
mod limits;
mod listen;
mod recorder;
mod registry;
mod request;
mod request_counters;
mod runtimes;
mod service_state;
mod shared;
mod stage;
mod state;
mod sys;
mod table;
#[cfg(test)]
mod tests;
mod wire;

pub use endpoint_memory::ContainerMemory;
pub use limits::Limits;
pub use listen::{InheritedSockets, Listener, adopt, bind};
pub use request_counters::RequestCounters;
pub use runtimes::ServingRuntimes;
pub use service_state::ServiceState;
pub(crate) use sys::take_inherited_for_writing;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::timeout;

use shared::Shared;

pub struct Server {
    shared: Arc<Shared>,
    accepting: JoinSet<()>,
    /// Ends with the server.
    _housekeeping: JoinSet<()>,
}

impl Server {
    /// Starts to accept on these sockets, and serves connections on the caller's runtime.
    pub fn start(listeners: Vec<Listener>, service: Arc<ServiceState>, limits: Limits) -> Self {
        Self::start_on(Handle::current().into(), listeners, service, limits)
    }

    /// The same on other runtimes. What requests do not wait for stays on the caller's.
    pub fn start_on(
        runtimes: ServingRuntimes,
        listeners: Vec<Listener>,
        service: Arc<ServiceState>,
        limits: Limits,
    ) -> Self {
        let http = connection::http_builder(&limits);
        let shared = Arc::new(Shared::new(service, limits, http, runtimes));
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn_on(accept::run(Arc::clone(&shared), listener), shared.runtimes.first());
        }
        let mut housekeeping = JoinSet::new();
        housekeeping.spawn(housekeeping::report_evictions(Arc::clone(&shared)));
        housekeeping.spawn(housekeeping::give_memory_back(Arc::clone(&shared)));
        Self { shared, accepting, _housekeeping: housekeeping }
    }

    /// Accepts no more, lets the requests that are being answered finish, and closes the sockets.
    ///
    /// Connections to an inherited socket queue with the service manager, and the next process answers them.
    /// Gives the count of connections that did not finish in time.
    pub async fn drain(mut self) -> usize {
        self.shared.stop.send_replace(true);
        while self.accepting.join_next().await.is_some() {}
        let Shared { table, limits, .. } = &*self.shared;
        let _ = timeout(limits.drain, table.emptied()).await;
        table.len()
    }
}
