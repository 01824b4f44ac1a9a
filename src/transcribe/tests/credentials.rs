//! The role and its keys, as answers tell them.

use super::facts::{text_of, with_id};
use super::{NOW, written};
use crate::model::format_duration;
use crate::transcribe::SecretsPolicy;
use crate::transcribe::observations::{ObservationSource, Observations};
use crate::transcribe::role::ObservedRole;

const ROLE: &str = "meta-data/iam/security-credentials/web";

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
    for expected in ["role = \"web\"", "source = \"generated\""] {
        assert!(generated.contains(expected), "expected {expected} in\n{generated}");
    }
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
    // What has neither a profile nor a role is none of EC2's.
    let other = text_of(&[("meta-data/iam/other", "x")]);
    assert!(other.contains("[credentials]\nsource = \"none\"\n"), "{other}");
}

#[test]
fn the_profile_names_the_role_only_where_no_list_of_roles_is_known() {
    let info = "{\"InstanceProfileArn\": \"arn:aws:iam::210987654321:instance-profile/path/web\"}";
    let mut observations = with_id(&[("meta-data/iam/info", info)]);
    observations.add_unknown("meta-data/iam/security-credentials");
    let text = written(observations).0.text;
    assert!(text.contains("role = \"web\"") && text.contains("instance-profile = \"path/web\""), "{text}");
    let mut listed = with_id(&[("meta-data/iam/info", info)]);
    listed.add_unknown("meta-data/iam/security-credentials");
    listed.add_role("other");
    let (transcript, _) = written(listed);
    assert!(transcript.text.contains("role = \"other\""), "{}", transcript.text);
    assert!(!transcript.notes.iter().any(|note| note.contains("taken to be")), "{:?}", transcript.notes);
    let known = text_of(&[("meta-data/iam/info", info)]);
    for other in ["role = \"web\"", "source = \"generated\""] {
        assert!(!known.contains(other), "the list of roles is known to be empty:\n{known}");
    }
}

/// Ids that end so are made of the profile's name.
#[test]
fn the_id_of_a_profile_is_set_unless_it_is_made_up() {
    for (id, is_set) in [("AIPAAQPF4NKIKIEXAMPLE", false), ("AIPA00000000000000WEB", true)] {
        let info = format!(
            "{{\"Code\": \"Success\", \"InstanceProfileArn\": \"arn:aws:iam::210987654321:instance-profile/web\", \
             \"InstanceProfileId\": \"{id}\"}}"
        );
        let mut observations = with_id(&[("meta-data/iam/info", info.as_str())]);
        observations.add_role("web");
        let text = written(observations).0.text;
        assert_eq!(text.contains(&format!("instance-profile-id = \"{id}\"")), is_set, "{text}");
    }
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
fn keys_in_a_file_that_have_expired_since_leave_the_role_as_it_was() {
    let answer = keys_of("Success", 0).replace("16T", "15T");
    for (source, expired) in [(ObservationSource::Service, true), (ObservationSource::File, false)] {
        let mut observations = answering(&answer, SecretsPolicy::default());
        observations.source = source;
        let (transcript, _) = written(observations);
        let said = transcript.notes.iter().any(|note| note.contains("the role's keys, which expired at"));
        assert_eq!(
            (transcript.text.contains("state = \"expired\"\n"), said),
            (expired, !expired),
            "{source:?}:\n{}",
            transcript.text
        );
    }
}
