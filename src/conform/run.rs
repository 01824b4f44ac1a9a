//! Makes the checks, one after the other.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::all_checks;
use super::check::{CheckTest, ConformanceCheck};
use super::expectation::status_line;
use super::facts::MACS;
use super::finding::{CheckFinding, Judgement};
use super::forms::ValueForm;
use super::limits::ConformanceLimits;
use super::profile::ConformanceProfile;
use super::raw_response::{ParsedResponse, RawResponse, parse};
use super::redaction::shown_body;
use super::report::{CheckResult, CheckVerdict, ConformanceReport};
use super::service::ServiceUnderTest;
use crate::clock::monotonic;
use crate::identity::VerificationKey;
use crate::record::Target;

/// How far a run is, for another thread.
#[derive(Debug, Default)]
pub(crate) struct ConformanceProgress {
    made: AtomicUsize,
    all: AtomicUsize,
}

impl ConformanceProgress {
    pub(crate) fn line(&self) -> String {
        let (made, all) = (self.made.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed));
        format!("{made} of {all} checks")
    }
}

/// A run of the suite against a service.
#[derive(Debug)]
pub(crate) struct ConformanceRun<'r> {
    pub(crate) target: &'r Target,
    pub(crate) profile: &'r ConformanceProfile,
    pub(crate) certificates: &'r [VerificationKey],
    pub(crate) limits: ConformanceLimits,
}

impl ConformanceRun<'_> {
    /// Makes the checks. An error is the reason that no service answers.
    pub(crate) fn make(
        &self,
        checks: Vec<ConformanceCheck>,
        progress: &ConformanceProgress,
    ) -> Result<ConformanceReport, String> {
        let started = monotonic();
        progress.all.store(checks.len(), Ordering::Relaxed);
        let opened = ServiceUnderTest::open(self.target, self.certificates, &self.limits);
        let mut service = opened.map_err(|why| why.text().to_owned())?;
        let (mut results, mut is_cut_short) = (vec![], false);
        for check in checks {
            let verdict = match self.profile.skips(&check) {
                Some(reason) => CheckVerdict::Skipped { reason: reason.to_owned() },
                None if !service.has_time() => not_made(),
                None => match verdict(&check, judge(&check, &mut service)) {
                    // The service may not have had the time to answer.
                    CheckVerdict::Failed { .. } if !service.has_time() => not_made(),
                    verdict => verdict,
                },
            };
            is_cut_short |= verdict == not_made();
            results.push(CheckResult { check, verdict });
            progress.made.fetch_add(1, Ordering::Relaxed);
        }
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (target, profile) = (self.target.to_string(), self.profile.name.clone());
        let requests = service.requests;
        Ok(ConformanceReport { target, profile, results, requests, milliseconds, is_cut_short })
    }
}

fn not_made() -> CheckVerdict {
    CheckVerdict::Skipped { reason: "the time of the run was over".to_owned() }
}

fn verdict(check: &ConformanceCheck, judgement: Judgement) -> CheckVerdict {
    match judgement {
        Ok(()) => CheckVerdict::Passed,
        Err(CheckFinding::NotApplicable(reason)) => CheckVerdict::Skipped { reason },
        Err(CheckFinding::Fails { expected, found }) => {
            let expected = expected.unwrap_or_else(|| check.expected.clone());
            CheckVerdict::Failed { expected, found }
        }
    }
}

fn judge(check: &ConformanceCheck, service: &mut ServiceUnderTest<'_>) -> Judgement {
    match &check.test {
        CheckTest::Facts(test) => test(service),
        CheckTest::Answer(probe, expectations) => {
            let path = service.resolve(probe.path)?;
            let response = service.ask(probe, &path)?;
            expectations.iter().try_for_each(|expected| expected.judge(&path, &response))
        }
        CheckTest::Answers(path) => {
            let response = service.get(path)?;
            let found = status_line(&response);
            if response.status == 200 { Ok(()) } else { Err(CheckFinding::fails(found)) }
        }
        CheckTest::Form(path, form) => has_form(service, path, *form),
        CheckTest::InterfaceForm { leaf, form, always } => interface_form(service, leaf, *form, *always),
        CheckTest::ListedIfThere { directory, name } => listed_if_there(service, directory, name),
        CheckTest::Since { below, introduced } => since(service, below, introduced),
    }
}

/// What the checks of one answer find in these bytes, whatever was asked: for tests that make bytes up.
pub(crate) fn findings_of(bytes: &[u8]) -> Vec<String> {
    let mut findings = vec![];
    for is_head in [false, true] {
        let _ = parse(bytes, is_head, false);
        let ParsedResponse::Whole(response) = parse(bytes, is_head, true) else { continue };
        for check in all_checks() {
            let judgement = match &check.test {
                CheckTest::Answer(probe, expectations) => {
                    expectations.iter().try_for_each(|expected| expected.judge(probe.path, &response))
                }
                CheckTest::Form(path, form) => of_form(path, *form, &response),
                CheckTest::InterfaceForm { leaf, form, .. } => of_form(leaf, *form, &response),
                _ => Ok(()),
            };
            if let Err(CheckFinding::Fails { found, .. }) = judgement {
                findings.push(found);
            }
        }
    }
    findings
}

/// The value, or each value of a directory if the path ends in `{each}`.
fn has_form(service: &mut ServiceUnderTest<'_>, path: &str, form: ValueForm) -> Judgement {
    let Some(directory) = path.strip_suffix("{each}") else {
        let path = service.resolve(path)?;
        return value_has_form(service, &path, form);
    };
    for name in service.lines(directory)? {
        value_has_form(service, &format!("{directory}{name}"), form)?;
    }
    Ok(())
}

fn value_has_form(service: &mut ServiceUnderTest<'_>, path: &str, form: ValueForm) -> Judgement {
    let response = service.there(path)?;
    of_form(path, form, &response)
}

fn of_form(path: &str, form: ValueForm, response: &RawResponse) -> Judgement {
    if response.text().is_some_and(form.holds) {
        return Ok(());
    }
    Err(CheckFinding::differs(form.what, format!("{} at {path}", shown_body(path, response))))
}

fn interface_form(
    service: &mut ServiceUnderTest<'_>,
    leaf: &str,
    form: ValueForm,
    always: bool,
) -> Judgement {
    let mut is_there = false;
    for mac in service.macs()? {
        let path = format!("{MACS}{mac}/{leaf}");
        let response = service.get(&path)?;
        match response.status {
            200 => value_has_form(service, &path, form)?,
            404 if !always => continue,
            status => return Err(CheckFinding::fails(format!("status {status} at {path}"))),
        }
        is_there = true;
    }
    if is_there { Ok(()) } else { Err(CheckFinding::not_applicable(format!("no interface has {leaf}"))) }
}

fn listed_if_there(service: &mut ServiceUnderTest<'_>, directory: &str, name: &str) -> Judgement {
    let listed = service.lines(directory)?.iter().any(|line| line == name);
    let path = format!("{directory}{name}");
    let status = service.get(&path)?.status;
    match (listed, status == 200) {
        (true, true) => Ok(()),
        (false, false) => Err(CheckFinding::not_applicable("not listed, and 404")),
        (true, false) => {
            Err(CheckFinding::fails(format!("{name} is listed in {directory}, and answers {status}")))
        }
        (false, true) => {
            Err(CheckFinding::fails(format!("{path} answers 200, and is not listed in {directory}")))
        }
    }
}

fn since(service: &mut ServiceUnderTest<'_>, below: &str, introduced: &str) -> Judgement {
    let below = service.resolve(below)?;
    service.there(&format!("/latest/{below}"))?;
    let before = service.version_before(introduced)?;
    let path = format!("/{before}/{below}");
    let status = service.get(&path)?.status;
    if status == 404 {
        return Ok(());
    }
    Err(CheckFinding::differs(
        format!("404 at {path}: the path is of {introduced}"),
        format!("status {status}"),
    ))
}
