//! The answers of a service → a scenario that answers the same.
//!
//! | step | where |
//! |---|---|
//! | answers, without the secrets that nobody asked for → [`Observations`] | the crawler, [`dump`], [`cloud_init`] |
//! | [`Observations`] → facts, the keys that a person would write | `facts` |
//! | the facts, compiled and asked as any other scenario: what differs becomes an override path by path | `difference` |
//!
//! So it does not matter whether the facts are right: a fact that the validator rejects is retracted, and the paths that
//! it was to explain become overrides. Pure: files, sockets and the clock are the callers'.

pub mod cloud_init;
mod difference;
mod draft;
pub mod dump;
mod facts;
mod known_paths;
mod observations;
mod quote;
mod role;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use crate::config::{MAX_BYTES, Report, Severity, SourceText};
use crate::identity::KeyRing;
use crate::imds::Fleet;
use crate::model::{Scenario, Timestamp};
use crate::scenario;

use draft::Draft;
use known_paths::{IDENTITY, IDENTITY_ROLE};
pub use observations::{Observations, SecretsPolicy, clip};

#[derive(Debug)]
pub struct Transcript {
    pub text: String,
    /// Remarks on what is not in it.
    pub notes: Vec<String>,
    pub has_credentials: bool,
    pub has_user_data: bool,
    /// The number of keys outside of `[metadata]`.
    pub facts: usize,
    /// The number of keys of `[metadata]`.
    pub overrides: usize,
}

/// The reason that there is no scenario.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TranscribeError {
    #[error("nothing answered")]
    Nothing,
    #[error("the scenario would have {0} bytes; accepted: at most {MAX_BYTES}")]
    TooLarge(usize),
    #[error("the scenario that was written is not accepted; this is a defect of mock-imds:\n{0}")]
    Rejected(Report),
}

/// Writes the scenario. `origin` names the source of the answers in one line; `keys` sign nothing that leaves.
pub fn transcribe(
    mut observations: Observations,
    origin: &str,
    keys: &Arc<KeyRing>,
    now: Timestamp,
) -> Result<Transcript, TranscribeError> {
    if observations.value_count() == 0 {
        return Err(TranscribeError::Nothing);
    }
    let mut draft = facts::draft(&mut observations, now);
    let scenario = retract_rejected(&mut draft, &mut observations)?;
    let facts = draft.key_count();
    let answers = |scenario, observations: &Observations| {
        Fleet::compile(scenario, keys, now, now).answers(&observations.version, now)
    };
    let overrides = difference::remaining_overrides(&observations, &answers(scenario, &observations));
    draft.push(difference::metadata_table(&overrides, observations.traits.http.profile));
    let scenario = retract_rejected(&mut draft, &mut observations)?;
    let unresolved = difference::remaining_overrides(&observations, &answers(scenario, &observations));
    for path in unresolved.keys() {
        observations.add_note(format!("{path} answers otherwise than it did: a scenario cannot say it"));
    }
    note_omissions(&mut observations);
    let text = preface(origin, &observations.notes) + &draft.text();
    if text.len() as u64 > MAX_BYTES {
        return Err(TranscribeError::TooLarge(text.len()));
    }
    Ok(Transcript {
        has_credentials: observations.has_real_keys,
        has_user_data: observations.holds_user_data(),
        overrides: draft.key_count() - facts,
        facts,
        text,
        notes: observations.notes,
    })
}

/// Retracts what the validator rejects, until it rejects nothing.
fn retract_rejected(draft: &mut Draft, observations: &mut Observations) -> Result<Scenario, TranscribeError> {
    loop {
        let report = match scenario::read(&SourceText::new("the scenario", draft.text()), Path::new("")) {
            Ok((scenario, _)) => return Ok(scenario),
            Err(report) => report,
        };
        let errors = report.problems.iter().filter(|problem| problem.severity == Severity::Error);
        let rejected = errors.filter_map(|error| Some((error.span.as_ref()?.line, &error.found)));
        let retracted = draft.retract(rejected.collect());
        if retracted.is_empty() {
            return Err(TranscribeError::Rejected(report));
        }
        for (what, found) in retracted {
            observations.add_note(format!("{what} is not said as a fact: {found}"));
        }
    }
}

fn note_omissions(observations: &mut Observations) {
    if observations.is_aemm() {
        return note_aemm_omissions(observations);
    }
    if observations.has(IDENTITY) {
        observations.add_note(
            "the identity document's signatures: they need AWS' keys. Our own sign it; \
             `mock-imds show identity-certificate` prints what verifies them",
        );
    }
    note_user_data(observations);
    match &observations.role {
        Some(role) if role.keys.is_none() => {
            let name = role.name.clone();
            observations.add_note(format!(
                "credentials of the role {name}: generated ones are served instead; --with-credentials takes the real ones along"
            ));
        }
        _ => {}
    }
    if observations.has(IDENTITY_ROLE) {
        observations.add_note("credentials of the instance identity role: generated ones are served instead");
    }
    observations.add_note("http-put-response-hop-limit, which no answer tells");
}

fn note_user_data(observations: &mut Observations) {
    if let Some(digest) = observations.user_data_digest.clone() {
        observations
            .add_note(format!("user data ({digest}): it may hold secrets; --with-user-data takes it along"));
    }
}

fn note_aemm_omissions(observations: &mut Observations) {
    note_user_data(observations);
    if let Some(role) = observations.role.as_ref().filter(|role| role.keys.is_none()) {
        let name = role.name.clone();
        observations.add_note(format!(
            "credentials of the role {name}: examples with the same times are served instead; --with-credentials takes \
             those that it gave along"
        ));
    }
    observations.add_note("delays, first-n-clients and paths outside of /latest/, which no answer tells");
}

/// The comment at the top of the file.
fn preface(origin: &str, notes: &[String]) -> String {
    let mut lines = vec![
        origin.to_owned(),
        String::new(),
        "`mock-imds check FILE` validates it, `mock-imds serve --scenario FILE` serves it. mock-imds.toml(5) explains the keys."
            .to_owned(),
        String::new(),
        "Not as it was:".to_owned(),
    ];
    lines.extend(notes.iter().map(|note| format!("- {note}")));
    lines.iter().map(|line| quote::comment(line) + "\n").collect()
}
