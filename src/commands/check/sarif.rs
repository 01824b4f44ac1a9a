//! `mock-imds check --sarif`: the problems in the Static Analysis Results Interchange Format, 2.1.0 (OASIS), which code
//! scanning services and editors read.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::input::CheckedFile;
use crate::config::{Problem, Severity};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What RFC 3986 does not allow in a path.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The rules: the severities of a report.
const RULES: [(Severity, &str, &str); 2] = [
    (Severity::Error, "invalid", "The file is rejected"),
    (Severity::Warning, "suspicious", "The file is accepted; something in it is probably not meant"),
];

/// One line.
pub(super) fn text(checked: &[CheckedFile]) -> String {
    let results: Vec<Value> = checked.iter().flat_map(results).collect();
    let rules = RULES.map(|(severity, id, text)| {
        json!({
            "id": id,
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": severity.as_str()},
        })
    });
    let driver = json!({"name": "mock-imds", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
    let run = json!({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results});
    json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).to_string()
}

fn results(file: &CheckedFile) -> Vec<Value> {
    let report = &file.report;
    let omitted = report.omitted.words().map(|words| {
        let severity = if report.omitted.errors > 0 { Severity::Error } else { Severity::Warning };
        result(&report.file, &Problem { severity, span: None, found: words, help: vec![] })
    });
    report.problems.iter().map(|problem| result(&report.file, problem)).chain(omitted).collect()
}

fn result(file: &str, problem: &Problem) -> Value {
    let rule = RULES.iter().find(|(severity, ..)| *severity == problem.severity).map(|(_, id, _)| id);
    let text = [std::slice::from_ref(&problem.found), &*problem.help].concat().join("\n");
    let uri = utf8_percent_encode(file, IN_PATH).to_string();
    let mut place = json!({"artifactLocation": {"uri": uri}});
    if let Some(span) = &problem.span {
        place["region"] = json!({
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        });
    }
    json!({
        "ruleId": rule,
        "level": problem.severity.as_str(),
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    })
}
