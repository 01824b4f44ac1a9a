//! Reports: the problems of a file, and their text form.

use std::fmt::{self, Write as _};

/// Problems that a report has at most. Who has mended these sees the next.
pub(super) const MAX_PROBLEMS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    /// The file is accepted; something in it is probably not meant.
    Warning,
}

impl Severity {
    /// "error" or "warning".
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A problem with its position in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// The part of the file with the problem; `None` if it is the file as a whole.
    pub span: Option<SourceSpan>,
    /// The finding: a sentence without a full stop.
    pub found: String,
    /// Lines of help, each "accepted: …" or "did you mean …".
    pub help: Vec<String>,
}

/// A part of one line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// The line's number, from 1.
    pub line: usize,
    /// The column of the first character, from 1.
    pub column: usize,
    /// The line for display: without control characters, clipped.
    pub text: String,
    /// The number of characters before the caret in `text`.
    pub indent: usize,
    /// The number of carets.
    pub width: usize,
    /// The line of the place after the last character.
    pub end_line: usize,
    /// Its column.
    pub end_column: usize,
}

/// The problems of one file, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The file's name as the user gave it.
    pub file: String,
    pub problems: Vec<Problem>,
    /// The numbers of those that are not among `problems`.
    pub omitted: Omitted,
}

/// Problems that a report leaves out: later ones of the file, and warnings rather than errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Omitted {
    pub errors: usize,
    pub warnings: usize,
}

impl Report {
    /// A report of one error about the file as a whole.
    pub(crate) fn whole(file: impl Into<String>, found: impl Into<String>, help: impl Into<String>) -> Self {
        let problem =
            Problem { severity: Severity::Error, span: None, found: found.into(), help: vec![help.into()] };
        Self { file: file.into(), problems: vec![problem], omitted: Omitted::default() }
    }

    /// Whether one of the problems rejects the file.
    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(|p| p.severity == Severity::Error)
    }

    /// The place of the first error, as `FILE:LINE:COLUMN`; only the file's name if the file as a whole is meant.
    pub(crate) fn place(&self) -> String {
        let first = self.problems.iter().min_by_key(|problem| problem.severity);
        format!("{}{}", self.file, first.map(Problem::suffix).unwrap_or_default())
    }

    /// The first error in one line, for `STATUS=` and log lines.
    pub(crate) fn headline(&self) -> String {
        let errors = self.problems.iter().filter(|p| p.severity == Severity::Error).count();
        let errors = errors + self.omitted.errors;
        let first = self.problems.iter().min_by_key(|p| p.severity);
        let Some(first) = first else { return format!("{}: no problem", self.file) };
        let more = if errors > 1 { format!(" (and {} more)", errors - 1) } else { String::new() };
        format!("{}{}: {}{more}", self.file, first.suffix(), first.found)
    }
}

impl Omitted {
    /// "3 more errors and 1 more warning are not listed"; `None` if nothing is left out.
    pub(crate) fn words(self) -> Option<String> {
        let words = |count: usize, what: &str| {
            let plural = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} more {what}{plural}"))
        };
        let verb = if self.errors + self.warnings == 1 { "is" } else { "are" };
        let both = match (words(self.errors, "error"), words(self.warnings, "warning")) {
            (Some(errors), Some(warnings)) => format!("{errors} and {warnings}"),
            (errors, warnings) => errors.or(warnings)?,
        };
        Some(format!("{both} {verb} not listed"))
    }
}

impl Problem {
    /// Line and column.
    fn position(&self) -> Option<(usize, usize)> {
        self.span.as_ref().map(|span| (span.line, span.column))
    }

    /// The position as it follows the file's name.
    fn suffix(&self) -> String {
        self.position().map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            let severity = problem.severity.as_str();
            write!(f, "{}{}: {severity}: {}", self.file, problem.suffix(), problem.found)?;
            if let Some(span) = &problem.span {
                let number = span.line.to_string();
                let margin = " ".repeat(number.len());
                let indent = " ".repeat(span.indent);
                let carets = "^".repeat(span.width);
                write!(f, "\n  {number} | {}\n  {margin} | {indent}{carets}", span.text)?;
            }
            for help in &problem.help {
                write!(f, "\n  {help}")?;
            }
        }
        if let Some(more) = self.omitted.words() {
            write!(f, "\n{}: {more}", self.file)?;
        }
        Ok(())
    }
}
