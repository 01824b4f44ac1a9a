//! The report as JUnit's XML, which CI systems read.

use std::fmt::Write as _;

use super::check::CheckGroup;
use super::report::{CheckResult, CheckVerdict, ConformanceReport};

/// A suite for each group, and a case for each check.
pub(crate) fn junit(report: &ConformanceReport) -> String {
    let all = ConformanceReport::counts(report.results.iter());
    let seconds = report.milliseconds / 1000;
    let thousandths = report.milliseconds % 1000;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"mock-imds conform {}\" tests=\"{}\" failures=\"{}\" time=\"{seconds}.{thousandths:03}\">",
        escaped(&report.target),
        report.results.len(),
        all.failed
    );
    for group in CheckGroup::all() {
        let counts = ConformanceReport::counts(report.of(*group));
        let tests = counts.passed + counts.failed + counts.skipped;
        if tests == 0 {
            continue;
        }
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{}\" skipped=\"{}\">",
            group.name(),
            counts.failed,
            counts.skipped
        );
        report.of(*group).for_each(|result| case(&mut xml, result));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, result: &CheckResult) {
    let check = &result.check;
    let start = format!(
        "    <testcase classname=\"conform.{}\" name=\"{}\"",
        check.group.name(),
        escaped(&check.name)
    );
    let _ = match &result.verdict {
        CheckVerdict::Passed => writeln!(xml, "{start}/>"),
        CheckVerdict::Skipped { reason } => {
            writeln!(xml, "{start}><skipped message=\"{}\"/></testcase>", escaped(reason))
        }
        CheckVerdict::Failed { expected, found } => {
            let (confidence, source) = (check.basis.confidence(), check.basis.source());
            let text = format!(
                "asked: {}\nexpected: {expected}\nfound: {found}\nsure: {confidence}, {source}\nbreaks: {}",
                check.asked, check.breaks
            );
            let message = format!("expected {expected}, found {found}");
            writeln!(
                xml,
                "{start}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                escaped(&message),
                escaped(&text)
            )
        }
    };
}

/// XML has no control character but three.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
