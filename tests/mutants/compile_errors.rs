//! Which mutants do not compile, by the compiler's errors in the rewritten files.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;

use crate::rewrite::Rewritten;

#[derive(Deserialize)]
struct CargoLine {
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    code: Option<Code>,
    level: String,
    rendered: Option<String>,
    #[serde(default)]
    spans: Vec<DiagnosticSpan>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct DiagnosticSpan {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
}

/// `messages` is what cargo prints with `--message-format json`. An error at no mutant is returned as it is rendered.
pub(crate) fn culprits(messages: &str, files: &BTreeMap<String, Rewritten>) -> Result<BTreeSet<u32>, String> {
    let mut found = BTreeSet::new();
    for line in messages.lines() {
        let Ok(CargoLine { message: Some(diagnostic) }) = serde_json::from_str(line) else { continue };
        if diagnostic.level != "error" || diagnostic.spans.is_empty() {
            continue;
        }
        let numbers = of_diagnostic(&diagnostic, files);
        if numbers.is_empty() {
            return Err(diagnostic.rendered.unwrap_or_default());
        }
        found.extend(numbers);
    }
    Ok(found)
}

/// Without some arm a `match` does not cover everything.
const NOT_COVERED: &str = "E0004";

fn of_diagnostic(diagnostic: &Diagnostic, files: &BTreeMap<String, Rewritten>) -> BTreeSet<u32> {
    if diagnostic.code.as_ref().is_some_and(|code| code.code == NOT_COVERED) {
        let primary = diagnostic.spans.iter().filter(|span| span.is_primary);
        let wrapped = primary
            .filter_map(|span| Some((span, files.get(&span.file_name)?)))
            .flat_map(|(span, file)| file.wrapped.iter().filter(|(range, _)| range.start == span.byte_start));
        return wrapped.flat_map(|(_, numbers)| numbers.iter().copied()).collect();
    }
    for primary in [true, false] {
        let mut numbers = BTreeSet::new();
        for span in diagnostic.spans.iter().filter(|span| span.is_primary == primary) {
            let Some(file) = files.get(&span.file_name) else { continue };
            let range = span.byte_start..span.byte_end;
            numbers.extend(
                file.regions.iter().filter(|(region, _)| within(&range, region)).map(|(_, number)| *number),
            );
            if numbers.is_empty() {
                // The innermost place around it.
                let around = file.wrapped.iter().filter(|(wrapped, _)| within(&range, wrapped));
                if let Some((_, innermost)) = around.min_by_key(|(wrapped, _)| wrapped.len()) {
                    numbers.extend(innermost);
                }
            }
            if numbers.is_empty() {
                // Places that it spans.
                numbers.extend(
                    file.regions
                        .iter()
                        .filter(|(region, _)| within(region, &range))
                        .map(|(_, number)| *number),
                );
            }
        }
        if !numbers.is_empty() {
            return numbers;
        }
    }
    BTreeSet::new()
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
