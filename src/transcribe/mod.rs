//! What a service answered → a scenario that answers the same.
//!
//! | step | where |
//! |---|---|
//! | answers, without the secrets that nobody asked for → [`Observations`] | the crawler, [`dump`], [`cloud_init`] |
//! | [`Observations`] → facts, as a person would write them | `facts` |
//! | the facts, compiled and asked as any other scenario: what differs is said path by path | `difference` |
//!
//! So it does not matter whether the facts are right: a fact that the validator refuses is taken back, and what it would
//! have said becomes the last word on its paths. Pure: files, sockets and the clock are the callers'.

pub mod cloud_init;
mod difference;
mod draft;
pub mod dump;
mod facts;
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
pub use observations::{Observations, SecretsPolicy, clip};

/// A scenario that was written.
#[derive(Debug)]
pub struct Transcript {
    /// The file.
    pub text: String,
    /// What is not in it, and why.
    pub notes: Vec<String>,
    /// Whether it holds credentials.
    pub credentials: bool,
    /// Whether it holds user data.
    pub user_data: bool,
    /// How many keys it says, last words not counted.
    pub facts: usize,
    /// How many last words it says.
    pub last_words: usize,
}

/// Why there is no scenario.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TranscribeError {
    /// Not one value.
    #[error("nothing answered")]
    Nothing,
    /// Too much of it.
    #[error("the scenario would have {0} bytes; accepted: at most {MAX_BYTES}")]
    TooLarge(usize),
    /// A defect.
    #[error("the scenario that was written is not accepted; this is a defect of mock-imds:\n{0}")]
    Refused(Report),
}

/// Writes the scenario. `origin` says where the answers come from, in a line; `keys` sign nothing that leaves.
pub fn transcribe(
    mut seen: Observations,
    origin: &str,
    keys: &Arc<KeyRing>,
    now: Timestamp,
) -> Result<Transcript, TranscribeError> {
    if seen.count() == 0 {
        return Err(TranscribeError::Nothing);
    }
    let mut draft = facts::draft(&mut seen, now);
    let scenario = settle(&mut draft, &mut seen)?;
    let facts = draft.count();
    let answers =
        |scenario, seen: &Observations| Fleet::compile(scenario, keys, now, now).answers(&seen.version, now);
    let words = difference::remaining_overrides(&seen, &answers(scenario, &seen));
    draft.push(difference::block(&words, seen.is_aemm()));
    let scenario = settle(&mut draft, &mut seen)?;
    let still = difference::remaining_overrides(&seen, &answers(scenario, &seen));
    for path in still.keys() {
        seen.note(format!("{path} answers otherwise than it did: a scenario cannot say it"));
    }
    say_what_is_never_carried(&mut seen);
    let text = preface(origin, &seen.notes) + &draft.text();
    if text.len() as u64 > MAX_BYTES {
        return Err(TranscribeError::TooLarge(text.len()));
    }
    Ok(Transcript {
        credentials: seen.real_keys,
        user_data: seen.holds_user_data(),
        last_words: draft.count() - facts,
        facts,
        text,
        notes: seen.notes,
    })
}

/// Takes back what the validator refuses, until it refuses nothing.
fn settle(draft: &mut Draft, seen: &mut Observations) -> Result<Scenario, TranscribeError> {
    loop {
        let report = match scenario::read(&SourceText::new("the scenario", draft.text()), Path::new("")) {
            Ok((scenario, _)) => return Ok(scenario),
            Err(report) => report,
        };
        let problem = report.problems.iter().find(|problem| problem.severity == Severity::Error);
        let place = problem.and_then(|problem| Some((problem.place.as_ref()?.line, &problem.found)));
        let taken = place.and_then(|(line, found)| Some((draft.take_back(line)?, found)));
        let Some((what, found)) = taken else { return Err(TranscribeError::Refused(report)) };
        seen.note(format!("{what} is not said as a fact: {found}"));
    }
}

fn say_what_is_never_carried(seen: &mut Observations) {
    if seen.is_aemm() {
        return say_what_the_mock_does_not_tell(seen);
    }
    if seen.is_there(observations::IDENTITY) {
        seen.note(
            "the identity document's signatures: they need AWS' keys. Our own sign it; \
             `mock-imds show identity-certificate` prints what verifies them",
        );
    }
    note_user_data(seen);
    match &seen.role {
        Some(role) if role.keys.is_none() => {
            let name = role.name.clone();
            seen.note(format!(
                "credentials of the role {name}: generated ones are served instead; --with-credentials takes the real ones along"
            ));
        }
        _ => {}
    }
    if seen.is_there(observations::IDENTITY_ROLE) {
        seen.note("credentials of the instance identity role: generated ones are served instead");
    }
    seen.note("http-put-response-hop-limit, which no answer tells");
}

fn note_user_data(seen: &mut Observations) {
    if let Some(digest) = seen.user_data.clone() {
        seen.note(format!("user data ({digest}): it may hold secrets; --with-user-data takes it along"));
    }
}

fn say_what_the_mock_does_not_tell(seen: &mut Observations) {
    note_user_data(seen);
    if let Some(role) = seen.role.as_ref().filter(|role| role.keys.is_none()) {
        let name = role.name.clone();
        seen.note(format!(
            "credentials of the role {name}: examples with the same times are served instead; --with-credentials takes \
             those that it gave along"
        ));
    }
    seen.note("delays, first-n-clients and paths outside of /latest/, which no answer tells");
}

/// What the file says of itself.
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
