//! `[credentials]`

use serde_json::Value;

use crate::model::{
    CredentialState, Credentials, Keys, ProfileId, RoleName, StringEnum, Timestamp, format_duration,
};
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::known_paths::{EXTENDED, IAM, ROLES};
use crate::transcribe::observations::{ObservationSource, Observations};
use crate::transcribe::quote;
use crate::transcribe::role::ObservedRole;

pub(super) fn write(observations: &mut Observations, now: Timestamp, draft: &mut Draft) {
    let mut table = DraftTable::new("[credentials]");
    // A directory without both is none of EC2's.
    let has_role = observations.role.is_some();
    if observations.lacks(IAM)
        || (!has_role && observations.lacks("meta-data/iam/info") && observations.lacks(ROLES))
    {
        table.set("source", "none");
        draft.push(table);
        return;
    }
    let info = observations.read_json("meta-data/iam/info").unwrap_or_default();
    let profile = profile(&info);
    if observations.role.is_none() && observations.has("meta-data/iam") {
        assume_role(observations, profile.as_deref());
    }
    let role = observations.role.as_ref();
    let name = role.map(|role| role.name.as_str());
    table.set_if_valid::<RoleName>("role", name);
    if let Some(profile) = profile.filter(|profile| Some(profile.as_str()) != name) {
        table.set("instance-profile", profile);
    }
    let id = info.get("InstanceProfileId").and_then(Value::as_str);
    // Ids that end so are made of the profile's name.
    let is_made_up = id.is_some_and(|id| id.starts_with("AIPA") && id.ends_with("EXAMPLE") && id.len() == 21);
    table.set_if_valid::<ProfileId>("instance-profile-id", id.filter(|_| !is_made_up));
    let keys = role.and_then(|role| role.keys.as_ref());
    match keys {
        Some(keys) => fixed(keys, role.is_some_and(|role| role.are_examples), &mut table),
        None if role.is_some() => table.set("source", "generated"),
        None => {}
    }
    let state = state(&info, role, now);
    let expired = state == Some(CredentialState::Expired);
    // What was kept has expired since; that says nothing of the instance. But keys that are served are those that expired.
    let is_old = expired && keys.is_none() && observations.source != ObservationSource::Service;
    if let Some(state) = state.filter(|_| !is_old) {
        table.set("state", state.as_str());
    }
    lifetime(role, &mut table);
    let expiration = role.and_then(|role| role.expiration).filter(|_| is_old);
    if observations.has(EXTENDED) {
        table.set("extended", true);
    }
    draft.push(table);
    if let Some(at) = expiration {
        observations.add_note(format!(
            "the time of the role's keys, which expired at {}: those that are served are valid; state = \"expired\" has old ones",
            at.rfc3339()
        ));
    }
}

/// The part of the profile's ARN that a scenario has.
fn profile(info: &Value) -> Option<String> {
    let arn = info.get("InstanceProfileArn")?.as_str()?;
    arn.split_once(":instance-profile/").map(|(_, profile)| profile.to_owned())
}

/// The console gives both the same name.
fn assume_role(observations: &mut Observations, profile: Option<&str>) {
    let Some(name) = profile.and_then(|profile| profile.rsplit('/').next()) else { return };
    if !observations.knows(ROLES) {
        observations.add_role(name);
        observations.add_note(format!(
            "the role's name is not in it; taken to be that of the instance profile, {name}"
        ));
    }
}

fn fixed(keys: &Keys, are_examples: bool, table: &mut DraftTable) {
    if !are_examples {
        table.add_comment("REAL CREDENTIALS: do not share this file.");
    }
    table.set("source", "static");
    table.set("access-key-id", keys.access_key_id.as_str());
    table.set("secret-access-key", keys.secret_access_key.reveal());
    if !keys.token.reveal().is_empty() {
        table.set("session-token", keys.token.reveal());
    }
    if let Some(time) = keys.expiration {
        table.set_toml("expiration", quote::instant(time).to_string());
    }
}

/// The state that an error is due to: errors are 200 with a code.
fn state(info: &Value, role: Option<&ObservedRole>, now: Timestamp) -> Option<CredentialState> {
    let member = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default();
    if member("Code") == "InstanceProfileNotFound" {
        return Some(CredentialState::ProfileNotFound);
    }
    if member("Message").starts_with("Instance Profile does not contain a role") {
        return Some(CredentialState::NoRole);
    }
    let role = role?;
    match role.code.as_deref() {
        Some("AssumeRoleUnauthorizedAccess") => Some(CredentialState::AssumeRoleUnauthorized),
        Some("Success") if role.expiration.is_some_and(|at| at <= now) => Some(CredentialState::Expired),
        Some("Success") | None => None,
        Some(_) => Some(CredentialState::Failed),
    }
}

/// Not set if it is as on EC2: 6 hours, and some minutes more or less.
fn lifetime(role: Option<&ObservedRole>, table: &mut DraftTable) {
    const HOUR: u64 = 3600;
    let usual = Credentials::default().lifetime.as_secs();
    let lifetime = role.filter(|role| role.keys.is_none()).and_then(|role| role.lifetime);
    if let Some(span) = lifetime.filter(|span| span.as_secs() >= 2 && span.as_secs().abs_diff(usual) > HOUR) {
        table.set("lifetime", format_duration(span));
    }
}
