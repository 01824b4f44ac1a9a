//! The answers of a service → a scenario that answers the same.
//!
//! | step | where |
//! |---|---|
//! | answers, without the secrets that nobody asked for → [`Observations`] | the crawler, [`dump`], [`shapes`] |
//! | [`Observations`] → facts, the keys that a person would write | `facts` |
//! | the facts, compiled and asked as any other scenario: what differs becomes an override path by path | `difference` |
//!
//! So it does not matter whether the facts are right: a fact that the validator rejects is retracted, and the paths that
//! it was to explain become overrides. Pure: files, sockets and the clock are the callers'.

mod account;
mod difference;
mod draft;
pub mod dump;
mod facts;
mod known_paths;
mod notes;
mod observations;
mod quote;
mod role;
pub mod shapes;
#[cfg(test)]
mod tests;
mod transcribe_error;
mod validate;

use std::sync::Arc;

use crate::config::MAX_BYTES;
use crate::identity::KeyRing;
use crate::imds::Fleet;
use crate::model::Timestamp;

pub use account::Account;
use observations::ObservationSource;
pub(crate) use observations::RoleAnswer;
pub use observations::{Observations, SecretsPolicy, clip};
pub use transcribe_error::TranscribeError;
use validate::DraftStage;

#[derive(Debug)]
pub struct Transcript {
    pub text: String,
    /// Remarks on what is not in it.
    pub notes: Vec<String>,
    /// What became of the values of a file.
    pub account: Account,
    pub has_credentials: bool,
    pub has_user_data: bool,
    /// The number of keys outside of `[metadata]`.
    pub facts: usize,
    /// The number of keys of `[metadata]`.
    pub overrides: usize,
}

/// Writes the scenario. `origin` names the source of the answers in one line; `keys` sign nothing that leaves.
pub fn transcribe(
    mut observations: Observations,
    origin: &str,
    keys: &Arc<KeyRing>,
    now: Timestamp,
) -> Result<Transcript, TranscribeError> {
    if observations.value_count() == 0 && observations.source != ObservationSource::Settings {
        return Err(TranscribeError::Nothing);
    }
    observations.leave_out_split_keys();
    let mut draft = facts::draft(&mut observations, now);
    let (scenario, _) = validate::settle(&mut draft, &mut observations, DraftStage::Facts)?;
    let facts = draft.key_count();
    let answers = |scenario, observations: &Observations| {
        Fleet::compile(scenario, keys, now, now).answers(&observations.version, now)
    };
    let overrides = difference::remaining_overrides(&observations, &answers(scenario, &observations));
    draft.push(difference::metadata_table(&overrides, observations.traits.http.profile));
    let (scenario, left_out) = validate::settle(&mut draft, &mut observations, DraftStage::Overrides)?;
    let unresolved = difference::remaining_overrides(&observations, &answers(scenario, &observations));
    for path in unresolved.keys().filter(|path| !left_out.contains(&quote::key(path))) {
        observations.add_note(format!("{path} answers otherwise than it did: a scenario cannot say it"));
    }
    notes::add(&mut observations, now, |path| overrides.contains_key(path));
    observations.note_unsaid();
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
        account: observations.account,
    })
}

/// The comment at the top of the file.
fn preface(origin: &str, notes: &[String]) -> String {
    let mut lines = vec![
        origin.to_owned(),
        String::new(),
        "`mock-imds check FILE` validates it, `mock-imds serve --scenario FILE` serves it. mock-imds.toml(5) explains the keys."
            .to_owned(),
        String::new(),
        "Not reproduced:".to_owned(),
    ];
    lines.extend(notes.iter().map(|note| format!("- {note}")));
    lines.iter().map(|line| quote::comment(line) + "\n").collect()
}
