//! All that a view of the status is made of.

use std::path::Path;

use jiff::tz::TimeZone;

use crate::clock;
use crate::control::api::{RequestLine, ServiceStatus};
use crate::control::{ControlClient, RequestQuery};
use crate::host::runtime::{DEFAULT_DIRECTORY, Runtime};
use crate::host::status::GuardianStatus;
use crate::journal::RequestRecord;
use crate::model::Timestamp;

/// The last requests that are shown.
const RECENT: usize = 5;

#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) status: ServiceStatus,
    /// What the guardian of this host publishes; `None` if none runs, or it is gone.
    pub(super) guardian: Option<GuardianStatus>,
    /// The last requests, the oldest first.
    pub(super) recent: Vec<RequestRecord>,
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
}

impl Snapshot {
    /// The status with what else there is to see. Requests that cannot be had now are left out.
    pub(super) fn take(client: &ControlClient, status: ServiceStatus) -> Self {
        let newest = RequestQuery { limit: Some(RECENT), ..RequestQuery::default() };
        let lines = client.requests(&newest).map(|page| page.lines).unwrap_or_default();
        let recent = lines.into_iter().filter_map(|line| match line {
            RequestLine::Entry(record) => Some(record),
            RequestLine::Missed { .. } => None,
        });
        let guardian = Runtime::at(Path::new(DEFAULT_DIRECTORY)).present_status();
        Self { status, guardian, recent: recent.collect(), now: clock::now(), zone: TimeZone::system() }
    }
}
