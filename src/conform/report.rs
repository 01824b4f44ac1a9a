//! What came of the checks.

use serde::Serialize;

use super::check::{CheckGroup, ConformanceCheck};

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(crate) enum CheckVerdict {
    Passed,
    Failed {
        expected: String,
        found: String,
    },
    /// Not carried out: the profile does not claim it, or there is nothing to judge.
    Skipped {
        reason: String,
    },
}

/// A check with its end.
#[derive(Debug, Clone)]
pub(crate) struct CheckResult {
    pub(crate) check: ConformanceCheck,
    pub(crate) verdict: CheckVerdict,
}

/// The result of a run.
#[derive(Debug, Clone)]
pub(crate) struct ConformanceReport {
    /// The URL.
    pub(crate) target: String,
    pub(crate) profile: String,
    pub(crate) results: Vec<CheckResult>,
    /// The requests that were sent.
    pub(crate) requests: usize,
    pub(crate) milliseconds: u64,
    /// The time was over before all checks were made.
    pub(crate) is_cut_short: bool,
}

/// Numbers of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct CheckCounts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl ConformanceReport {
    pub(crate) fn of(&self, group: CheckGroup) -> impl Iterator<Item = &CheckResult> {
        self.results.iter().filter(move |result| result.check.group == group)
    }

    pub(crate) fn counts<'r>(results: impl Iterator<Item = &'r CheckResult>) -> CheckCounts {
        let mut counts = CheckCounts::default();
        for result in results {
            match result.verdict {
                CheckVerdict::Passed => counts.passed += 1,
                CheckVerdict::Failed { .. } => counts.failed += 1,
                CheckVerdict::Skipped { .. } => counts.skipped += 1,
            }
        }
        counts
    }

    /// The report as JSON.
    pub(crate) fn json(&self) -> String {
        let checks: Vec<_> = self.results.iter().map(json_of).collect();
        let report = JsonReport {
            target: &self.target,
            profile: &self.profile,
            complete: !self.is_cut_short,
            milliseconds: self.milliseconds,
            requests: self.requests,
            counts: Self::counts(self.results.iter()),
            checks,
        };
        serde_json::to_string_pretty(&report).expect("a report has string keys only")
    }
}

/// The checks as JSON, without a run.
pub(crate) fn list_json(checks: &[ConformanceCheck]) -> String {
    let checks: Vec<_> = checks.iter().map(json_check).collect();
    serde_json::to_string_pretty(&checks).expect("a list has string keys only")
}

#[derive(Serialize)]
struct JsonReport<'r> {
    target: &'r str,
    profile: &'r str,
    complete: bool,
    milliseconds: u64,
    requests: usize,
    #[serde(flatten)]
    counts: CheckCounts,
    checks: Vec<JsonResult<'r>>,
}

#[derive(Serialize)]
struct JsonResult<'r> {
    #[serde(flatten)]
    check: JsonCheck<'r>,
    #[serde(flatten)]
    verdict: &'r CheckVerdict,
}

#[derive(Serialize)]
struct JsonCheck<'r> {
    name: &'r str,
    group: CheckGroup,
    asked: &'r str,
    expects: &'r str,
    confidence: &'static str,
    source: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    breaks: &'static str,
}

fn json_of(result: &CheckResult) -> JsonResult<'_> {
    JsonResult { check: json_check(&result.check), verdict: &result.verdict }
}

fn json_check(check: &ConformanceCheck) -> JsonCheck<'_> {
    JsonCheck {
        name: &check.name,
        group: check.group,
        asked: &check.asked,
        expects: &check.expected,
        confidence: check.basis.confidence(),
        source: check.basis.source(),
        breaks: check.breaks,
    }
}
