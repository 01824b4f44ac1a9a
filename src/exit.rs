//! Failures for an operator: one clear sentence and an exit code from sysexits.h.

use std::fmt;
use std::process::ExitCode;

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

/// A failure with the sentence that the operator reads: what, where, what was found, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: ExitStatus,
    /// One sentence, or a whole report; no trailing newline.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Prints a failure to stderr and gives the process' exit code.
#[expect(clippy::print_stderr, reason = "the one place where a failure reaches the terminal")]
pub(crate) fn code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                eprintln!("mock-imds: {}", failure.message);
            }
            ExitCode::from(failure.status as u8)
        }
    }
}

/// Prints clap's message: help and version to stdout with 0, an error to stderr with 64, and below it the hint.
#[expect(
    clippy::print_stderr,
    reason = "the one place where a mistake on the command line reaches the terminal"
)]
pub fn usage(error: &clap::Error, hint: Option<&str>) -> ExitCode {
    // A closed pipe (`mock-imds --help | head`) is no failure.
    let _ = error.print();
    if let Some(hint) = hint.filter(|_| error.use_stderr()) {
        eprintln!("\n{hint}");
    }
    if error.use_stderr() { ExitCode::from(ExitStatus::Usage as u8) } else { ExitCode::SUCCESS }
}
