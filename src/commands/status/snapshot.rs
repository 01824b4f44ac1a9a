//! All that a view of the status is made of.

use std::path::Path;

use jiff::tz::TimeZone;

use crate::clock;
use crate::control::api::{RequestLine, ServiceStatus};
use crate::control::{ControlClient, RequestQuery};
use crate::host::runtime::{DEFAULT_DIRECTORY, Runtime};
use crate::host::settings::{self, HostSettings};
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
    /// What host.toml says that the guardian does not do; `None` if it does all of it.
    pub(super) unapplied: Option<String>,
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
        let unapplied = guardian.as_ref().and_then(unapplied);
        Self {
            status,
            guardian,
            unapplied,
            recent: recent.collect(),
            now: clock::now(),
            zone: TimeZone::system(),
        }
    }
}

/// A restart of the service does not make the guardian read its file again.
fn unapplied(guardian: &GuardianStatus) -> Option<String> {
    match HostSettings::load(Path::new(settings::DEFAULT_PATH)) {
        Ok((settings, _)) => settings.differ_from(&guardian.settings).then(|| {
            "host.toml was changed since the guardian read it: systemctl reload mock-imds-net".to_owned()
        }),
        // One that this user cannot read has no line.
        Err(report) => report.problems.iter().any(|problem| problem.span.is_some()).then(|| {
            format!("{} would be rejected: mock-imds check {}", report.headline(), settings::DEFAULT_PATH)
        }),
    }
}
