//! The recording of a request in the journal, when the request is over.

use hyper::StatusCode;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::service_state::ServiceState;
use super::state::ConnectionState;
use crate::imds::{AccessRefusal, Protocol, RequestHead, credential_path_shortened};
use crate::journal::{self, RequestLines, RequestRecord};
use crate::model::{Service, Timestamp};
use crate::observe;

/// Records its request when it is dropped, so that one is recorded too that gets no reply, or whose client left
/// before: without a status then.
///
/// It must be dropped before the reply is written: a client that has its reply can count on the record.
pub(super) struct RequestRecorder<'r> {
    service: &'r ServiceState,
    started: Instant,
    record: Option<RequestRecord>,
    /// The file has no fault of the name of the one that was injected.
    fault_is_ordered: bool,
}

impl<'r> RequestRecorder<'r> {
    /// `started` and `at` are the moment at which the head was complete.
    pub(super) fn new(
        service: &'r ServiceState,
        connection: &ConnectionState,
        head: RequestHead<'_>,
        started: Instant,
        at: Timestamp,
    ) -> Self {
        let protocol = Protocol::of(head);
        let record = RequestRecord {
            number: 0,
            at,
            client: connection.peer.ip().to_canonical(),
            ingress: connection.ingress,
            method: journal::method(head.method),
            path: journal::path(&credential_path_shortened(head.path)),
            endpoint: Service::Imds,
            protocol,
            status: None,
            latency_us: 0,
            refused: None,
            fault: None,
            fault_name: None,
            instance: None,
            token_ttl: if protocol == Protocol::Token { head.token_ttl() } else { None },
            invalid_token: false,
            late: None,
            client_left: false,
        };
        Self { service, started, record: Some(record), fault_is_ordered: false }
    }

    /// The path as it is recorded, for whatever else is written about the request.
    pub(super) fn path(&self) -> &str {
        &self.record.as_ref().expect("the record is there until the drop").path
    }

    /// Sets an endpoint of containers.
    pub(super) fn set_endpoint(&mut self, service: Service) {
        self.set(|record| {
            record.endpoint = service;
            record.token_ttl = None;
        });
    }

    /// Sets the name of the instance that the client is served.
    pub(super) fn set_instance(&mut self, name: Option<&str>) {
        self.set(|record| record.instance = name.map(Into::into));
    }

    /// Sets the number and the name of the fault that was injected; `ordered`: the file has none of its name.
    pub(super) fn set_fault(&mut self, number: usize, name: Option<&str>, ordered: bool) {
        self.fault_is_ordered = ordered;
        self.set(|record| {
            record.fault = number.try_into().ok();
            record.fault_name = name.map(Into::into);
        });
    }

    /// Sets whether the request has a token, and none that is valid.
    pub(super) fn set_invalid_token(&mut self, is_invalid: bool) {
        self.set(|record| record.invalid_token = is_invalid);
    }

    /// Notes that the client did not wait for the end of a fault's delay.
    pub(super) fn set_client_left(&mut self) {
        self.set(|record| record.client_left = true);
    }

    /// Sets what is shown in the place of what is true.
    pub(super) fn set_late(&mut self, shown: Option<&'static str>) {
        self.set(|record| record.late = shown.map(Into::into));
    }

    /// Sets why the request is refused.
    pub(super) fn set_refusal(&mut self, refusal: Option<AccessRefusal>) {
        self.set(|record| record.refused = refusal);
    }

    /// Sets the status of the reply that is about to be written.
    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.set(|record| record.status = Some(status.as_u16()));
    }

    fn set(&mut self, change: impl FnOnce(&mut RequestRecord)) {
        change(self.record.as_mut().expect("the record is there until the drop"));
    }
}

impl Drop for RequestRecorder<'_> {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            let latency_us = self.started.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
            let record = RequestRecord { latency_us, ..record };
            if let Some(fault) = record.fault {
                self.service.counters.count_hit(fault as usize, self.fault_is_ordered);
            }
            observe::show_request(|terminal| {
                terminal.render(&RequestLines::new(terminal, TimeZone::system()).line(&record))
            });
            self.service.journal.record(record);
        }
    }
}
