//! What becomes a fact of the scenario, and what is left to its default.

use super::{observed, written};
use crate::model::{Profile, Timestamp};
use crate::transcribe::SecretsPolicy;
use crate::transcribe::observations::Observations;

/// The scenario of an instance that answered these, too.
pub(super) fn text_of(values: &[(&str, &str)]) -> String {
    written(with_id(values)).0.text
}

pub(super) fn with_id(values: &[(&str, &str)]) -> Observations {
    let id = ("meta-data/instance-id", "i-0123456789abcdef0");
    observed(&[&[id], values].concat())
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

#[test]
fn a_name_that_follows_from_address_or_id_is_not_set() {
    let name = |hostname: &str| {
        let values = [
            ("meta-data/placement/availability-zone", "eu-west-1a"),
            ("meta-data/mac", "06:00:00:00:00:01"),
            ("meta-data/local-ipv4", "10.0.0.12"),
            ("meta-data/local-hostname", hostname),
            ("meta-data/hostname", hostname),
        ];
        let text = text_of(&values);
        text.lines().find(|line| line.starts_with("hostname")).map(str::to_owned)
    };
    assert_eq!(name("ip-10-0-0-12.eu-west-1.compute.internal"), None);
    let by_id = name("i-0123456789abcdef0.eu-west-1.compute.internal");
    assert_eq!(by_id.as_deref(), Some("hostname-type = \"resource-name\""));
    assert_eq!(name("web-1.example").as_deref(), Some("hostname = \"web-1.example\""));
}

#[test]
fn an_interface_may_be_known_by_its_leaves_at_the_top_alone() {
    let text = text_of(&[("meta-data/mac", "06:00:00:00:00:01"), ("meta-data/local-ipv4", "10.0.0.12")]);
    for expected in ["mac = \"06:00:00:00:00:01\"", "private-ipv4s = [\"10.0.0.12\"]"] {
        assert!(text.contains(expected), "expected {expected} in\n{text}");
    }
    let none = text_of(&[("meta-data/mac", "no address")]);
    assert!(!none.contains("[[instance.network-interface]]"), "{none}");
}

#[test]
fn groups_of_a_further_interface_are_set_where_they_differ() {
    let interface = |number: u32, ids: &str| {
        let directory = format!("meta-data/network/interfaces/macs/06:00:00:00:00:0{number}");
        [
            ("device-number", number.to_string()),
            ("local-ipv4s", format!("10.0.0.1{number}")),
            ("security-group-ids", ids.into()),
        ]
        .map(|(leaf, value)| (format!("{directory}/{leaf}"), value))
    };
    let set = |second: &str| {
        let leaves = [interface(0, "sg-0123456789abcdef0"), interface(1, second)].concat();
        let leaves: Vec<(&str, &str)> =
            leaves.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        let text = text_of(&leaves);
        let (_, further) =
            text.split_once("10.0.0.11").unwrap_or_else(|| panic!("no second interface in\n{text}"));
        further.lines().any(|line| line.starts_with("security-group-ids"))
    };
    assert!(!set("sg-0123456789abcdef0"), "they are those of the first");
    assert!(set("sg-0123456789abcdef1"));
    assert!(!set(""), "nothing is said of them");
}

#[test]
fn an_architecture_is_set_where_the_type_says_otherwise() {
    let architecture = |kind: &str, said: &str| {
        let document = format!("{{\"architecture\": \"{said}\", \"instanceType\": \"{kind}\"}}");
        let text =
            text_of(&[("meta-data/instance-type", kind), ("dynamic/instance-identity/document", &document)]);
        text.lines().find(|line| line.starts_with("architecture")).map(str::to_owned)
    };
    assert_eq!(architecture("t3.micro", "x86_64"), None);
    assert_eq!(architecture("t4g.micro", "arm64"), None);
    assert_eq!(architecture("t3.micro", "arm64").as_deref(), Some("architecture = \"arm64\""));
}

#[test]
fn tags_enable_what_serves_them() {
    let tagged = text_of(&[("meta-data/tags/instance/Name", "web")]);
    assert!(tagged.contains("instance-metadata-tags = \"enabled\""), "{tagged}");
    assert!(!text_of(&[]).contains("instance-metadata-tags"));
    let values = written(of_aemm(&[("meta-data/tags/instance/Name", "web")])).0.text;
    assert!(!values.contains("instance-metadata-tags"), "with this profile they are values:\n{values}");
}

/// A service of amazon-ec2-metadata-mock's kind that answered these.
fn of_aemm(values: &[(&str, &str)]) -> Observations {
    let mut observations = observed(values);
    observations.traits.http.profile = Profile::Aemm;
    observations
}

#[test]
fn each_kind_of_notice_has_one_comment() {
    let mut observations = of_aemm(&[("meta-data/instance-id", "i-0123456789abcdef0")]);
    for path in ["meta-data/spot/instance-action", "meta-data/events/recommendations/rebalance"] {
        observations.add_announced(path);
    }
    let (spot, time) = ("meta-data/spot/instance-action", "\"time\": \"2026-01-15T12:02:00Z\"");
    let sent = of_aemm(&[
        ("meta-data/instance-id", "i-0123456789abcdef0"),
        (spot, &format!("{{\"action\": \"terminate\", {time}}}")),
        ("meta-data/events/recommendations/rebalance", "{\"noticeTime\": \"2026-01-15T11:58:00Z\"}"),
    ]);
    let text = written(sent).0.text;
    assert_eq!(text.matches("[[event]]").count(), 2, "{text}");
    assert_eq!(text.matches("# Notices at that time.\n[[event]]\n").count(), 1, "{text}");
    let first = text.find("# Notices at that time.").expect("it is there");
    assert!(first < text.find("[[event]]").expect("it is there"), "above the first:\n{text}");
    let text = written(observations).0.text;
    assert_eq!(text.matches("first-n-clients = 0").count(), 2, "{text}");
    assert_eq!(text.matches("# Listed, and 404 when it was asked for").count(), 1, "{text}");
    let first = text.find("# Listed").expect("it is there");
    assert!(first < text.find("[[event]]").expect("it is there"), "above the first:\n{text}");
}

#[test]
fn a_notice_that_moves_has_a_round_length() {
    let notice = |between: i64| {
        let path = "meta-data/spot/instance-action";
        let answer = |at: i64| {
            let time = jiff::Timestamp::from_second(1_768_478_400 + at).expect("in range");
            format!("{{\"action\": \"terminate\", \"time\": \"{time}\"}}")
        };
        let mut observations = of_aemm(&[(path, answer(between).as_str())]);
        observations.add_second_answer(
            path,
            answer(between + 3).into_bytes(),
            Some(Timestamp::from_secs(1_768_478_403)),
        );
        let text = written(observations).0.text;
        text.lines().find(|line| line.starts_with("spot-interruption")).map(str::to_owned)
    };
    let expected = |notice: &str| {
        Some(format!(
            "spot-interruption = {{ action = \"terminate\", notice = \"{notice}\", moving = true }}"
        ))
    };
    assert_eq!(notice(120), expected("2m"));
    assert_eq!(notice(119), expected("2m"), "a second ended between the two");
    assert_eq!(notice(118), expected("1m58s"));
}

#[test]
fn a_public_key_is_set_if_it_is_one() {
    for (key, is_set) in [
        ("ssh-ed25519 AAAA me\n", true),
        ("ssh-ed25519 AAAA\n", true),
        ("nothing\n", false),
        ("ssh-ed25519 AA\u{7}AA me\n", false),
    ] {
        let mut observations = with_id(&[("meta-data/public-keys/0/openssh-key", key)]);
        observations.add_key_name(0, "me");
        let text = written(observations).0.text;
        assert_eq!(text.contains("[[instance.public-keys]]"), is_set, "{key:?}:\n{text}");
    }
}

#[test]
fn the_instance_has_its_comment_above_it() {
    let text = text_of(&[]);
    let comment =
        "# The instance. Region, partition, ARNs and the identity document follow from it.\n[instance]\n";
    assert!(text.contains(comment), "expected {comment:?} in\n{text}");
}

#[test]
fn what_is_no_line_is_no_fact() {
    for profile in ["", "default\u{7}hvm", "a\nb"] {
        let (transcript, _) = written(with_id(&[("meta-data/profile", profile)]));
        let set = transcript.text.lines().any(|line| line.starts_with("profile = "));
        let tried = transcript.notes.iter().any(|note| note.contains("not said as a fact"));
        assert_eq!((set, tried), (false, false), "{profile:?}:\n{}", transcript.text);
    }
}
