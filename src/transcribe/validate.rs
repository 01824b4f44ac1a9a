//! A draft as the validator takes it: without what it rejects, and, of a file, without what it warns of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::account::{InputName, lines_of_names};
use super::draft::Draft;
use super::observations::{ObservationSource, Observations};
use super::transcribe_error::TranscribeError;
use crate::config::{Report, Severity, SourceText};
use crate::model::Scenario;
use crate::scenario;

/// Keys of the draft.
type Keys = BTreeSet<String>;

/// What a draft has at the end: facts alone, or the overrides too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DraftStage {
    Facts,
    Overrides,
}

/// Retracts what the validator rejects, until it rejects nothing. Returns the scenario, and the keys of overrides that were
/// retracted because they would contradict the facts.
pub(super) fn settle(
    draft: &mut Draft,
    observations: &mut Observations,
    stage: DraftStage,
) -> Result<(Scenario, Keys), TranscribeError> {
    let mut left_out = Keys::new();
    loop {
        match read(draft) {
            Ok((scenario, report)) => {
                if observations.source == ObservationSource::Service
                    || !retract_warned(draft, observations, &report, stage, &mut left_out)
                {
                    return Ok((scenario, left_out));
                }
            }
            Err(report) => {
                let retracted = draft.retract(lines(&report, Severity::Error));
                if retracted.is_empty() {
                    return Err(TranscribeError::Rejected(report));
                }
                add_notes(observations, &retracted, "not said as a fact");
            }
        }
    }
}

fn read(draft: &Draft) -> Result<(Scenario, Report), Report> {
    scenario::read(&SourceText::new("the scenario", draft.text()), Path::new(""))
}

fn lines(report: &Report, severity: Severity) -> Vec<(usize, String)> {
    let problems = report.problems.iter().filter(|problem| problem.severity == severity);
    problems.filter_map(|problem| Some((problem.span.as_ref()?.line, problem.found.clone()))).collect()
}

/// Retracts what the validator warns of, unless it is what it is on purpose. False if there is nothing more to retract.
fn retract_warned(
    draft: &mut Draft,
    observations: &mut Observations,
    report: &Report,
    stage: DraftStage,
    left_out: &mut Keys,
) -> bool {
    let warned = lines(report, Severity::Warning);
    if warned.is_empty() {
        return false;
    }
    // Zones and architectures of a test's own.
    if !draft.has_other_ids() {
        draft.allow_other_ids(true);
        let left =
            read(draft).map_or_else(|_| warned.clone(), |(_, report)| lines(&report, Severity::Warning));
        if left.len() < warned.len() {
            draft.keep_other_ids();
            let is_left = |found: &String| left.iter().any(|(_, other)| other == found);
            for (_, found) in warned.iter().filter(|(_, found)| !is_left(found)) {
                observations.add_note(format!("{found}: taken as it is, and `other-ids` says so"));
            }
            return true;
        }
        draft.allow_other_ids(false);
    }
    let retracted = draft.retract(warned);
    let outcome = match stage {
        DraftStage::Facts => "not said as a fact",
        DraftStage::Overrides => "left out",
    };
    add_notes(observations, &retracted, outcome);
    left_out.extend(retracted.iter().map(|(what, _)| what.clone()));
    !retracted.is_empty()
}

/// A note for each reason, with all that was retracted for it.
fn add_notes(observations: &mut Observations, retracted: &[(String, String)], outcome: &str) {
    let mut by_reason: BTreeMap<&str, Vec<InputName>> = BTreeMap::new();
    for (what, found) in retracted {
        by_reason.entry(found).or_default().push(vec![what.clone()]);
    }
    for (found, names) in by_reason {
        let verb = if names.len() == 1 { "is" } else { "are" };
        for names in lines_of_names(&names) {
            observations.add_note(format!("{names} {verb} {outcome}: {found}"));
        }
    }
}
