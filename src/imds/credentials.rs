//! Credentials: `iam/…` and `identity-credentials/…`.
//!
//! Generated ones follow from the instance, the role and the time alone. Time is cut into slots of the
//! refresh interval; a slot is one set of keys. So they rotate without a timer, are the same for every
//! client and after every restart, and are always valid for `lifetime - refresh` at least.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use crate::model::json::{object, string};
use crate::model::{CredentialSource, Credentials, Instance, Timestamp};

/// The identity role's credentials have a lifetime of their own; nobody configures it on EC2 either.
const IDENTITY_LIFETIME: Duration = Duration::from_hours(6);

/// `iam/info`.
pub fn info(instance: &Instance, credentials: &Credentials, now: Timestamp) -> String {
    let partition = instance.region().partition().name;
    let profile = credentials.instance_profile.as_deref().unwrap_or(credentials.role.as_str());
    let account = &instance.account_id;
    let seed = Seed::new(instance, profile, 0);
    object(&[
        ("Code", string("Success")),
        ("LastUpdated", string(&slot(&credentials.source, now).updated.rfc3339())),
        ("InstanceProfileArn", string(&format!("arn:{partition}:iam::{account}:instance-profile/{profile}"))),
        ("InstanceProfileId", string(&format!("AIPA{}EXAMPLE", seed.text("profile", 10, BASE32)))),
    ])
}

/// `iam/security-credentials/<role>`.
pub fn role(instance: &Instance, credentials: &Credentials, now: Timestamp) -> String {
    generated(instance, credentials.role.as_str(), &slot(&credentials.source, now))
}

/// `identity-credentials/ec2/info`.
pub fn identity_info(instance: &Instance, now: Timestamp) -> String {
    object(&[
        ("Code", string("Success")),
        ("LastUpdated", string(&identity_slot(now).updated.rfc3339())),
        ("AccountId", string(instance.account_id.as_str())),
    ])
}

/// `identity-credentials/ec2/security-credentials/ec2-instance`.
pub fn identity_role(instance: &Instance, now: Timestamp) -> String {
    generated(instance, "aws:ec2-instance", &identity_slot(now))
}

/// The keys of one slot. The key id ends in EXAMPLE, so that secret scanners know it as fake.
fn generated(instance: &Instance, role: &str, slot: &Slot) -> String {
    let seed = Seed::new(instance, role, slot.updated.as_secs());
    // Real tokens start so; it reads "origin_ec" when decoded.
    let token = [&b"!\n\torigin_ec"[..], &seed.bytes("token", 684)].concat();
    object(&[
        ("Code", string("Success")),
        ("LastUpdated", string(&slot.updated.rfc3339())),
        ("Type", string("AWS-HMAC")),
        ("AccessKeyId", string(&format!("ASIA{}EXAMPLE", seed.text("key", 9, BASE32)))),
        ("SecretAccessKey", string(&format!("{}EXAMPLEKEY", seed.text("secret", 30, BASE64)))),
        ("Token", string(&BASE64_STANDARD.encode(token))),
        ("Expiration", string(&slot.expires.rfc3339())),
    ])
}

// === Slots of time ===

struct Slot {
    updated: Timestamp,
    expires: Timestamp,
}

fn slot(source: &CredentialSource, now: Timestamp) -> Slot {
    match source {
        CredentialSource::Generated { lifetime, refresh } => slot_of(*lifetime, *refresh, now),
    }
}

fn identity_slot(now: Timestamp) -> Slot {
    slot_of(IDENTITY_LIFETIME, IDENTITY_LIFETIME / 6, now)
}

fn slot_of(lifetime: Duration, refresh: Duration, now: Timestamp) -> Slot {
    let refresh = refresh.as_secs().max(1);
    let updated = Timestamp::from_secs(now.as_secs() / refresh * refresh);
    Slot { updated, expires: updated.plus(lifetime) }
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(json: &str, key: &str) -> String {
        let value: serde_json::Value = serde_json::from_str(json).expect("well-formed");
        value[key].as_str().expect(key).to_owned()
    }

    #[test]
    fn keys_have_the_real_shapes() {
        let body = role(&Instance::default(), &Credentials::default(), Timestamp::from_secs(1_705_311_000));
        let key = field(&body, "AccessKeyId");
        assert!(key.starts_with("ASIA") && key.ends_with("EXAMPLE") && key.len() == 20, "{key}");
        assert_eq!(field(&body, "SecretAccessKey").len(), 40);
        assert!(field(&body, "Token").starts_with("IQoJb3JpZ2luX2Vj"), "{body}");
        assert_eq!(field(&body, "LastUpdated"), "2024-01-15T09:00:00Z");
        assert_eq!(field(&body, "Expiration"), "2024-01-15T15:00:00Z");
        let order: Vec<&str> = body.lines().filter_map(|line| line.split('"').nth(1)).collect();
        let expected =
            ["Code", "LastUpdated", "Type", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"];
        assert_eq!(order, expected);
    }

    proptest! {
        #[test]
        fn credentials_are_valid_now_and_rotate(
            lifetime in 6_u64..100_000, now in 1_000_000_000_u64..4_000_000_000
        ) {
            let source = CredentialSource::generated(Duration::from_secs(lifetime));
            let credentials = Credentials { source, ..Credentials::default() };
            let instance = Instance::default();
            let at = |seconds| role(&instance, &credentials, Timestamp::from_secs(seconds));
            let (updated, expires) = (field(&at(now), "LastUpdated"), field(&at(now), "Expiration"));
            let text = Timestamp::from_secs(now).rfc3339();
            prop_assert!(updated <= text && text < expires, "{updated} {text} {expires}");
            prop_assert_eq!(at(now), at(now));
            prop_assert_ne!(field(&at(now), "AccessKeyId"), field(&at(now + lifetime), "AccessKeyId"));
        }
    }
}
