//! The keys of a role, whichever endpoint hands them out.
//!
//! Generated ones follow from the instance, the role and the time alone. Time is cut into slots of the
//! refresh interval; a slot is one set of keys. So they rotate without a timer, are the same for every
//! client and after every restart, and are always valid for `lifetime - refresh` at least.

mod hex;
mod hmac;
mod seed;
mod slot;
mod uuid;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

pub(crate) use hex::hex;
pub(crate) use hmac::hmac_sha256;
use seed::BASE64;
pub(crate) use seed::{BASE32, Seed};
pub(crate) use slot::KeySlot;
pub(crate) use uuid::uuid;

use crate::model::{
    CredentialSource, CredentialState, Credentials, Fetched, Instance, Keys, Secret, Signals, Timestamp,
};

/// What keys follow from.
pub(crate) struct KeyRequest<'k> {
    pub(crate) instance: &'k Instance,
    pub(crate) credentials: &'k Credentials,
    /// Tells generated keys from those of other roles and endpoints.
    pub(crate) name: &'k str,
    /// When who hands them out lost those from before and asked for new ones.
    pub(crate) asked_anew: Option<Timestamp>,
    /// The last result of the credential source.
    pub(crate) fetched: Option<&'k Fetched>,
    pub(crate) now: Timestamp,
}

/// A set of keys, from when they are and when they expire.
pub(crate) struct IssuedKeys {
    pub(crate) keys: Keys,
    pub(crate) updated: Timestamp,
    pub(crate) expires: Timestamp,
}

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoKeys {
    /// The profile is gone, or has no role.
    NoRole,
    /// The role may not be assumed.
    Unauthorized,
    /// A failure is injected.
    Failed,
    /// The source failed at this time, and there is nothing older.
    SourceFailed(Timestamp),
    /// The source has given none yet.
    NotYet,
}

/// The keys of now.
pub(crate) fn issue(request: &KeyRequest<'_>) -> Result<IssuedKeys, NoKeys> {
    let KeyRequest { instance, credentials, name, asked_anew, fetched, now } = *request;
    // The time is in whole seconds here: within one, new keys are there at once.
    let asked_anew = asked_anew.filter(|at| at.as_secs() <= now.as_secs());
    let rotated_at = instance.signals.rotated_at.max(asked_anew);
    let mut slot = KeySlot::at(credentials, now).rotated(rotated_at, credentials);
    match credentials.state {
        CredentialState::ProfileNotFound | CredentialState::NoRole => return Err(NoKeys::NoRole),
        CredentialState::AssumeRoleUnauthorized => return Err(NoKeys::Unauthorized),
        CredentialState::Failed => return Err(NoKeys::Failed),
        CredentialState::Expired => {
            let Signals { rotated_at, expired_at, .. } = instance.signals;
            // An event that did both made the last keys that there are.
            let last = rotated_at.filter(|at| expired_at == Some(*at));
            slot =
                last.map_or_else(|| KeySlot::expired(credentials, now), |at| KeySlot::since(at, credentials));
        }
        CredentialState::Ok => {}
    }
    let keys = match (&credentials.source, fetched) {
        (CredentialSource::Generated, _) => generated(instance, name, &slot),
        (CredentialSource::Static(keys), _) => keys.clone(),
        (_, Some(Fetched { keys: Some((keys, at)), .. })) => {
            slot.updated = *at;
            keys.clone()
        }
        (_, Some(Fetched { keys: None, failure: Some(failed) })) => {
            return Err(NoKeys::SourceFailed(failed.at));
        }
        (_, Some(Fetched { keys: None, failure: None }) | None) => return Err(NoKeys::NotYet),
    };
    // Keys that have expired indeed expired when they did.
    let is_told = |at: &Timestamp| credentials.state != CredentialState::Expired || *at <= now;
    let expires = keys.expiration.filter(is_told).unwrap_or(slot.expires);
    // No keys are made after their end.
    Ok(IssuedKeys { keys, updated: slot.updated.min(expires), expires })
}

/// The keys of one slot. The key id ends in EXAMPLE, so that secret scanners know it as fake.
pub(crate) fn generated(instance: &Instance, role: &str, slot: &KeySlot) -> Keys {
    let seed = Seed::new(instance, role, slot.number);
    // Real tokens start so; it reads "origin_ec" when decoded.
    let token = [&b"!\n\torigin_ec"[..], &seed.bytes("token", 684)].concat();
    Keys {
        access_key_id: format!("ASIA{}EXAMPLE", seed.text("key", 9, BASE32)),
        secret_access_key: Secret::new(format!("{}EXAMPLEKEY", seed.text("secret", 30, BASE64))),
        token: Secret::new(BASE64_STANDARD.encode(token)),
        expiration: None,
    }
}

/// When the generated keys of now expire.
pub(crate) fn generated_expiration(
    credentials: &Credentials,
    rotated_at: Option<Timestamp>,
    now: Timestamp,
) -> Timestamp {
    KeySlot::at(credentials, now).rotated(rotated_at, credentials).expires
}
