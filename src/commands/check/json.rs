//! `mock-imds check --json`: the problems, for programs.

use serde::Serialize;

use super::input::{CheckedFile, Subject};
use crate::commands::print::to_json;
use crate::config::{Problem, Severity};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct CheckOutput<'c> {
    accepted: bool,
    errors: usize,
    warnings: usize,
    files: Vec<FileOutput<'c>>,
    problems: Vec<ProblemOutput<'c>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FileOutput<'c> {
    file: &'c str,
    kind: Subject,
    accepted: bool,
    /// Problems that are not listed.
    omitted: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ProblemOutput<'c> {
    file: &'c str,
    severity: &'static str,
    /// Line and column from 1, in characters; absent if the file as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// The place after the last character.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<PlaceOutput>,
    message: &'c str,
    /// What would be accepted; null if the advice says it.
    accepted: Option<&'c str>,
    advice: Vec<&'c str>,
}

#[derive(Serialize)]
struct PlaceOutput {
    line: usize,
    column: usize,
}

/// One line.
pub(super) fn text(checked: &[CheckedFile]) -> String {
    let problems = checked
        .iter()
        .flat_map(|file| file.report.problems.iter().map(|problem| describe(&file.report.file, problem)));
    let count = |severity, omitted: fn(&CheckedFile) -> usize| {
        let listed =
            |file: &CheckedFile| file.report.problems.iter().filter(|p| p.severity == severity).count();
        checked.iter().map(|file| listed(file) + omitted(file)).sum()
    };
    let files = checked.iter().map(|file| FileOutput {
        file: &file.report.file,
        kind: file.subject,
        accepted: !file.rejected,
        omitted: file.report.omitted.errors + file.report.omitted.warnings,
    });
    to_json(&CheckOutput {
        accepted: !checked.iter().any(|file| file.rejected),
        errors: count(Severity::Error, |file| file.report.omitted.errors),
        warnings: count(Severity::Warning, |file| file.report.omitted.warnings),
        files: files.collect(),
        problems: problems.collect(),
    })
}

fn describe<'c>(file: &'c str, problem: &'c Problem) -> ProblemOutput<'c> {
    const ACCEPTED: &str = "accepted: ";
    let help = || problem.help.iter().map(String::as_str);
    let place = problem.span.as_ref();
    ProblemOutput {
        file,
        severity: problem.severity.as_str(),
        line: place.map(|span| span.line),
        column: place.map(|span| span.column),
        end: place.map(|span| PlaceOutput { line: span.end_line, column: span.end_column }),
        message: &problem.found,
        accepted: help().find_map(|line| line.strip_prefix(ACCEPTED)),
        advice: help().filter(|line| !line.starts_with(ACCEPTED)).collect(),
    }
}
