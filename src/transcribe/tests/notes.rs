//! What is said of what is not in a scenario, and of what became of a file's values.

use super::facts::with_id;
use super::{KEYS, NOW, observed, written};
use crate::config::MAX_BYTES;
use crate::transcribe::account::lines_of_names;
use crate::transcribe::observations::{ObservationSource, Observations, RoleAnswer};
use crate::transcribe::{Account, SecretsPolicy, TranscribeError, dump, transcribe};

const ROLES: &str = "meta-data/iam/security-credentials";

fn name(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

#[test]
fn the_entry_of_an_object_is_that_of_all_below_it() {
    let account = Account {
        taken: [(name("a"), "meta-data/a".to_owned())].into(),
        absent: [(name("a.b"), "meta-data/b".to_owned())].into(),
        left_out: [(name("a.c"), "why".to_owned())].into(),
    };
    for (at, expected) in [
        ("a", Some(Ok("meta-data/a"))),
        ("a.x", Some(Ok("meta-data/a"))),
        ("a.b", Some(Ok("meta-data/b"))),
        ("a.c.d.e", Some(Err("why"))),
        ("x", None),
        ("x.a", None),
    ] {
        assert_eq!(account.of(&name(at)), expected, "{at}");
    }
}

#[test]
fn names_are_in_short_lines_and_beyond_500_counted() {
    assert_eq!(lines_of_names(&[name("a.b"), vec![], name("c")]), ["a.b, the whole, c"]);
    let long = |first: usize, second: usize| {
        lines_of_names(&[vec!["a".repeat(first)], vec!["b".repeat(second)]]).len()
    };
    assert_eq!(
        (long(200, 199), long(200, 200), long(1, 399)),
        (1, 2, 2),
        "lines of less than 400 characters"
    );
    let many = |count: usize| lines_of_names(&(0..count).map(|n| vec![format!("n{n}")]).collect::<Vec<_>>());
    let all = many(500).join(", ");
    assert_eq!(all, (0..500).map(|n| format!("n{n}")).collect::<Vec<_>>().join(", "));
    let more = many(507).join(", ");
    assert_eq!(more, all + ", and 7 more");
}

#[test]
fn what_has_the_form_of_a_key_is_no_role() {
    let role = |listing: &str| {
        let mut observations = observed(&[]);
        let added = dump::add_roles(listing, &mut observations);
        (added, observations.role.map(|role| role.name))
    };
    for listing in ["AKIA-readers", "ASIA", "a-role-of-20-letters", "web"] {
        assert_eq!(role(listing), (true, Some(listing.to_owned())), "{listing}");
    }
    for listing in ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "no name", "web\n{"] {
        assert_eq!(role(listing), (false, None), "{listing}");
    }
}

#[test]
fn each_further_role_is_said_once() {
    let mut observations = observed(&[]);
    for role in ["web", "web", "other", "other"] {
        observations.add_role(role);
    }
    assert_eq!(observations.notes, ["the role other: an instance has one role, web"]);
    let keys = br#"{"Code": "Success", "AccessKeyId": "AKID", "SecretAccessKey": "KEY", "Token": "T"}"#;
    let mut both = Observations::new("latest", SecretsPolicy { credentials: true, user_data: false });
    both.add_value(&format!("{ROLES}/real"), keys.to_vec());
    both.add_value(&format!("{ROLES}/other"), br#"{"Code": "Failed"}"#.to_vec());
    assert_eq!(both.notes, ["the role other: an instance has one role, real"]);
}

#[test]
fn remarks_beyond_1000_are_counted() {
    for (count, expected) in [(999, None), (1000, None), (1001, Some(1)), (1007, Some(7))] {
        let mut observations = observed(&[]);
        (0..count).for_each(|number| observations.add_note(format!("note {number}")));
        observations.note_unsaid();
        let last = observations.notes.last().cloned().unwrap_or_default();
        let expected = expected.map_or_else(
            || format!("note {}", count - 1),
            |more| format!("{more} more values, whose remarks would be too many to read"),
        );
        assert_eq!((last, observations.notes.len()), (expected, count.min(1001)), "{count} remarks");
    }
}

#[test]
fn a_region_that_was_asked_for_counts_where_no_place_is_known() {
    let (zone, region) = ("meta-data/placement/availability-zone", "meta-data/placement/region");
    let asked = |values: &[(&str, &str)], asked: &str| {
        let mut observations = observed(values);
        observations.add_region_asked_for(asked);
        (observations.text(region).map(str::to_owned), observations.notes.len())
    };
    assert_eq!(asked(&[], "eu-west-1"), (Some("eu-west-1".to_owned()), 1));
    assert_eq!(asked(&[(zone, "no zone")], "eu-west-1"), (Some("eu-west-1".to_owned()), 1));
    assert_eq!(asked(&[(zone, "us-east-1a")], "eu-west-1"), (None, 0));
    assert_eq!(asked(&[(region, "us-east-1")], "eu-west-1"), (Some("us-east-1".to_owned()), 0));
    assert_eq!(asked(&[], "nowhere"), (None, 1));
    let mut observations = observed(&[]);
    observations.add_region_asked_for("nowhere");
    assert_eq!(
        observations.notes,
        [
            "the zone, which the answer does not have: \"nowhere\", which was asked for, is no region of EC2, and \
          us-east-1a is in its place"
        ]
    );
}

/// The remarks on an instance whose role answers this.
fn notes_of_role(answer: &str, credentials: bool) -> String {
    let mut observations = Observations::new("latest", SecretsPolicy { credentials, user_data: false });
    observations.add_value("meta-data/instance-id", b"i-0123456789abcdef0".to_vec());
    observations.add_value(&format!("{ROLES}/web"), answer.into());
    written(observations).0.notes.join("\n")
}

#[test]
fn keys_that_are_not_taken_along_are_said_and_how_they_are() {
    let keys = r#"{"Code": "Success", "AccessKeyId": "AKID", "SecretAccessKey": "KEY", "Token": "T"}"#;
    let generated = "credentials of the role web: generated ones are served instead";
    let hint = "; --with-credentials takes the real ones along";
    for (answer, credentials, expected) in [
        (keys, false, (true, true)),
        (keys, true, (false, false)),
        (r#"{"Code": "Success"}"#, false, (true, false)),
    ] {
        let notes = notes_of_role(answer, credentials);
        assert_eq!(
            (notes.contains(generated), notes.contains(hint)),
            expected,
            "{answer}, {credentials}: {notes}"
        );
    }
}

/// Settings that say this of a role.
fn settings(answer: &str, are_examples: bool, credentials: bool) -> Observations {
    let mut observations = Observations::new("latest", SecretsPolicy { credentials, user_data: false });
    let path = format!("{ROLES}/web");
    observations.add_role_answer(RoleAnswer { path, answer: answer.into(), are_examples });
    observations
}

#[test]
fn keys_of_settings_are_real_unless_they_are_examples() {
    let keys = r#"{"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "KEYEXAMPLE"}"#;
    let without = "without AccessKeyId and SecretAccessKey; generated keys are served";
    for (answer, are_examples, credentials, is_real, is_said) in [
        (keys, true, false, false, false),
        (keys, false, false, false, false),
        (keys, false, true, true, false),
        ("{}", true, false, false, true),
        ("{}", false, false, false, false),
        ("{}", false, true, false, true),
    ] {
        let found = settings(answer, are_examples, credentials);
        let said = found.notes.iter().any(|note| note.contains(without));
        assert_eq!(
            (found.has_real_keys, said),
            (is_real, is_said),
            "{answer}, examples: {are_examples}, with credentials: {credentials}"
        );
    }
}

/// Tokens are required only where real keys are at stake.
#[test]
fn examples_leave_a_service_open_that_was() {
    use crate::model::HttpTokens;
    let keys = r#"{"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "KEYEXAMPLE"}"#;
    for (are_examples, expected) in [(true, "optional"), (false, "required")] {
        let mut observations = settings(keys, are_examples, true);
        observations.add_value("meta-data/instance-id", b"i-0123456789abcdef0".to_vec());
        observations.traits.http_tokens = Some(HttpTokens::Optional);
        let text = written(observations).0.text;
        let line = text.lines().find(|line| line.starts_with("http-tokens"));
        assert_eq!(line, Some(format!("http-tokens = \"{expected}\"").as_str()), "{text}");
        assert_eq!(text.contains("with real credentials"), !are_examples, "{text}");
    }
}

#[test]
fn a_scenario_may_be_as_long_as_one_that_is_read() {
    let of = |length: usize| {
        let value = "x".repeat(length);
        let observations = with_id(&[("meta-data/a", value.as_str())]);
        transcribe(observations, "A test.", &KEYS, NOW).map(|transcript| transcript.text.len())
    };
    let most = usize::try_from(MAX_BYTES).expect("it fits");
    let short = of(1000).expect("it can be said");
    let longest = 1000 + most - short;
    assert_eq!(of(longest), Ok(most));
    assert_eq!(of(longest + 1), Err(TranscribeError::TooLarge(most + 1)));
}

/// Of JSON that was parsed, members that are there count, and the others are ours.
#[test]
fn members_of_the_document_are_kept_beside_ours() {
    let mut observations = with_id(&[]);
    observations.partial = true;
    observations
        .add_json("dynamic/instance-identity/document", &serde_json::json!({"version": "2099-01-01"}));
    let (_, answers) = written(observations);
    let document: serde_json::Value =
        serde_json::from_slice(&answers["dynamic/instance-identity/document"]).expect("it is JSON");
    assert_eq!(
        (&document["version"], &document["instanceId"]),
        (&"2099-01-01".into(), &"i-0123456789abcdef0".into())
    );
}

/// What follows the clock is said, unless it is an override.
#[test]
fn times_that_follow_the_clock_are_said() {
    let info = "{\"Code\": \"Success\", \"LastUpdated\": \"2026-01-15T11:21:00Z\", \
                \"InstanceProfileArn\": \"arn:aws:iam::210987654321:instance-profile/web\"}";
    let said = |info: &str| {
        let mut observations = with_id(&[]);
        observations.add_json("meta-data/iam/info", &serde_json::from_str(info).expect("it is JSON"));
        observations.add_role("web");
        let notes = written(observations).0.notes;
        notes.iter().any(|note| note.starts_with("LastUpdated of iam/info"))
    };
    assert!(said(info));
    assert!(!said(&info.replace("\"Code\"", "\"More\": \"x\", \"Code\"")), "it is an override");
}

/// Bytes of a service are what they are: one that leaves a member out did so.
#[test]
fn a_member_that_a_service_leaves_out_is_not_served() {
    let info = "{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"2026-01-15T11:21:00Z\",\n  \"InstanceProfileArn\" : \
                \"arn:aws:iam::210987654321:instance-profile/web\"\n}";
    let mut observations = with_id(&[("meta-data/iam/info", info)]);
    observations.add_role("web");
    let (transcript, answers) = written(observations);
    let found = String::from_utf8_lossy(&answers["meta-data/iam/info"]).into_owned();
    assert!(!found.contains("InstanceProfileId"), "{found}\nof\n{}", transcript.text);
}

#[test]
fn what_no_answer_tells_is_said_of_answers() {
    let note = "http-put-response-hop-limit, which no answer tells";
    let said = |limit: Option<u8>, source: ObservationSource| {
        let mut observations = with_id(&[]);
        observations.traits.hop_limit = limit;
        observations.source = source;
        written(observations).0.notes.iter().any(|found| found == note)
    };
    assert!(said(None, ObservationSource::Service));
    assert!(!said(Some(2), ObservationSource::Service));
    assert!(!said(None, ObservationSource::Settings));
}

#[test]
fn settings_below_a_role_are_no_answer_of_it() {
    let mut observations = observed(&[]);
    let path = format!("{ROLES}/web/keys");
    observations.add_role_answer(RoleAnswer {
        path: path.clone(),
        answer: b"{}".to_vec(),
        are_examples: true,
    });
    assert!(observations.role.is_none(), "{observations:?}");
    assert_eq!(observations.notes, [format!("{path}: holds credentials where EC2 has none; left out")]);
}
