//! The checks of a service as people read them. Pure.

use crate::conform::{CheckGroup, CheckResult, CheckVerdict, ConformanceCheck, ConformanceReport};
use crate::terminal::{StyledText, TextStyle};

/// Columns of the groups' names.
const GROUP: usize = 14;
/// Columns before the name of a check, and before what is said of one.
const INDENT: usize = 2;
const DETAIL: usize = 6;
/// Columns of the words before what is said.
const WORD: usize = 10;

/// A line for each group, one for each check that fails, or of all, and the sum.
pub(super) fn report(report: &ConformanceReport, verbose: bool, columns: Option<usize>) -> Vec<StyledText> {
    let mut lines = vec![];
    for group in CheckGroup::all() {
        let counts = ConformanceReport::counts(report.of(*group));
        if counts.passed + counts.failed + counts.skipped == 0 {
            continue;
        }
        let (style, mark) = match (counts.failed, counts.passed) {
            (0, 0) => (TextStyle::Dim, "-"),
            (0, _) => (TextStyle::Good, "✓"),
            _ => (TextStyle::Bad, "✗"),
        };
        let name = StyledText::styled(TextStyle::Bold, group.name()).padded(GROUP);
        let head = StyledText::styled(style, mark).with(TextStyle::Plain, " ").then(name);
        lines.push(head.with(TextStyle::Plain, numbers(counts.passed, counts.failed, counts.skipped)));
        for result in report.of(*group) {
            lines.extend(of_result(result, verbose, columns));
        }
    }
    let sum = sum(report);
    lines.extend(columns.map_or_else(|| vec![sum.clone()], |columns| sum.wrapped(columns)));
    lines
}

fn numbers(passed: usize, failed: usize, skipped: usize) -> String {
    let parts = [(passed, "passed"), (failed, "failed"), (skipped, "skipped")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    parts.join(", ")
}

fn sum(report: &ConformanceReport) -> StyledText {
    let counts = ConformanceReport::counts(report.results.iter());
    let style = if counts.failed == 0 { TextStyle::Good } else { TextStyle::Bad };
    let (seconds, tenths) = (report.milliseconds / 1000, report.milliseconds % 1000 / 100);
    StyledText::styled(style, numbers(counts.passed, counts.failed, counts.skipped)).with(
        TextStyle::Plain,
        format!(
            " of {} as {}: {} requests in {seconds}.{tenths} s",
            report.target, report.profile, report.requests
        ),
    )
}

fn of_result(result: &CheckResult, verbose: bool, columns: Option<usize>) -> Vec<StyledText> {
    let name = result.check.name.as_str();
    let line = |style, mark: &str| {
        StyledText::plain(" ".repeat(INDENT)).with(style, mark).with(TextStyle::Plain, format!(" {name}"))
    };
    match &result.verdict {
        CheckVerdict::Passed if verbose => vec![line(TextStyle::Good, "✓")],
        CheckVerdict::Skipped { reason } if verbose => {
            vec![line(TextStyle::Dim, "-").with(TextStyle::Dim, format!(": {reason}"))]
        }
        CheckVerdict::Passed | CheckVerdict::Skipped { .. } => vec![],
        CheckVerdict::Failed { expected, found } => {
            let mut lines = vec![line(TextStyle::Bad, "✗")];
            lines.extend(detail("asked", &result.check.asked, columns));
            lines.extend(detail("expected", expected, columns));
            lines.extend(detail("found", found, columns));
            lines.extend(of_basis(&result.check, columns));
            lines
        }
    }
}

fn of_basis(check: &ConformanceCheck, columns: Option<usize>) -> Vec<StyledText> {
    let mut lines =
        detail("basis", &format!("{}: {}", check.basis.confidence(), check.basis.source()), columns);
    if !check.breaks.is_empty() {
        lines.extend(detail("breaks", check.breaks, columns));
    }
    lines
}

/// A word and what belongs to it, wrapped below itself.
fn detail(word: &str, text: &str, columns: Option<usize>) -> Vec<StyledText> {
    let start = DETAIL + WORD;
    let text = StyledText::plain(text);
    let wrapped = match columns {
        Some(columns) => text.wrapped(columns.saturating_sub(start).max(20)),
        None => vec![text],
    };
    let lines = wrapped.into_iter().enumerate().map(|(at, line)| {
        let word = if at == 0 { word } else { "" };
        StyledText::plain(" ".repeat(DETAIL)).with(TextStyle::Dim, word).padded(start).then(line)
    });
    lines.collect()
}

/// The checks, without a service.
pub(super) fn list(checks: &[ConformanceCheck], columns: Option<usize>) -> Vec<StyledText> {
    let mut lines = vec![];
    for group in CheckGroup::all() {
        let of_group: Vec<_> = checks.iter().filter(|check| check.group == *group).collect();
        if of_group.is_empty() {
            continue;
        }
        lines.push(StyledText::styled(TextStyle::Bold, group.name()));
        for check in of_group {
            lines.push(StyledText::plain(format!("{}{}", " ".repeat(INDENT), check.name)));
            lines.extend(detail("asked", &check.asked, columns));
            lines.extend(detail("expected", &check.expected, columns));
            lines.extend(of_basis(check, columns));
        }
    }
    lines.push(StyledText::plain(format!("{} checks", checks.len())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::all_checks;
    use crate::terminal::Terminal;

    fn failed() -> ConformanceReport {
        let found = "\"a very long value that nobody expected\"…".repeat(5);
        let verdict = || CheckVerdict::Failed { expected: "another one ".repeat(20), found: found.clone() };
        let results = all_checks().into_iter().map(|check| CheckResult { check, verdict: verdict() });
        ConformanceReport {
            target: "http://127.0.0.1:1338".to_owned(),
            profile: "ec2".to_owned(),
            results: results.collect(),
            requests: 290,
            milliseconds: 3456,
            is_cut_short: false,
        }
    }

    #[test]
    fn what_is_said_of_a_check_fits_a_terminal() {
        let failed = failed();
        for line in report(&failed, true, Some(80)) {
            assert!(line.width() <= 80, "{line:?}");
        }
        for line in list(&all_checks(), Some(80)) {
            assert!(line.width() <= 80, "{line:?}");
        }
    }

    #[test]
    fn the_sum_is_the_last_line() {
        let lines = report(&failed(), false, None);
        let last = Terminal::PLAIN.render(lines.last().expect("there are lines"));
        let expected =
            format!("{} failed of http://127.0.0.1:1338 as ec2: 290 requests in 3.4 s", all_checks().len());
        assert_eq!(last, expected);
    }
}
