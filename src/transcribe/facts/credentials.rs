//! `[credentials]`

use serde_json::Value;

use crate::model::{CredentialState, Credentials, Keys, RoleName, StringEnum, Timestamp, format_duration};
use crate::transcribe::draft::{Block, Draft};
use crate::transcribe::observations::{EXTENDED, Observations, ROLES};
use crate::transcribe::quote;
use crate::transcribe::role::ObservedRole;

pub(super) fn write(seen: &mut Observations, now: Timestamp, draft: &mut Draft) {
    let mut block = Block::new("[credentials]");
    if seen.lacks("meta-data/iam") {
        block.say("source", "none");
        draft.push(block);
        return;
    }
    let info = seen.parsed("meta-data/iam/info").unwrap_or_default();
    let profile = profile(&info);
    if seen.role.is_none() && seen.is_there("meta-data/iam") {
        assume_role(seen, profile.as_deref());
    }
    let role = seen.role.as_ref();
    let name = role.map(|role| role.name.as_str());
    block.parsed::<RoleName>("role", name);
    if let Some(profile) = profile.filter(|profile| Some(profile.as_str()) != name) {
        block.say("instance-profile", profile);
    }
    let keys = role.and_then(|role| role.keys.as_ref());
    match keys {
        Some(keys) => real(keys, &mut block),
        None if role.is_some() => block.say("source", "generated"),
        None => {}
    }
    if let Some(state) =
        state(&info, role, now).filter(|state| keys.is_none() || *state != CredentialState::Expired)
    {
        block.say("state", state.as_str());
    }
    lifetime(role, &mut block);
    if seen.is_there(EXTENDED) {
        block.say("extended", true);
    }
    draft.push(block);
}

/// The part of the profile's ARN that a scenario says.
fn profile(info: &Value) -> Option<String> {
    let arn = info.get("InstanceProfileArn")?.as_str()?;
    arn.split_once(":instance-profile/").map(|(_, profile)| profile.to_owned())
}

/// The console gives both the same name.
fn assume_role(seen: &mut Observations, profile: Option<&str>) {
    let Some(name) = profile.and_then(|profile| profile.rsplit('/').next()) else { return };
    if !seen.knows(ROLES) {
        seen.role(name);
        seen.note(format!("the role's name is not in it; taken to be that of the instance profile, {name}"));
    }
}

fn real(keys: &Keys, block: &mut Block) {
    block.comment("REAL CREDENTIALS: do not share this file.");
    block.say("source", "static");
    block.say("access-key-id", keys.access_key_id.as_str());
    block.say("secret-access-key", keys.secret_access_key.reveal());
    if !keys.token.reveal().is_empty() {
        block.say("session-token", keys.token.reveal());
    }
    if let Some(time) = keys.expiration {
        block.raw("expiration", quote::instant(time).to_string());
    }
}

/// What goes wrong, if something does: errors are 200 with a code.
fn state(info: &Value, role: Option<&ObservedRole>, now: Timestamp) -> Option<CredentialState> {
    let told = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default();
    if told("Code") == "InstanceProfileNotFound" {
        return Some(CredentialState::ProfileNotFound);
    }
    if told("Message").starts_with("Instance Profile does not contain a role") {
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

/// Unless it is as on EC2: 6 hours, and some minutes more or less.
fn lifetime(role: Option<&ObservedRole>, block: &mut Block) {
    const HOUR: u64 = 3600;
    let usual = Credentials::default().lifetime.as_secs();
    let told = role.filter(|role| role.keys.is_none()).and_then(|role| role.lifetime);
    if let Some(span) = told.filter(|span| span.as_secs() >= 2 && span.as_secs().abs_diff(usual) > HOUR) {
        block.say("lifetime", format_duration(span));
    }
}
