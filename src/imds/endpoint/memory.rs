//! What outlives a request to an endpoint of containers.

use std::net::IpAddr;
use std::time::Duration;

use crate::model::{ScaleInProtection, Timestamp};

/// Kept by the server, until the next scenario. A reply depends on nothing else beside its arguments.
pub trait EndpointMemory: Sync {
    /// Counts a request and tells whether its rate allows it: one in each interval, and so many at once.
    fn admit(&self, bucket: RateBucket<'_>, interval: Duration, burst: u32, now: Timestamp) -> bool;

    /// The last change of a task's protection from scale-in, by the task; `None`: there was none.
    fn protection(&self, task: &str) -> Option<ScaleInProtection>;

    /// Sets or ends the protection.
    fn protect(&self, task: &str, change: ScaleInProtection);

    /// Whether a network fault of a task runs. `what` tells those apart of which several may run.
    fn is_running(&self, task: &str, fault: NetworkFault, what: &str) -> bool;

    /// Starts or stops a network fault of a task.
    fn set_running(&self, task: &str, fault: NetworkFault, what: &str, runs: bool);
}

/// A memory that nothing changes, for requests that never arrive.
pub(crate) struct ReadOnlyMemory<'m>(pub(crate) &'m dyn EndpointMemory);

impl EndpointMemory for ReadOnlyMemory<'_> {
    fn admit(&self, _: RateBucket<'_>, _: Duration, _: u32, _: Timestamp) -> bool {
        true
    }

    fn protection(&self, task: &str) -> Option<ScaleInProtection> {
        self.0.protection(task)
    }

    fn protect(&self, _: &str, _: ScaleInProtection) {}

    fn is_running(&self, task: &str, fault: NetworkFault, what: &str) -> bool {
        self.0.is_running(task, fault, what)
    }

    fn set_running(&self, _: &str, _: NetworkFault, _: &str, _: bool) {}
}

/// Requests that share a limit: those of a client to a path, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateBucket<'b> {
    /// The client; `None`: all clients.
    pub client: Option<IpAddr>,
    /// The path, or another name.
    pub name: &'b str,
}

/// A network fault that a task may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkFault {
    /// Packets to a port are dropped.
    BlackholePort,
    /// Packets are late.
    Latency,
    /// Some packets are dropped.
    PacketLoss,
}
