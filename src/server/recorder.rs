//! The recording of a request in the journal, when the request is over.

use hyper::StatusCode;
use hyper::http::request::Parts;
use tokio::time::Instant;

use super::service_state::ServiceState;
use super::state::ConnectionState;
use crate::imds::{AccessRefusal, Protocol};
use crate::journal::{self, RequestRecord};
use crate::model::Timestamp;

/// Records its request when it is dropped, so that one is recorded too that gets no reply, or whose client left
/// before: without a status then.
///
/// It must be dropped before the reply is written: a client that has its reply can count on the record.
pub(super) struct RequestRecorder<'r> {
    service: &'r ServiceState,
    connection: &'r ConnectionState,
    head: &'r Parts,
    at: Timestamp,
    started: Instant,
    pub(super) status: Option<StatusCode>,
    /// The name of the instance that the client is served.
    pub(super) instance: Option<Box<str>>,
    /// The number of the fault that was injected.
    pub(super) fault: Option<usize>,
    /// Why it was refused.
    pub(super) refusal: Option<AccessRefusal>,
}

impl<'r> RequestRecorder<'r> {
    pub(super) fn new(service: &'r ServiceState, connection: &'r ConnectionState, head: &'r Parts) -> Self {
        let (at, started) = ((service.clock)(), Instant::now());
        Self {
            service,
            connection,
            head,
            at,
            started,
            status: None,
            instance: None,
            fault: None,
            refusal: None,
        }
    }
}

impl Drop for RequestRecorder<'_> {
    fn drop(&mut self) {
        let Parts { method, uri, .. } = self.head;
        let path = uri.path();
        self.service.journal.record(RequestRecord {
            number: 0,
            at: self.at,
            client: self.connection.peer.ip().to_canonical(),
            ingress: self.connection.ingress,
            method: journal::method(method),
            path: journal::path(path),
            protocol: Protocol::of(self.head.into()),
            status: self.status.map(|status| status.as_u16()),
            latency: self.started.elapsed(),
            refused: self.refusal,
            fault: self.fault.and_then(|fault| fault.try_into().ok()),
            instance: self.instance.take(),
        });
    }
}
