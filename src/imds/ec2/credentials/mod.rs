//! Credentials: `iam/…` and `identity-credentials/…`.
//!
//! Generated ones follow from the instance, the role and the time alone. Time is cut into slots of the
//! refresh interval; a slot is one set of keys. So they rotate without a timer, are the same for every
//! client and after every restart, and are always valid for `lifetime - refresh` at least.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::leaf_context::LeafContext;
use crate::model::json::{object, string};
use crate::model::{
    CredentialSource, CredentialState, Credentials, Fetched, Instance, Keys, Secret, Timestamp,
};

impl<'f> LeafContext<'f> {
    /// The credentials of the instance profile, once it is attached.
    fn profile(&self) -> Option<&'f Credentials> {
        self.instance.role_as_shown().filter(|_| self.profile_attached)
    }

    /// The instance profile that `iam/info` shows, once it is attached.
    fn profile_of_info(&self) -> Option<&'f Credentials> {
        self.instance.info_as_shown().filter(|_| self.profile_attached)
    }
}

/// `iam/info`.
pub(crate) fn info(context: &LeafContext<'_>) -> Option<String> {
    let credentials = context.profile_of_info()?;
    let partition = context.instance.region().partition().name;
    let profile = credentials.instance_profile.as_deref().unwrap_or(credentials.role.as_str());
    let arn = format!("arn:{partition}:iam::{}:instance-profile/{profile}", context.instance.account_id);
    let made_up =
        || format!("AIPA{}EXAMPLE", Seed::new(context.instance, profile, 0).text("profile", 10, BASE32));
    let id = credentials.instance_profile_id.as_ref().map_or_else(made_up, ToString::to_string);
    let updated = string(&Slot::at(credentials, context.now).updated.rfc3339());
    let with_profile = |more: &[(&str, String)]| {
        let ids = [("InstanceProfileArn", string(&arn)), ("InstanceProfileId", string(&id))];
        object(&[&[("Code", string("Success")), ("LastUpdated", updated.clone())], more, &ids].concat())
    };
    Some(match credentials.state {
        CredentialState::ProfileNotFound => object(&[
            ("Code", string("InstanceProfileNotFound")),
            ("Message", string(&format!("Instance Profile with id {id} cannot be found. {HELP}"))),
            ("LastUpdated", updated),
        ]),
        CredentialState::NoRole => {
            let message = format!("Instance Profile does not contain a role. {HELP}");
            with_profile(&[("Message", string(&message))])
        }
        _ => with_profile(&[]),
    })
}

/// `iam/security-credentials/<role>`. Absent without a role, and until a file or process gave the first keys.
pub(crate) fn role(context: &LeafContext<'_>) -> Option<String> {
    role_with(context, &[])
}

/// `iam/security-credentials-extended/<role>`: the account beside the same.
pub(crate) fn role_extended(context: &LeafContext<'_>) -> Option<String> {
    context.profile().filter(|credentials| credentials.extended)?;
    role_with(context, &[("AccountId", string(context.instance.account_id.as_str()))])
}

fn role_with(context: &LeafContext<'_>, more: &[(&str, String)]) -> Option<String> {
    let credentials = context.profile()?;
    let mut slot =
        Slot::at(credentials, context.now).rotated(context.instance.signals.rotated_at, credentials);
    match credentials.state {
        CredentialState::ProfileNotFound | CredentialState::NoRole => return None,
        CredentialState::AssumeRoleUnauthorized => {
            let message = format!("EC2 cannot assume the role {}. {HELP}", credentials.role);
            return Some(failure("AssumeRoleUnauthorizedAccess", &message, context.now));
        }
        CredentialState::Failed => {
            return Some(failure("Failed", "Credentials are not available.", context.now));
        }
        CredentialState::Expired => slot = Slot::expired(credentials, context.now),
        CredentialState::Ok => {}
    }
    let keys = match (&credentials.source, context.fetched) {
        (CredentialSource::Generated, _) => generated(context.instance, credentials.role.as_str(), &slot),
        (CredentialSource::Static(keys), _) => keys.clone(),
        (_, Some(Fetched { keys: Some((keys, at)), .. })) => {
            slot.updated = *at;
            keys.clone()
        }
        (_, Some(Fetched { keys: None, failure: Some(failed) })) => {
            let message = "The credential source of this service failed; its log says why.";
            return Some(failure("Failed", message, failed.at));
        }
        (_, Some(Fetched { keys: None, failure: None }) | None) => return None,
    };
    let expiration = keys.expiration.filter(|_| credentials.state != CredentialState::Expired);
    Some(key_object(&keys, slot.updated, expiration.unwrap_or(slot.expires), more))
}

// The identity role's credentials have a lifetime of their own, the usual one; nobody configures it on EC2 either.

/// `identity-credentials/ec2/info`.
pub(crate) fn identity_info(context: &LeafContext<'_>) -> String {
    object(&[
        ("Code", string("Success")),
        ("LastUpdated", string(&Slot::at(&Credentials::default(), context.now).updated.rfc3339())),
        ("AccountId", string(context.instance.account_id.as_str())),
    ])
}

/// `identity-credentials/ec2/security-credentials/ec2-instance`.
pub(crate) fn identity_role(context: &LeafContext<'_>) -> String {
    let slot = Slot::at(&Credentials::default(), context.now);
    key_object(&generated(context.instance, "aws:ec2-instance", &slot), slot.updated, slot.expires, &[])
}

/// The reference to documentation in messages about a role.
const HELP: &str = "Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/\
                    troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc.";

/// An error, which is 200 with a code.
fn failure(code: &str, message: &str, updated: Timestamp) -> String {
    object(&[
        ("Code", string(code)),
        ("Message", string(message)),
        ("LastUpdated", string(&updated.rfc3339())),
    ])
}

fn key_object(keys: &Keys, updated: Timestamp, expires: Timestamp, more: &[(&str, String)]) -> String {
    let members = [
        ("Code", string("Success")),
        ("LastUpdated", string(&updated.rfc3339())),
        ("Type", string("AWS-HMAC")),
        ("AccessKeyId", string(&keys.access_key_id)),
        ("SecretAccessKey", string(keys.secret_access_key.reveal())),
        ("Token", string(keys.token.reveal())),
        ("Expiration", string(&expires.rfc3339())),
    ];
    object(&[&members, more].concat())
}

/// The keys of one slot. The key id ends in EXAMPLE, so that secret scanners know it as fake.
fn generated(instance: &Instance, role: &str, slot: &Slot) -> Keys {
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
    Slot::at(credentials, now).rotated(rotated_at, credentials).expires
}

// === Slots of time ===

struct Slot {
    updated: Timestamp,
    expires: Timestamp,
    /// Tells its keys from those of every other slot: seconds where the time of day began it, else milliseconds.
    number: u64,
}

impl Slot {
    fn at(credentials: &Credentials, now: Timestamp) -> Self {
        let refresh = credentials.refresh.as_secs().max(1);
        let updated = Timestamp::from_secs(now.as_secs() / refresh * refresh);
        Self { updated, expires: updated.plus(credentials.lifetime), number: updated.as_secs() }
    }

    /// The slot that an event started within this one.
    fn rotated(self, at: Option<Timestamp>, credentials: &Credentials) -> Self {
        let Some(at) = at.filter(|at| *at >= self.updated) else { return self };
        let updated = Timestamp::from_secs(at.as_secs());
        Self { updated, expires: updated.plus(credentials.lifetime), number: at.as_millis() }
    }

    /// The last slot whose credentials have expired by now.
    fn expired(credentials: &Credentials, now: Timestamp) -> Self {
        let age = now.as_secs().saturating_sub(credentials.lifetime.as_secs() + 1);
        let before = Self::at(credentials, Timestamp::from_secs(age));
        if before.expires < now { before } else { Self { expires: before.updated, ..before } }
    }
}

// === Derived bytes ===

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes that follow from the instance, a name and a number. They guard nothing.
struct Seed(String);

impl Seed {
    fn new(instance: &Instance, name: &str, number: u64) -> Self {
        Self(format!("{}\0{}\0{name}\0{number}", instance.account_id, instance.instance_id))
    }

    fn bytes(&self, label: &str, length: usize) -> Vec<u8> {
        let block = |counter: u32| Sha256::digest(format!("{}\0{label}\0{counter}", self.0));
        (0..).flat_map(block).take(length).collect()
    }

    fn text(&self, label: &str, length: usize, alphabet: &[u8]) -> String {
        let letter = |byte: u8| char::from(alphabet[usize::from(byte) % alphabet.len()]);
        self.bytes(label, length).into_iter().map(letter).collect()
    }
}

#[cfg(test)]
mod tests;
