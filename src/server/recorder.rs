//! The journal's entry of a request, made when the request is over.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use tokio::time::Instant;

use super::service_state::ServiceState;
use super::wire::ConnectionState;
use crate::imds::{Protocol, RequestHead};
use crate::journal::{self, RequestRecord};
use crate::model::Timestamp;

/// A request whose head has come. Dropped, it becomes an entry: one without a status if nothing was answered, also
/// when the client left before.
///
/// Whoever has a reply finds its entry, because the reply is written after that.
pub(super) struct RequestRecorder<'r> {
    world: &'r ServiceState,
    talk: &'r ConnectionState,
    head: &'r Parts,
    at: Timestamp,
    began: Instant,
    /// The status of the reply.
    pub(super) status: Option<StatusCode>,
    /// The name of the instance that the client met.
    pub(super) instance: Option<Box<str>>,
    /// The fault that struck.
    pub(super) fault: Option<usize>,
}

impl<'r> RequestRecorder<'r> {
    pub(super) fn new(world: &'r Arc<ServiceState>, talk: &'r Arc<ConnectionState>, head: &'r Parts) -> Self {
        Self {
            world,
            talk,
            head,
            at: (world.clock)(),
            began: Instant::now(),
            status: None,
            instance: None,
            fault: None,
        }
    }
}

impl Drop for RequestRecorder<'_> {
    fn drop(&mut self) {
        let Parts { method, uri, headers, .. } = self.head;
        let path = uri.path();
        self.world.journal.record(RequestRecord {
            number: 0,
            at: self.at,
            client: self.talk.peer.ip().to_canonical(),
            ingress: self.talk.ingress,
            method: journal::method(method),
            path: journal::path(path),
            protocol: Protocol::of(RequestHead { method, path, query: None, headers }),
            status: self.status.map(|status| status.as_u16()),
            latency: self.began.elapsed(),
            fault: self.fault.and_then(|fault| fault.try_into().ok()),
            instance: self.instance.take(),
        });
    }
}
