//! The scenario that is served: reloads, the library, and the report of a rejection.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::rfc3339;
use crate::config;
use crate::model::Timestamp;

/// Path of the reload.
pub(crate) const RELOAD: &str = "/v1/reload";
/// Path of the choice of another scenario.
pub(crate) const USE: &str = "/v1/use";
/// Path of the library.
pub(crate) const SCENARIOS: &str = "/v1/scenarios";

/// A scenario that is being served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScenarioStatus {
    /// Its file; absent if it is the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Whether `use` chose it; the next reload serves the other one again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub used: bool,
    /// When it was loaded.
    #[serde(rename = "loaded_at", with = "rfc3339")]
    pub at: Timestamp,
    /// The instance that it describes.
    pub instance_id: String,
    /// Warnings about it.
    pub warnings: usize,
}

/// How to reload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReloadOrder {
    /// Keep the clock and what was changed since the last load.
    #[serde(default)]
    pub keep: bool,
}

/// What to serve until the next reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UseOrder {
    /// A name of the library, or an absolute path.
    pub scenario: String,
}

/// The library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LibraryListing {
    /// Its directory.
    pub directory: PathBuf,
    /// What is in it, by name.
    pub scenarios: Vec<LibraryEntry>,
}

/// A scenario of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LibraryEntry {
    /// What it is called.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Its first comment line.
    pub summary: String,
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

impl From<&config::Problem> for RejectedProblem {
    fn from(problem: &config::Problem) -> Self {
        Self {
            severity: match problem.severity {
                config::Severity::Error => ProblemSeverity::Error,
                config::Severity::Warning => ProblemSeverity::Warning,
            },
            line: problem.place.as_ref().map(|place| place.line),
            column: problem.place.as_ref().map(|place| place.column),
            found: problem.found.clone(),
            help: problem.help.clone(),
        }
    }
}
