//! Problems and how they read.

use std::fmt::{self, Write as _};

/// Whether a problem rejects the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file is rejected.
    Error,
    /// The file is accepted; the reader should know.
    Warning,
}

/// One problem, with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it rejects the file.
    pub severity: Severity,
    /// Line from 1, column in characters from 1, and what stands there; `None` when the file as a whole is meant.
    pub place: Option<SourceSpan>,
    /// What was found: a sentence without a full stop.
    pub found: String,
    /// Lines of help, each "accepted: …" or "did you mean …".
    pub help: Vec<String>,
}

/// Where in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The line as it is shown: no control characters, clipped.
    pub text: String,
    /// Characters before the caret in `text`.
    pub indent: usize,
    /// How many carets.
    pub width: usize,
}

/// All problems of one file, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The file's name as the user knows it.
    pub file: String,
    /// The problems.
    pub problems: Vec<Problem>,
}

impl Report {
    /// A report of one error about the file as a whole.
    pub(crate) fn whole(file: impl Into<String>, found: impl Into<String>, help: impl Into<String>) -> Self {
        let problem =
            Problem { severity: Severity::Error, place: None, found: found.into(), help: vec![help.into()] };
        Self { file: file.into(), problems: vec![problem] }
    }

    /// Whether the file is rejected.
    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(|p| p.severity == Severity::Error)
    }

    /// The first error in one line, for `STATUS=` and log lines.
    pub(crate) fn headline(&self) -> String {
        let errors = self.problems.iter().filter(|p| p.severity == Severity::Error).count();
        let first = self.problems.iter().min_by_key(|p| p.severity);
        let Some(first) = first else { return format!("{}: no problem", self.file) };
        let more = if errors > 1 { format!(" (and {} more)", errors - 1) } else { String::new() };
        format!("{}{}: {}{more}", self.file, first.position(), first.found)
    }
}

impl Problem {
    fn position(&self) -> String {
        self.place.as_ref().map(|p| format!(":{}:{}", p.line, p.column)).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            write!(f, "{}{}: {severity}: {}", self.file, problem.position(), problem.found)?;
            if let Some(place) = &problem.place {
                let number = place.line.to_string();
                let margin = " ".repeat(number.len());
                let indent = " ".repeat(place.indent);
                let carets = "^".repeat(place.width);
                write!(f, "\n  {number} | {}\n  {margin} | {indent}{carets}", place.text)?;
            }
            for help in &problem.help {
                write!(f, "\n  {help}")?;
            }
        }
        Ok(())
    }
}
