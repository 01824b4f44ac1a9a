//! The scenario that is served: reloads, the library, and the report of a rejection.

use std::collections::BTreeMap;
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ScenarioStatus {
    /// The file; absent if it is the built-in one, or one of the library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The name in the library; absent if it is not from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// `file` is the sender's: the content was sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sent: bool,
    /// Chosen by `use`; the next reload serves the other one again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub used: bool,
    /// The time of the load.
    #[serde(rename = "loaded_at", with = "rfc3339")]
    #[cfg_attr(test, schemars(with = "rfc3339::Text"))]
    pub at: Timestamp,
    /// The instance that it describes.
    pub instance_id: String,
    /// The number of its warnings.
    pub warnings: usize,
    /// The warnings; the last one says how many more there are, if some are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<RejectedProblem>,
    /// The reason why it is served in the place of a file; absent unless that file was rejected at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Box<FallbackStatus>>,
}

impl ScenarioStatus {
    /// Where it is from, in a sentence.
    pub(crate) fn name(&self) -> String {
        match (&self.file, &self.library) {
            (Some(file), _) => file.display().to_string(),
            (None, Some(name)) => format!("{name} of the library"),
            (None, None) => "the built-in scenario".to_owned(),
        }
    }

    /// What is served, in the sentence about a rejection.
    pub(crate) fn served(&self) -> String {
        match &self.fallback {
            Some(fallback) => fallback.serving.name().to_owned(),
            None => format!("what was loaded {}", self.at.rfc3339()),
        }
    }
}

/// A file that was rejected at the start, in whose place another scenario is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FallbackStatus {
    /// The scenario that is served.
    pub serving: FallbackScenario,
    /// The file that was rejected.
    pub file: String,
    /// One line: its first error.
    pub message: String,
    /// All its problems as text, with the lines and carets.
    pub report: String,
}

/// A scenario that is served in the place of a rejected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FallbackScenario {
    /// The last one that was read without a mistake.
    LastGood,
    /// There is none.
    BuiltIn,
}

impl FallbackScenario {
    /// The scenario in a sentence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LastGood => "the last good scenario",
            Self::BuiltIn => "the built-in scenario",
        }
    }
}

/// The options of a reload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ReloadOrder {
    /// Keeps the clock and the changes since the last load.
    #[serde(default)]
    pub keep: bool,
}

/// The choice of another scenario until the next reload: one of both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct UseOrder {
    /// A name of the library, or the absolute path of a file that the server reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The scenario itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ScenarioContent>,
}

/// A scenario with the files that it names, as its sender reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioContent {
    /// The name in reports and in the status: the sender's path. The server reads nothing there.
    #[serde(default = "unnamed")]
    pub path: PathBuf,
    /// The scenario, in TOML.
    pub text: String,
    /// The files, by the names that the text has for them.
    #[serde(default)]
    pub files: BTreeMap<String, FileContent>,
}

impl ScenarioContent {
    /// Refuses what would act on the terminal of whoever reads the log or the status, or fill it.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.path.as_os_str().len() > PATH_MAX {
            return Err("path has more than 4096 bytes");
        }
        let is_plain = |text: &str| !text.chars().any(char::is_control);
        if !is_plain(&self.path.to_string_lossy()) {
            return Err("path has control characters");
        }
        let plain =
            self.files.values().all(|file| !matches!(file, FileContent::Unread(why) if !is_plain(why)));
        if plain { Ok(()) } else { Err("a reason in unread has control characters") }
    }
}

/// A file that a scenario names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileContent {
    /// The content, if it is text.
    Text(String),
    /// The content in standard base64.
    Base64(String),
    /// Why the sender could not read it: "cannot be read: permission denied".
    Unread(String),
}

/// Bytes of a path, as Linux has it.
const PATH_MAX: usize = 4_096;

fn unnamed() -> PathBuf {
    "the scenario".into()
}

/// Bytes of a text and its files together. As JSON they fit into a request.
pub(crate) const CONTENT_BYTES: usize = 2 << 20;

/// The library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LibraryListing {
    /// The directory; absent if they are those in the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// The scenarios, by name.
    pub scenarios: Vec<LibraryEntry>,
}

/// A scenario of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LibraryEntry {
    /// The name that `use` takes.
    pub name: String,
    /// The file; absent if it is in the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The first comment line.
    pub summary: String,
}

/// The outcome of a reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ReloadStatus {
    /// The time.
    #[serde(with = "rfc3339")]
    #[cfg_attr(test, schemars(with = "rfc3339::Text"))]
    pub at: Timestamp,
    /// Who gave the order.
    pub by: String,
    /// The scenario is served.
    pub accepted: bool,
    /// One line: what changed, or the first error.
    pub message: String,
}

/// A reload that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reloaded {
    /// The scenario that is served now.
    pub scenario: ScenarioStatus,
    /// The keys of the file that were added, removed or changed.
    pub changed: Vec<String>,
    /// The number of changes since the former load that are kept.
    #[serde(default)]
    pub kept: usize,
    /// The number of those that are dropped.
    #[serde(default)]
    pub dropped: usize,
    /// One line that says so.
    pub message: String,
    /// The warnings as text; empty if there are none.
    pub report: String,
    /// The warnings.
    pub problems: Vec<RejectedProblem>,
}

/// The rejection of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rejected {
    /// One line: the first error.
    pub message: String,
    /// The scenario that keeps serving.
    pub scenario: Box<ScenarioStatus>,
    /// The file that was rejected, whose lines and columns the problems have; absent if no file was: the lines are then of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// All problems as text, with the lines and carets.
    pub report: String,
    /// All problems.
    pub problems: Vec<RejectedProblem>,
}

/// One problem of a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RejectedProblem {
    /// An error rejects the file.
    pub severity: ProblemSeverity,
    /// Line from 1; absent when the file as a whole is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The mistake.
    pub found: String,
    /// The accepted values, and what may be meant.
    pub help: Vec<String>,
}

impl Rejected {
    /// The place of the first error, as `FILE:LINE:COLUMN`; only the file's name if the file as a whole is meant. `None` if no
    /// file was rejected.
    pub(crate) fn place(&self) -> Option<String> {
        let file = self.file.as_ref()?.display();
        let first = self.problems.iter().find(|problem| problem.severity == ProblemSeverity::Error);
        Some(match first.and_then(|first| Some((first.line?, first.column?))) {
            Some((line, column)) => format!("{file}:{line}:{column}"),
            None => file.to_string(),
        })
    }

    /// Something that was rejected with this report, while `scenario` keeps serving. `file` is the report's, if it is one.
    pub(crate) fn new(report: &config::Report, file: Option<PathBuf>, scenario: ScenarioStatus) -> Self {
        let scenario = Box::new(scenario);
        Self {
            message: report.headline(),
            scenario,
            file,
            report: report.to_string(),
            problems: RejectedProblem::all(report),
        }
    }
}

impl RejectedProblem {
    /// The problems of a report; the last one says how many more there are, if the report leaves some out.
    pub(crate) fn all(report: &config::Report) -> Vec<Self> {
        let severity =
            if report.omitted.errors > 0 { ProblemSeverity::Error } else { ProblemSeverity::Warning };
        let more = report.omitted.words().map(|found| Self {
            severity,
            line: None,
            column: None,
            found,
            help: vec![],
        });
        report.problems.iter().map(Into::into).chain(more).collect()
    }
}

/// The severity of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
            line: problem.span.as_ref().map(|span| span.line),
            column: problem.span.as_ref().map(|span| span.column),
            found: problem.found.clone(),
            help: problem.help.clone(),
        }
    }
}
