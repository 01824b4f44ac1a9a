//! What becomes a fact of the scenario, and what is left to its default.

use super::{NOW, observed, written};
use crate::model::format_duration;
use crate::transcribe::observations::Observations;
use crate::transcribe::role::ObservedRole;
use crate::transcribe::{SecretsPolicy, cloud_init, dump};

const ROLE: &str = "meta-data/iam/security-credentials/web";

/// The scenario of an instance that answered these, too.
fn text_of(values: &[(&str, &str)]) -> String {
    written(with_id(values)).0.text
}

fn with_id(values: &[(&str, &str)]) -> Observations {
    let id = ("meta-data/instance-id", "i-0123456789abcdef0");
    observed(&[&[id], values].concat())
}

/// The answer for a role whose keys last this many seconds from now.
fn keys_of(code: &str, lifetime: u64) -> String {
    let time = |seconds: u64| jiff::Timestamp::from_second(1_768_478_400 + seconds.cast_signed());
    let (from, to) = (time(0).expect("in range"), time(lifetime).expect("in range"));
    format!("{{\"Code\": \"{code}\", \"LastUpdated\": \"{from}\", \"Expiration\": \"{to}\"}}")
}

fn answering(answer: &str, policy: SecretsPolicy) -> Observations {
    let mut observations = Observations::new("latest", policy);
    for (path, text) in [("meta-data/instance-id", "i-0123456789abcdef0"), (ROLE, answer)] {
        observations.add_value(path, text.as_bytes().to_vec());
    }
    observations
}

fn with_role(answer: &str) -> String {
    written(answering(answer, SecretsPolicy::default())).0.text
}

#[test]
fn a_lifetime_is_set_where_it_is_not_that_of_ec2() {
    let lifetime = |seconds: u64| {
        let text = with_role(&keys_of("Success", seconds));
        text.lines().find(|line| line.starts_with("lifetime")).map(str::to_owned)
    };
    let usual = crate::model::Credentials::default().lifetime.as_secs();
    for seconds in [usual, usual + 1200, usual - 3600, usual + 3600, 1, 0] {
        assert_eq!(lifetime(seconds), None, "{seconds} s");
    }
    for seconds in [usual - 3601, usual + 3601, 3600, 2, 43_200] {
        let expected = format_duration(std::time::Duration::from_secs(seconds));
        assert_eq!(lifetime(seconds), Some(format!("lifetime = \"{expected}\"")), "{seconds} s");
    }
}

#[test]
fn a_role_is_generated_static_or_none() {
    let generated = with_role(&keys_of("Success", 21_600));
    assert!(generated.contains("role = \"web\"") && !generated.contains("source = \"none\""), "{generated}");
    let keys =
        "{\"Code\": \"Success\", \"AccessKeyId\": \"ASIAIOSFODNN7EXAMPLE\", \"SecretAccessKey\": \"s\"}";
    let policy = SecretsPolicy { credentials: true, user_data: false };
    let real = written(answering(keys, policy)).0.text;
    for expected in ["source = \"static\"", "access-key-id = \"ASIAIOSFODNN7EXAMPLE\"", "REAL CREDENTIALS"] {
        assert!(real.contains(expected), "expected {expected} in\n{real}");
    }
    assert!(!real.contains("session-token"), "there is none\n{real}");
    let token = keys.replace('}', ", \"Token\": \"t\"}");
    let with_token = written(answering(&token, policy)).0.text;
    assert!(with_token.contains("session-token = \"t\""), "{with_token}");
    let none = text_of(&[]);
    assert!(none.contains("[credentials]\nsource = \"none\"\n"), "{none}");
}

#[test]
fn the_profile_names_the_role_only_where_no_list_of_roles_is_known() {
    let info = "{\"InstanceProfileArn\": \"arn:aws:iam::210987654321:instance-profile/path/web\"}";
    let mut observations = with_id(&[("meta-data/iam/info", info)]);
    observations.add_unknown("meta-data/iam/security-credentials");
    let text = written(observations).0.text;
    assert!(text.contains("role = \"web\"") && text.contains("instance-profile = \"path/web\""), "{text}");
    let known = text_of(&[("meta-data/iam/info", info)]);
    assert!(!known.contains("role = \"web\""), "the list of roles is known to be empty:\n{known}");
}

#[test]
fn the_state_of_credentials_is_what_their_answers_say() {
    let state = |values: &[(&str, &str)], role: Option<ObservedRole>| {
        let mut observations = with_id(values);
        observations.role = role;
        let text = written(observations).0.text;
        text.lines().find(|line| line.starts_with("state")).map(str::to_owned)
    };
    let role = |code: &str, lifetime| ObservedRole::of("web", keys_of(code, lifetime).as_bytes(), false);
    let expired = ObservedRole { expiration: Some(NOW), ..role("Success", 0) };
    let info = |text| [("meta-data/iam/info", text)];
    let cases: [(&str, Option<ObservedRole>, Option<&str>); 7] = [
        ("{}", Some(role("Success", 21_600)), None),
        ("{}", Some(ObservedRole::new("web")), None),
        ("{}", Some(expired), Some("expired")),
        ("{}", Some(role("AssumeRoleUnauthorizedAccess", 0)), Some("assume-role-unauthorized")),
        ("{}", Some(role("Whatever", 0)), Some("failed")),
        ("{\"Code\": \"InstanceProfileNotFound\"}", None, Some("profile-not-found")),
        (
            "{\"Code\": \"Failed\", \"Message\": \"Instance Profile does not contain a role. Please see documentation\"}",
            None,
            Some("no-role"),
        ),
    ];
    for (answer, role, expected) in cases {
        let expected = expected.map(|state| format!("state = \"{state}\""));
        let description = format!("{answer}, {role:?}");
        assert_eq!(state(&info(answer), role), expected, "{description}");
    }
}

#[test]
fn hibernation_is_said_either_way() {
    for (answer, expected) in [("true", Some("hibernation = true")), ("false", Some("hibernation = false"))] {
        let text = text_of(&[("meta-data/hibernation/configured", answer)]);
        let found = text.lines().find(|line| line.starts_with("hibernation"));
        assert_eq!(found, expected, "in\n{text}");
    }
}

#[test]
fn only_the_first_event_has_the_comment() {
    let spot =
        ("meta-data/spot/instance-action", "{\"action\": \"terminate\", \"time\": \"2026-01-15T12:02:00Z\"}");
    let rebalance =
        ("meta-data/events/recommendations/rebalance", "{\"noticeTime\": \"2026-01-15T11:58:00Z\"}");
    let text = text_of(&[spot, rebalance]);
    assert_eq!(text.matches("[[event]]").count(), 2, "{text}");
    assert_eq!(text.matches("# Notices at that time").count(), 1, "{text}");
    let first = text.find("# Notices at that time").expect("it is there");
    assert!(first < text.find("[[event]]").expect("it is there"), "above the first:\n{text}");
}

#[test]
fn a_value_in_the_place_of_a_directory_takes_all_below_it() {
    let text = text_of(&[("meta-data/network", "of my own")]);
    assert!(text.contains("\"meta-data/network\" = \"of my own\""), "{text}");
    assert!(!text.contains("\"meta-data/network/"), "nothing below is said to be absent:\n{text}");
}

#[test]
fn a_content_type_is_kept_where_it_is_unusual() {
    let mut observations = Observations::new("latest", SecretsPolicy { credentials: false, user_data: true });
    observations.add_typed_value("meta-data/managed-ssh-keys/a", b"1".to_vec(), Some("text/html"));
    observations.add_typed_value("meta-data/managed-ssh-keys/b", b"2".to_vec(), Some("text/plain"));
    observations.add_typed_value("user-data", b"#!/bin/sh\n".to_vec(), Some("text/plain"));
    let types: Vec<(&str, Option<&str>)> = observations
        .values
        .iter()
        .filter(|(_, value)| value.content_type.is_some())
        .map(|(path, value)| (path.as_str(), value.content_type.as_deref()))
        .collect();
    assert_eq!(
        types,
        [("meta-data/managed-ssh-keys/a", Some("text/html")), ("user-data", Some("text/plain"))]
    );
    observations.add_typed_value("user-data", b"x".to_vec(), Some("application/octet-stream"));
    assert_eq!(observations.values["user-data"].content_type, None);
}

fn dumped(files: &[(&str, &str)]) -> Observations {
    let path = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let files = files.iter().map(|(name, body)| (path(name), body.as_bytes().to_vec())).collect();
    dump::read(&files, SecretsPolicy::default()).expect("it is a dump")
}

#[test]
fn a_dump_begins_at_a_version_or_below() {
    for (file, version) in [
        ("latest/meta-data/instance-id", "latest"),
        ("1.0/meta-data/instance-id", "1.0"),
        ("2021-01-03/meta-data/instance-id", "2021-01-03"),
        ("of/host-7/latest/meta-data/instance-id", "latest"),
        // No versions, but directories that somebody made.
        ("2021-01-0x/meta-data/instance-id", "latest"),
        ("20210103/meta-data/instance-id", "latest"),
        ("host/meta-data/instance-id", "latest"),
        ("2.0/meta-data/instance-id", "latest"),
        ("meta-data/instance-id", "latest"),
        ("instance-id", "latest"),
    ] {
        let observations = dumped(&[(file, "i-0123456789abcdef0")]);
        assert_eq!(observations.version, version, "{file}");
        assert!(observations.has("meta-data/instance-id"), "{file}");
    }
}

#[test]
fn a_public_key_is_a_type_and_a_key() {
    let key = "ssh-ed25519 AAAA me";
    let has = |file: &str, text: &str| {
        let seen = dumped(&[("meta-data/instance-id", "i-0123456789abcdef0"), (file, text)]);
        seen.text("meta-data/public-keys/0/openssh-key").map(str::to_owned)
    };
    let with_newline = Some(format!("{key}\n"));
    assert_eq!(has("meta-data/public-keys/0/openssh-key", key), with_newline);
    assert_eq!(has("meta-data/public-keys/0=me", key), with_newline);
    assert_eq!(has("meta-data/public-keys/0/openssh-key", "notakey"), None);
    assert_eq!(has("meta-data/public-keys/0/fingerprint", "MD5 aa:bb"), None);
}

#[test]
fn user_data_may_be_missing_from_a_dump_that_begins_at_a_version() {
    let id = ("latest/meta-data/instance-id", "i-0123456789abcdef0");
    let document = ("latest/dynamic/instance-identity/document", "{}");
    let notes = |files: &[(&str, &str)]| dumped(files).notes;
    let taken = "user-data: not in the dump; taken to be none";
    assert!(notes(&[id, document]).iter().any(|note| note == taken), "{:?}", notes(&[id, document]));
    let alone = notes(&[id]);
    assert!(alone.iter().any(|note| note == "user-data: not in the dump"), "{alone:?}");
    assert!(!alone.iter().any(|note| note == taken), "it is unknown, not none: {alone:?}");
    let there = notes(&[id, document, ("latest/user-data", "#!/bin/sh")]);
    assert!(!there.iter().any(|note| note.starts_with("user-data")), "{there:?}");
}

#[test]
fn names_of_public_keys_are_numbered_where_there_are_some() {
    let note = |keys: &str| {
        let json = format!(
            r#"{{"ds": {{"meta_data": {{"instance_id": "i-0123456789abcdef0", "public_keys": {keys}}}}}}}"#
        );
        let json = serde_json::from_str(&json).expect("it is JSON");
        let seen = cloud_init::read(&json, SecretsPolicy::default()).expect("it is an instance's");
        seen.notes.iter().any(|note| note.starts_with("the numbers of public keys"))
    };
    assert!(!note(r#"{"a": ["ssh-rsa A a"]}"#));
    assert!(note(r#"{"a": ["ssh-rsa A a"], "b": ["ssh-rsa B b"]}"#));
    assert!(note(r#"{"a": ["ssh-rsa A a"], "b": ["ssh-rsa B b"], "c": ["ssh-rsa C c"]}"#));
}
