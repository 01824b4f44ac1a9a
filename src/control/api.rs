//! What goes over the control socket: JSON, typed here for both ends.
//!
//! | route | answer |
//! |---|---|
//! | `GET /v1/status` | 200 [`Status`] |
//! | `POST /v1/reload` | 200 [`Reloaded`], or 422 [`Rejected`]: the former scenario keeps serving |
//! | another path | 404 [`Refusal`] with the routes |
//! | another method | 405 [`Refusal`] with the routes |
//!
//! Times are RFC 3339 in UTC. A reader ignores fields that it does not know: later versions add some.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config;
use crate::model::Timestamp;

/// Path of the status.
pub const STATUS: &str = "/v1/status";
/// Path of the reload.
pub const RELOAD: &str = "/v1/reload";

/// What a server does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The version of the program.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// When it started.
    #[serde(with = "rfc3339")]
    pub started_at: Timestamp,
    /// What it serves.
    pub scenario: Loaded,
    /// Where it listens.
    pub listeners: Vec<Listening>,
    /// How the last reload went; none since the start if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reload: Option<Verdict>,
    /// Requests read since the start.
    pub requests: u64,
}

/// A scenario that is being served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Its file; absent if it is the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
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
pub struct Listening {
    /// Address and port.
    pub address: SocketAddr,
    /// Whether a service manager holds it.
    pub inherited: bool,
}

/// How a reload went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
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
pub struct Reloaded {
    /// What is served now.
    pub scenario: Loaded,
    /// The keys of the file that were added, removed or changed.
    pub changed: Vec<String>,
    /// One line that says so.
    pub message: String,
    /// The warnings as text; empty if there are none.
    pub report: String,
    /// The warnings.
    pub problems: Vec<Problem>,
}

/// A reload that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// One line: the first error.
    pub message: String,
    /// What keeps serving.
    pub scenario: Loaded,
    /// All problems as text, with the lines and carets.
    pub report: String,
    /// All problems.
    pub problems: Vec<Problem>,
}

/// One problem of a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Whether it rejects the file.
    pub severity: Severity,
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

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is rejected.
    Error,
    /// The file is accepted.
    Warning,
}

/// A request that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why, in one sentence.
    pub error: String,
    /// What there is, as "METHOD /path".
    pub routes: Vec<String>,
}

impl From<&config::Problem> for Problem {
    fn from(problem: &config::Problem) -> Self {
        Self {
            severity: match problem.severity {
                config::Severity::Error => Severity::Error,
                config::Severity::Warning => Severity::Warning,
            },
            line: problem.place.as_ref().map(|place| place.line),
            column: problem.place.as_ref().map(|place| place.column),
            found: problem.found.clone(),
            help: problem.help.clone(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_it_was_written_and_ignores_what_it_does_not_know() {
        let text = r#"{"version":"0.1.0","pid":7,"started_at":"2026-11-21T03:14:11Z","scenario":{
            "file":"/etc/mock-imds/scenario.toml","loaded_at":"2026-11-21T03:14:12Z",
            "instance_id":"i-1234567890abcdef0","warnings":0},"listeners":[
            {"address":"[fd00:ec2::254]:1690","inherited":true}],"requests":3,"weather":"fine"}"#;
        let status: Status = serde_json::from_str(text).unwrap();
        assert_eq!(status.started_at, Timestamp::from_secs(1_795_230_851));
        assert_eq!(status.last_reload, None);
        let again: Status = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
        assert_eq!(again, status);
    }
}
