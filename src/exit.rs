//! Failures for an operator: one clear sentence and an exit code from sysexits.h. For programs, which ask with `--json`, a
//! line of JSON instead of the sentence.

use std::ffi::{OsStr, OsString};
use std::fmt;

use clap::error::{ContextKind, ContextValue};
use serde_json::{Map, Value, json};

/// The exit code, by the kind of failure; the numbers are those of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 1: the question was answered, and the answer is no.
    No = 1,
    /// 64: the command line is wrong.
    Usage = 64,
    /// 69: something that this program needs is missing: a port, a server, a kernel feature.
    Unavailable = 69,
    /// 70: a bug in this program.
    Software = 70,
    /// 71: the operating system refused something that it should not refuse.
    OsError = 71,
    /// 73: a file cannot be created.
    CantCreate = 73,
    /// 77: a permission is missing.
    NoPermission = 77,
    /// 78: the configuration is wrong, or forbids what was asked.
    Config = 78,
}

impl ExitStatus {
    /// Its name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Usage => "usage",
            Self::Unavailable => "unavailable",
            Self::Software => "software",
            Self::OsError => "os-error",
            Self::CantCreate => "cannot-create",
            Self::NoPermission => "no-permission",
            Self::Config => "config",
        }
    }
}

/// A failure with the sentence that the operator reads: what, where, what was found, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: ExitStatus,
    /// One sentence, or a whole report; no trailing newline.
    pub message: String,
    /// Where it is, for programs; the sentence says it too. A socket, a file, a place in a file as `FILE:LINE:COLUMN`, or an option.
    pub place: Option<String>,
    /// What is printed before the sentence: problems with their lines and carets.
    pub report: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), place: None, report: None }
    }

    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        Self { place: Some(place.to_string()), ..self }
    }

    pub(crate) fn with_report(self, report: impl fmt::Display) -> Self {
        Self { report: Some(report.to_string()), ..self }
    }
}

/// How failures reach stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureForm {
    Text,
    /// One line, `{"error": …}`, the last one of stderr.
    Json,
}

impl FailureForm {
    /// JSON for who asks for results in it, whether the rest of the command line can be parsed or not.
    pub fn of(arguments: &[OsString]) -> Self {
        let mut options = arguments.iter().skip(1).take_while(|word| *word != "--");
        if options.any(|word| word == OsStr::new("--json")) { Self::Json } else { Self::Text }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Prints a failure to stderr and gives the process' exit code.
pub(crate) fn code(result: Result<(), Failure>, form: FailureForm) -> u8 {
    match result {
        Ok(()) => 0,
        Err(failure) => {
            print(&failure, form);
            failure.status as u8
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a failure reaches the terminal")]
fn print(failure: &Failure, form: FailureForm) {
    if form == FailureForm::Json {
        eprintln!("{}", in_json(failure));
        return;
    }
    if let Some(report) = &failure.report {
        eprintln!("{report}");
    }
    if !failure.message.is_empty() {
        eprintln!("mock-imds: {}", failure.message);
    }
}

fn in_json(failure: &Failure) -> Value {
    let Failure { status, message, place, report } = failure;
    let message = if message.is_empty() { "the answer on standard output says why" } else { message };
    let mut error = Map::from_iter([
        ("kind".to_owned(), json!(status.name())),
        ("exit_code".to_owned(), json!(*status as u8)),
        ("message".to_owned(), json!(message)),
    ]);
    error.extend(place.as_ref().map(|place| ("where".to_owned(), json!(place))));
    error.extend(report.as_ref().map(|report| ("report".to_owned(), json!(report))));
    json!({ "error": error })
}

/// Prints clap's message: help and version to stdout with 0, an error to stderr with 64, and below it the hint.
#[expect(
    clippy::print_stderr,
    reason = "the one place where a mistake on the command line reaches the terminal"
)]
pub fn usage(error: &clap::Error, hint: Option<&str>, form: FailureForm) -> u8 {
    if form == FailureForm::Json && error.use_stderr() {
        return code(Err(of_usage(error, hint)), form);
    }
    // A closed pipe (`mock-imds --help | head`) is no failure.
    let _ = error.print();
    if let Some(hint) = hint.filter(|_| error.use_stderr()) {
        eprintln!("\n{hint}");
    }
    if error.use_stderr() { ExitStatus::Usage as u8 } else { 0 }
}

/// Clap's message as a failure: its first paragraph is the sentence, all of it the report.
fn of_usage(error: &clap::Error, hint: Option<&str>) -> Failure {
    let text = error.render().to_string();
    let text = text.trim_end();
    let first = text.split("\n\n").next().unwrap_or_default();
    let sentence: Vec<&str> = first.strip_prefix("error: ").unwrap_or(first).lines().map(str::trim).collect();
    let report = [text].into_iter().chain(hint).collect::<Vec<_>>().join("\n\n");
    let failure = Failure::new(ExitStatus::Usage, sentence.join(" ")).with_report(report);
    // "--in <DURATION>" is the option --in.
    let name = |argument: &str| argument.split_once(' ').map_or(argument, |(name, _)| name).to_owned();
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => failure.at(name(argument)),
        Some(ContextValue::Strings(arguments)) => {
            failure.at(arguments.iter().map(|it| name(it)).collect::<Vec<_>>().join(", "))
        }
        _ => failure,
    }
}
