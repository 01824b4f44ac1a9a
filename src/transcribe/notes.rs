//! Remarks for people on what a service answered and the scenario cannot have: dated signatures, expired keys, user data.

use super::difference::DATED;
use super::known_paths::{IDENTITY, IDENTITY_ROLE, ROLES};
use super::observations::{ObservationSource, Observations};
use crate::model::Timestamp;

/// Adds what is not in any scenario, or not in this one.
/// `is_override` knows the paths whose answers are in `[metadata]`.
pub(super) fn add(observations: &mut Observations, now: Timestamp, is_override: impl Fn(&str) -> bool) {
    note_expired(observations, now);
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
        // Unless its answer is an override.
        Some(role)
            if role.keys.is_none()
                && !observations.values.contains_key(&format!("{ROLES}/{}", role.name)) =>
        {
            let option =
                if role.keys_left_out { "; --with-credentials takes the real ones along" } else { "" };
            let note =
                format!("credentials of the role {}: generated ones are served instead{option}", role.name);
            observations.add_note(note);
        }
        _ => {}
    }
    if observations.has(IDENTITY_ROLE) {
        observations.add_note("credentials of the instance identity role: generated ones are served instead");
    }
    if observations.traits.hop_limit.is_none() && observations.source != ObservationSource::Settings {
        observations.add_note("http-put-response-hop-limit, which no answer tells");
    }
    if DATED.iter().any(|path| observations.has(path) && !is_override(path)) {
        observations
            .add_note("LastUpdated of iam/info and identity-credentials/ec2/info: it follows the clock");
    }
}

/// Keys that nobody can use any more.
fn note_expired(observations: &mut Observations, now: Timestamp) {
    let keys = observations.role.as_ref().and_then(|role| role.keys.as_ref());
    if let Some(expiration) = keys.and_then(|keys| keys.expiration).filter(|at| *at <= now) {
        observations.add_note(format!(
            "valid credentials: those in it expired at {}, and state = \"expired\" says so; leave --with-credentials out, and \
             generated ones are served",
            expiration.rfc3339()
        ));
    }
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
