use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::identity::{KeyRing, SignedDocument};
use crate::imds::ec2::leaf_context::is_profile_attached;
use crate::model::{CredentialSource, FetchFailure, Fetched, Instance, Secret};

const NOW: Timestamp = Timestamp::from_secs(1_705_312_800);

fn instance(change: impl FnOnce(&mut Credentials)) -> Instance {
    let mut credentials = Credentials::default();
    change(&mut credentials);
    Instance { credentials: Some(credentials), ..Instance::default() }
}

fn context(instance: &Instance, now: Timestamp) -> LeafContext<'_> {
    static IDENTITY: LazyLock<SignedDocument> =
        LazyLock::new(|| SignedDocument::of(&Instance::default(), &Arc::new(KeyRing::generate([7; 32]))));
    let profile_attached = is_profile_attached(instance, now.since(NOW));
    LeafContext { instance, identity: &IDENTITY, fetched: None, profile_attached, now }
}

fn field(json: &str, key: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).expect("well-formed");
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {json}")).to_owned()
}

#[test]
fn keys_have_the_real_shapes() {
    let body = role(&context(&Instance::default(), NOW)).expect("there is a role");
    let key = field(&body, "AccessKeyId");
    assert!(key.starts_with("ASIA") && key.ends_with("EXAMPLE") && key.len() == 20, "{key}");
    assert_eq!(field(&body, "SecretAccessKey").len(), 40);
    assert!(field(&body, "Token").starts_with("IQoJb3JpZ2luX2Vj"), "{body}");
    assert_eq!(field(&body, "LastUpdated"), "2024-01-15T10:00:00Z");
    assert_eq!(field(&body, "Expiration"), "2024-01-15T16:00:00Z");
    let order: Vec<&str> = body.lines().filter_map(|line| line.split('"').nth(1)).collect();
    let expected = ["Code", "LastUpdated", "Type", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"];
    assert_eq!(order, expected);
}

#[test]
fn failures_are_codes() {
    let ask = |state| {
        let instance = instance(|c| c.state = state);
        let view = context(&instance, NOW);
        let code = |body: Option<String>| body.map(|body| field(&body, "Code"));
        (code(info(&view)), code(role(&view)))
    };
    let some = |code: &str| Some(code.to_owned());
    assert_eq!(ask(CredentialState::Ok), (some("Success"), some("Success")));
    assert_eq!(ask(CredentialState::Expired), (some("Success"), some("Success")));
    assert_eq!(
        ask(CredentialState::AssumeRoleUnauthorized),
        (some("Success"), some("AssumeRoleUnauthorizedAccess"))
    );
    assert_eq!(ask(CredentialState::Failed), (some("Success"), some("Failed")));
    assert_eq!(ask(CredentialState::ProfileNotFound), (some("InstanceProfileNotFound"), None));
    assert_eq!(ask(CredentialState::NoRole), (some("Success"), None));
}

#[test]
fn a_profile_may_come_late() {
    let instance = instance(|c| c.attached_after = Duration::from_secs(10));
    let at = |seconds| context(&instance, Timestamp::from_secs(NOW.as_secs() + seconds));
    assert_eq!((info(&at(9)), role(&at(9))), (None, None));
    assert!(info(&at(10)).is_some() && role(&at(10)).is_some());
}

#[test]
fn fetched_keys_are_served_with_their_own_times() {
    let instance = instance(|c| c.source = CredentialSource::File("/nowhere".into()));
    let keys = Keys {
        access_key_id: "ASIAREAL".into(),
        secret_access_key: Secret::new("s"),
        token: Secret::new(""),
        expiration: Some(Timestamp::from_secs(NOW.as_secs() + 900)),
    };
    assert_eq!(role(&context(&instance, NOW)), None, "before the first keys");
    let fetched = Fetched { keys: Some((keys, NOW)), failure: None };
    let body = role(&LeafContext { fetched: Some(&fetched), ..context(&instance, NOW) }).expect("keys");
    assert_eq!(field(&body, "LastUpdated"), "2024-01-15T10:00:00Z");
    assert_eq!(field(&body, "Expiration"), "2024-01-15T10:15:00Z");
    assert_eq!(field(&body, "Token"), "");
    let failed = Fetched { keys: None, failure: Some(FetchFailure { at: NOW, why: "it is gone".into() }) };
    let body = role(&LeafContext { fetched: Some(&failed), ..context(&instance, NOW) }).expect("a failure");
    assert_eq!(field(&body, "Code"), "Failed");
}

/// As on a machine without a clock, whose time begins in 1970: no slot is old enough.
#[test]
fn credentials_have_expired_at_any_time() {
    let instance = instance(|c| {
        (c.lifetime, c.refresh) = (Duration::from_hours(6), Duration::from_hours(1));
        c.state = CredentialState::Expired;
    });
    let lifetime = 6 * 3_600;
    for now in [1, 3_600, lifetime - 1, lifetime, lifetime + 1, lifetime + 3_600, 2 * lifetime, 10 * lifetime]
    {
        let now = Timestamp::from_secs(now);
        let body = role(&context(&instance, now)).expect("there is a role");
        assert!(field(&body, "Expiration") < now.rfc3339(), "at {}: {body}", now.rfc3339());
        assert!(field(&body, "LastUpdated") <= field(&body, "Expiration"), "at {}: {body}", now.rfc3339());
        // The last keys that have expired, once there were some: an hour later the next ones have.
        if now.as_secs() > lifetime {
            let hour_before = now.before(Duration::from_hours(1));
            assert!(field(&body, "Expiration") >= hour_before.rfc3339(), "at {}: {body}", now.rfc3339());
        }
    }
}

/// Whenever the time of day would have made new ones.
#[test]
fn keys_that_are_not_renewed_stay_and_pass_their_expiration() {
    let mut instance = instance(|c| {
        (c.lifetime, c.refresh) = (Duration::from_mins(15), Duration::from_mins(1));
        c.state = CredentialState::Expired;
    });
    (instance.signals.rotated_at, instance.signals.expired_at) = (Some(NOW), Some(NOW));
    let at = |minutes| {
        let body = role(&context(&instance, NOW.plus(Duration::from_mins(minutes)))).expect("keys");
        [field(&body, "AccessKeyId"), field(&body, "Expiration")]
    };
    let first = at(0);
    assert_eq!(first[1], NOW.plus(Duration::from_mins(15)).rfc3339());
    for minutes in [1, 14, 15, 16, 600] {
        assert_eq!(at(minutes), first, "after {minutes} minutes");
    }
    // Of a rotation before, the keys have expired at once.
    instance.signals.expired_at = Some(NOW.plus(Duration::from_mins(1)));
    let now = NOW.plus(Duration::from_mins(1));
    let body = role(&context(&instance, now)).expect("keys");
    assert!(field(&body, "Expiration") < now.rfc3339(), "{body}");
}

#[test]
fn the_extended_form_names_the_account() {
    let on = instance(|c| c.extended = true);
    let body = role_extended(&context(&on, NOW)).expect("switched on");
    assert_eq!(field(&body, "AccountId"), "123456789012");
    assert_eq!(role_extended(&context(&Instance::default(), NOW)), None);
}

/// Also in the second in which the time of day made new ones, and twice in one second.
#[test]
fn a_rotation_makes_new_keys_however_soon_it_comes() {
    let mut instance = instance(|c| c.refresh = Duration::from_hours(1));
    let hour = Timestamp::from_secs(1_768_478_400);
    let mut keys = |rotated_at| {
        instance.signals.rotated_at = rotated_at;
        role(&context(&instance, hour.plus(Duration::from_secs(1)))).expect("there is a role")
    };
    let after = |millis| Some(hour.plus(Duration::from_millis(millis)));
    let bodies = [None, after(0), after(1), after(999)].map(&mut keys);
    let ids: BTreeSet<_> = bodies.iter().map(|body| field(body, "AccessKeyId")).collect();
    assert_eq!(ids.len(), bodies.len(), "expected new keys each time, found {ids:?}");
}

proptest! {
    #[test]
    fn credentials_are_valid_now_and_rotate(
        lifetime in 6_u64..100_000, now in 1_000_000_000_u64..4_000_000_000
    ) {
        let instance = instance(|c| {
            c.lifetime = Duration::from_secs(lifetime);
            c.refresh = c.lifetime / 6;
        });
        let at = |seconds| role(&context(&instance, Timestamp::from_secs(seconds))).expect("there is a role");
        let (updated, expires) = (field(&at(now), "LastUpdated"), field(&at(now), "Expiration"));
        let text = Timestamp::from_secs(now).rfc3339();
        prop_assert!(updated <= text && text < expires, "{updated} {text} {expires}");
        prop_assert_eq!(at(now), at(now));
        prop_assert_ne!(field(&at(now), "AccessKeyId"), field(&at(now + lifetime), "AccessKeyId"));
    }

    #[test]
    fn expired_credentials_have_expired(lifetime in 2_u64..100_000, now in 1_000_000_000_u64..4_000_000_000) {
        let instance = instance(|c| {
            c.lifetime = Duration::from_secs(lifetime);
            c.refresh = (c.lifetime / 6).max(Duration::from_secs(1));
            c.state = CredentialState::Expired;
        });
        let body = role(&context(&instance, Timestamp::from_secs(now))).expect("there is a role");
        prop_assert!(field(&body, "Expiration") < Timestamp::from_secs(now).rfc3339(), "{body}");
        prop_assert!(field(&body, "LastUpdated") <= field(&body, "Expiration"), "{body}");
    }
}
