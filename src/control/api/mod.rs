//! What goes over the control socket: JSON, typed here for both ends.
//!
//! | route | answer |
//! |---|---|
//! | `GET /v1/status` | 200 [`ServiceStatus`] |
//! | `GET /v1/requests` | 200, an array of [`RequestLine`]s, the oldest first |
//! | `GET /v1/show?path=PATH` | 200 [`ShownReply`], whatever the service answers there |
//! | `POST /v1/reload` [`ReloadOrder`], or nothing | 200 [`Reloaded`], or 422 [`Rejected`]: the former scenario keeps serving |
//! | `POST /v1/use` [`UseOrder`] | 200 [`Reloaded`], or 422 [`Rejected`]: the former scenario keeps serving |
//! | `GET /v1/scenarios` | 200 [`LibraryListing`] |
//! | `POST /v1/events` an event in the words of `[[event]]`, and `in` | 200 [`AcceptedEvent`], or 422 [`Rejected`]: nothing changed |
//! | `POST /v1/faults` a fault in the words of `[[fault]]`, and `in` | 200 [`AcceptedFault`], or 422 [`Rejected`]: nothing changed |
//! | `DELETE /v1/faults` | 200 [`ClearedFaults`]: those of the file stay |
//! | `POST /v1/clock` [`ClockOrder`] | 200 [`ClockMoved`], or 422 [`Rejected`]: nothing changed |
//! | a body that is not such JSON | 400 [`Refusal`] |
//! | another path | 404 [`Refusal`] with the routes |
//! | another method | 405 [`Refusal`] with the routes |
//!
//! `/v1/requests` takes `client` (addresses, networks, `host`), `path` (a [`PathGlob`](crate::model::PathGlob)),
//! `status` (`404`, `4xx`, `none`), `method`, `v` (`v1`, `v2`, `token`): lists with commas but for the path. Without
//! more it gives the newest `limit` entries, else all. With `since` (a number, `start`, `now`) it gives those that
//! follow, and with `wait` (seconds, 60 at most) it waits until there is one, from now on unless `since` is said.
//! Each answer has the header `journal-position`, which is the `since` to go on with: it has passed also the entries
//! that did not fit.
//!
//! `/v1/show` takes `client`, the address of who asks; a process of this host if not said. It needs no token, leaves
//! no entry and changes nothing.
//!
//! A query that is not understood gets 400, and too many who wait get 503, both with a [`Refusal`].
//!
//! Times are RFC 3339 in UTC. A reader ignores fields that it does not know: later versions add some.

#![warn(missing_docs, clippy::missing_docs_in_private_items)]

mod change;
mod fault;

use std::net::SocketAddr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::config;
use crate::journal::RequestRecord;
use crate::model::Timestamp;

pub(crate) use change::{
    AcceptedEvent, CLOCK, ClockMoved, ClockOrder, ClockStatus, EVENTS, EffectSummary, EventStatus,
    InstanceStatus, LibraryEntry, LibraryListing, PathPreview, PathTransition, ReloadOrder, SCENARIOS, USE,
    UseOrder,
};

pub(crate) use fault::{AcceptedFault, ClearedFaults, FAULTS, FaultStatus};

/// Path of the status.
pub(crate) const STATUS: &str = "/v1/status";
/// Path of the reload.
pub(crate) const RELOAD: &str = "/v1/reload";

/// Path of the journal of requests.
pub(crate) const REQUESTS: &str = "/v1/requests";
/// Path of what the service answers.
pub(crate) const SHOW: &str = "/v1/show";
/// The header that says up to which entry an answer goes.
pub(crate) const POSITION: &str = "journal-position";

/// What a server does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceStatus {
    /// The version of the program.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// When it started.
    #[serde(with = "rfc3339")]
    pub started_at: Timestamp,
    /// What it serves.
    pub scenario: ScenarioStatus,
    /// Where the scenario is.
    #[serde(default)]
    pub clock: ClockStatus,
    /// The events of the file, in its order.
    #[serde(default)]
    pub events: Vec<EventStatus>,
    /// What was changed since the scenario was loaded, in the order in which it was accepted.
    #[serde(default)]
    pub changes: Vec<EventStatus>,
    /// What goes wrong on purpose: the faults of the file, then those that were ordered.
    #[serde(default)]
    pub faults: Vec<FaultStatus>,
    /// Who is played.
    #[serde(default)]
    pub instances: Vec<InstanceStatus>,
    /// Where it listens.
    pub listeners: Vec<ListenerStatus>,
    /// How the last reload went; none since the start if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reload: Option<ReloadStatus>,
    /// Requests read since the start.
    pub requests: u64,
}

/// A scenario that is being served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScenarioStatus {
    /// Its file; absent if it is the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Whether `use` chose it; the next reload serves the other one again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub used: bool,
    /// When it was loaded.
    #[serde(rename = "loaded_at", with = "rfc3339")]
    pub at: Timestamp,
    /// The instance that it describes.
    pub instance_id: String,
    /// Warnings about it.
    pub warnings: usize,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListenerStatus {
    /// Address and port.
    pub address: SocketAddr,
    /// Whether a service manager holds it.
    pub inherited: bool,
}

/// How a reload went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReloadStatus {
    /// When.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// Whether the scenario was taken.
    pub accepted: bool,
    /// One line: what changed, or the first error.
    pub message: String,
}

/// A reload that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reloaded {
    /// What is served now.
    pub scenario: ScenarioStatus,
    /// The keys of the file that were added, removed or changed.
    pub changed: Vec<String>,
    /// How many changes since the former load are kept.
    #[serde(default)]
    pub kept: usize,
    /// How many are dropped.
    #[serde(default)]
    pub dropped: usize,
    /// One line that says so.
    pub message: String,
    /// The warnings as text; empty if there are none.
    pub report: String,
    /// The warnings.
    pub problems: Vec<RejectedProblem>,
}

/// Something that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejected {
    /// One line: the first error.
    pub message: String,
    /// What keeps serving.
    pub scenario: Box<ScenarioStatus>,
    /// All problems as text, with the lines and carets.
    pub report: String,
    /// All problems.
    pub problems: Vec<RejectedProblem>,
}

/// One problem of a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RejectedProblem {
    /// Whether it rejects the file.
    pub severity: ProblemSeverity,
    /// Line from 1; absent when the file as a whole is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What was found.
    pub found: String,
    /// What is accepted, what may be meant.
    pub help: Vec<String>,
}

impl Rejected {
    /// Something that was rejected with this report, while `scenario` keeps serving.
    pub(crate) fn new(report: &config::Report, scenario: ScenarioStatus) -> Self {
        let problems = report.problems.iter().map(Into::into).collect();
        let scenario = Box::new(scenario);
        Self { message: report.headline(), scenario, report: report.to_string(), problems }
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProblemSeverity {
    /// The file is rejected.
    Error,
    /// The file is accepted.
    Warning,
}

/// A line of the journal of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum RequestLine<E = RequestRecord> {
    /// A request.
    Entry(E),
    /// Entries after the `since` of the request that were overwritten before it came.
    Missed {
        /// How many, whether they fit the filter or not.
        missed: u64,
    },
}

/// What the service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShownReply {
    /// The path that was asked for, with its version.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The body.
    #[serde(flatten)]
    pub content: ShownContent,
}

/// A body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ShownContent {
    /// As it is, if it is text.
    #[serde(rename = "body")]
    Text(String),
    /// In base64, if it is not.
    #[serde(rename = "base64")]
    Bytes(String),
}

impl ShownContent {
    /// Of a body.
    pub(crate) fn of(body: &[u8]) -> Self {
        match std::str::from_utf8(body) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(BASE64_STANDARD.encode(body)),
        }
    }

    /// The body. `None` if it is no base64.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.into_bytes()),
            Self::Bytes(text) => BASE64_STANDARD.decode(text).ok(),
        }
    }
}

/// A request that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// Why, in one sentence.
    pub error: String,
    /// What there is, as "METHOD /path".
    pub routes: Vec<String>,
}

impl From<&config::Problem> for RejectedProblem {
    fn from(problem: &config::Problem) -> Self {
        Self {
            severity: match problem.severity {
                config::Severity::Error => ProblemSeverity::Error,
                config::Severity::Warning => ProblemSeverity::Warning,
            },
            line: problem.span.as_ref().map(|span| span.line),
            column: problem.span.as_ref().map(|span| span.column),
            found: problem.found.clone(),
            help: problem.help.clone(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// [`Timestamp`]s as people and programs read them: `2026-11-21T03:14:11Z`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes references")]
mod rfc3339 {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::model::Timestamp;

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.rfc3339())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(time.into())
    }
}

/// The same for one that may be absent.
#[expect(clippy::ref_option, reason = "serde's `with` passes references")]
mod maybe_rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Timestamp;

    #[derive(Deserialize)]
    struct There(#[serde(with = "super::rfc3339")] Timestamp);

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::rfc3339::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<There>::deserialize(deserializer)?.map(|There(time)| time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_it_was_written_and_ignores_what_it_does_not_know() {
        let text = r#"{"version":"0.1.0","pid":7,"started_at":"2026-11-21T03:14:11Z","scenario":{
            "file":"/etc/mock-imds/scenario.toml","loaded_at":"2026-11-21T03:14:12Z",
            "instance_id":"i-1234567890abcdef0","warnings":0},"listeners":[
            {"address":"[fd00:ec2::254]:1690","inherited":true}],"requests":3,"weather":"fine"}"#;
        let status: ServiceStatus = serde_json::from_str(text).unwrap();
        assert_eq!(status.started_at, Timestamp::from_secs(1_795_230_851));
        assert_eq!(status.last_reload, None);
        let again: ServiceStatus = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
        assert_eq!(again, status);
    }
}
