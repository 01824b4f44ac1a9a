//! Random trees in every wrapping: each of their values is taken, or left out with the reason, and what is written is a
//! scenario that `check` accepts without a word.

use std::path::Path;
use std::time::Duration;

use mock_imds::config::SourceText;
use mock_imds::scenario;
use mock_imds::transcribe::shapes::{self, Reading};
use mock_imds::transcribe::{Account, SecretsPolicy, TranscribeError, Transcript, transcribe};
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};
use support::{Client, PureService, TOKEN};

use crate::service::{ALL, keys};

/// With the two below: 10,000 trees in all, in tests that run side by side.
const ACCOUNTED: u32 = 2_375;
const SERVED: u32 = 250;

/// Leaves whose lines may be values of their own in a file.
const LISTS: [&str; 2] = ["/local-ipv4s", "/security-groups"];

/// Names of the tree, and such as nobody has.
const NAMES: [&str; 40] = [
    "ami-id",
    "ami_id",
    "ami-launch-index",
    "block-device-mapping",
    "root",
    "events",
    "maintenance",
    "scheduled",
    "recommendations",
    "rebalance",
    "hostname",
    "iam",
    "info",
    "security-credentials",
    "web",
    "instance-id",
    "instance-type",
    "instance_type",
    "local-ipv4",
    "mac",
    "network",
    "interfaces",
    "macs",
    "0e:49:61:0f:c3:11",
    "subnet-id",
    "device-number",
    "placement",
    "availability-zone",
    "placement/region",
    "public-keys",
    "0",
    "0=me",
    "openssh-key",
    "public-ipv4",
    "security-groups",
    "services",
    "spot",
    "instance-action",
    "tags",
    "instance",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => "[a-z_]{1,6}",
        1 => prop::sample::select(&["", "..", "a//b", "ü b", "/x/", "a\nb", "user-data", "dynamic"][..]).prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&[
            "i-0123456789abcdef0", "mock-instance-id", "0123456789", "m5.large", "10.0.0.7", "eu-west-1b", "us-east-9z", "",
            "ssh-ed25519 AAAA me", "<html><title>404 - Not Found</title></html>", "redacted for non-root user", "ci-b64:aGk=",
            "ci-b64:?", "web", "a\nb", "0e:49:61:0f:c3:11", "AKIAIOSFODNN7REALKEY", "{}", "true", "none", "06:00:00:00:00:01",
            "export AWS_SECRET_ACCESS_KEY=sREALKEY", "aws_secret_access_key = sREALKEY",
            "AKIAIOSFODNN7EXAMPLE", "2026-01-15T12:00:00Z", "subnet-0ac62554",
        ][..]).prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
        1 => "(?s).{0,6}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        12 => text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..9).prop_map(Value::from),
        1 => prop::collection::vec(text(), 0..3).prop_map(Value::from),
        1 => Just(json!([{"Code": "instance-reboot"}])),
        1 => Just(json!({})),
        1 => Just(json!({"Code": "Success", "InstanceProfileArn": "arn:aws:iam::111122223333:instance-profile/web"})),
        1 => Just(json!({"Code": "Success", "AccessKeyId": "ASIAIOSFODNN7REALKEY", "SecretAccessKey": "sREALKEY", "Token": "tREALKEY",
                         "Expiration": "2024-01-01T00:00:00Z"})),
        // Taken apart, in spellings that no path has.
        2 => Just(json!({"AccessKeyId": "AKID", "SecretAccessKey": "sREALKEY", "Token": "tREALKEY", "Other": {"x": "oREALKEY"}})),
        1 => Just(json!({"access_key_id": "AKID", "secret_access_key": "sREALKEY", "session_token": "tREALKEY"})),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop::collection::btree_map(name(), inner, 0..5)
            .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
    })
}

fn members() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(name(), value(), 0..8).prop_map(|members| members.into_iter().collect())
}

fn document() -> impl Strategy<Value = Value> {
    let wrapping = 0..9_usize;
    let flags = (any::<bool>(), prop::bool::weighted(0.2));
    (wrapping, members(), members(), value(), flags).prop_map(|(wrapping, mut tree, more, user_data, (named, is_over))| {
        if is_over {
            tree.insert("spot".into(), json!({"instance-action": {"action": "stop", "time": "2020-01-01T00:00:00Z"}}));
            tree.insert("iam".into(), json!({"security-credentials": {"web": {
                "Code": "Success", "LastUpdated": "2020-01-01T00:00:00Z", "AccessKeyId": "ASIAIOSFODNN7REALKEY",
                "SecretAccessKey": "sREALKEY", "Token": "tREALKEY", "Expiration": "2020-01-01T06:00:00Z"}}}));
        }
        if named {
            tree.insert("instance-id".into(), json!("i-0123456789abcdef0"));
            tree.insert("ami-id".into(), json!("ami-0123456789abcdef0"));
        }
        let tree = Value::Object(tree);
        let more = Value::Object(more);
        match wrapping {
            0 => tree,
            1 => json!({"meta-data": tree, "dynamic": {"instance-identity": {"document": more}}, "user-data": user_data}),
            2 => json!({"latest": {"meta-data": tree, "dynamic": more, "user-data": user_data}, "2009-04-04": more}),
            3 => json!({"ds": {"meta_data": tree, "user_data": user_data}, "v1": {"cloud_name": "aws"}, "sys_info": more}),
            4 => json!({"ec2_metadata": tree, "ec2_userdata": user_data, "os": more}),
            5 => json!({"meta-data/instance-id": "i-1", "/latest/meta-data/mac": user_data, "x/y": more}),
            6 => json!({"ansible_facts": {"ansible_ec2_ami_id": "ami-1", "ansible_ec2_placement_region": user_data,
                                          "ansible_ec2_instance_identity_document_accountid": "1", "ansible_os": more}}),
            7 => json!({"ec2": {"instance_id": user_data, "ami_id": "ami-1", "iam": tree, "account_id": "1"}, "languages": more}),
            _ => json!({"Reservations": [{"ReservationId": "r-1", "OwnerId": "1", "Instances": [
                {"InstanceId": "i-1", "State": {}, "Placement": {"AvailabilityZone": "eu-west-1b"}, "PublicDnsName": "", "Tags": [{"Key": "a", "Value": user_data}], "IamInstanceProfile": more,
                 "NetworkInterfaces": [{"MacAddress": "06:00:00:00:00:01", "Other": tree, "PrivateIpAddresses": [
                     {"PrivateIpAddress": "10.0.0.7"}, {"PrivateIpAddress": "10.0.0.8"}]}]}, {"InstanceId": "i-2"}]}]}),
        }
    })
}

/// Names of all values: what has none below it.
fn leaves(value: &Value, name: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(number, value)| (number.to_string(), value)).collect()
        }
        _ => vec![],
    };
    if members.is_empty() {
        found.push((name.clone(), value.clone()));
    }
    for (below, value) in members {
        name.push(below);
        leaves(value, name, found);
        name.pop();
    }
}

/// The scenario of a document; none if it is of no instance, or has nothing of one.
fn imported(document: &Value, policy: SecretsPolicy) -> Result<Option<Transcript>, TestCaseError> {
    let Ok(Reading { observations, .. }) = shapes::read_json(vec![document.clone()], policy) else {
        return Ok(None);
    };
    let now = PureService::new("").now;
    match transcribe(observations, "Of a test.", &keys(), now) {
        Ok(transcript) => Ok(Some(transcript)),
        Err(TranscribeError::Nothing) => Ok(None),
        Err(error) => Err(TestCaseError::fail(format!("{error}\nof {document}"))),
    }
}

/// A sentence for each value without an entry, or whose reason is said nowhere.
fn unaccounted(document: &Value, account: &Account, notes: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    leaves(document, &mut Vec::new(), &mut all);
    let said = |text: &str| notes.iter().any(|note| note.contains(text));
    all.iter()
        .filter_map(|(name, value)| match account.of(name) {
            None => Some(format!("{name:?} = {value}: neither taken nor left out")),
            Some(Ok(_)) => None,
            Some(Err(reason)) => {
                // What is no visible text is shown otherwise, and long ones are cut off.
                let visible =
                    !reason.chars().any(char::is_control) && reason.len() < 500 && !reason.contains("AKIA");
                (visible && !said(reason)).then(|| format!("{name:?}: {reason:?} is said nowhere"))
            }
        })
        .collect()
}

/// Whether each value of a tree has its entry, and no key that may be real is shown unasked.
fn account_of(document: &Value, policy: SecretsPolicy) -> Result<(), TestCaseError> {
    let Some(transcript) = imported(document, policy)? else { return Ok(()) };
    let lost = unaccounted(document, &transcript.account, &transcript.notes);
    prop_assert!(lost.is_empty(), "{}\nof {document}\nnotes: {:#?}", lost.join("\n"), transcript.notes);
    let source = SourceText::new("written.toml", transcript.text.as_str());
    let (_, report) = scenario::read_at(&source, Path::new(""), Some(PureService::new("").now))
        .map_err(|report| TestCaseError::fail(format!("{report}\nof {document}")))?;
    prop_assert!(report.problems.is_empty(), "{report}\n{}\nof {document}", transcript.text);
    if !policy.credentials {
        let shown = format!("{}{:?}", transcript.text, transcript.notes);
        prop_assert!(!shown.contains("REALKEY"), "a key in\n{}\nof {document}", transcript.text);
    }
    Ok(())
}

/// Whether what was taken is answered, and the scenario contradicts neither itself nor EC2.
fn served(document: &Value) -> Result<(), TestCaseError> {
    let policy = SecretsPolicy { credentials: false, user_data: true };
    let Some(transcript) = imported(document, policy)? else { return Ok(()) };
    let source = SourceText::new("written.toml", transcript.text.as_str());
    // Long after, when all of its times are over.
    let later = PureService::new("").now.plus(Duration::from_hours(100 * 365 * 24));
    let (_, report) = scenario::read_at(&source, Path::new(""), Some(later))
        .map_err(|report| TestCaseError::fail(format!("{report}\nof {document}")))?;
    prop_assert!(report.problems.is_empty(), "{report}\n{}\nof {document}", transcript.text);
    let mut service = PureService::new(&transcript.text);
    let token = service.token(Client::HOST, "21600");
    let mut get = |path: &str| {
        let reply = service.reply(Client::HOST, "GET", &format!("/latest/{path}"), &[(TOKEN, &token)]);
        (reply.status.as_u16(), reply.body.to_vec())
    };
    let (info, roles) = (get("meta-data/iam/info").0, get("meta-data/iam/security-credentials/"));
    let has_role = roles.0 == 200 && !roles.1.is_empty();
    prop_assert_eq!(
        info == 200,
        has_role,
        "a role and no profile, or the reverse, of {}\n{}",
        document,
        transcript.text
    );
    for path in transcript.account.absent.values() {
        prop_assert_eq!(get(path).0, 404, "{} of {}\n{}", path, document, transcript.text);
    }
    let mut all = Vec::new();
    leaves(document, &mut Vec::new(), &mut all);
    for (name, value) in &all {
        let (Some(Ok(path)), Value::String(text)) = (transcript.account.of(name), value) else { continue };
        if transcript.account.absent.contains_key(name) {
            continue;
        }
        let is_text =
            transcript.account.taken.contains_key(name) && path.starts_with("meta-data/") && is_path(path);
        let is_changed = path.contains("/public-keys/")
            || text.starts_with("ci-b64:")
            || path.contains("security-credentials");
        // Names of tags are no answers of their own.
        let is_key = name.last().is_some_and(|last| last == "Key") && path.contains("/tags/");
        let is_part = is_key || path.contains("iam/info");
        let is_noted = transcript.notes.iter().any(|note| note.contains(path));
        if !is_text || is_changed || is_part || is_noted {
            continue;
        }
        let (status, body) = get(path);
        let is_line = LISTS.iter().any(|list| path.ends_with(list))
            && String::from_utf8_lossy(&body).lines().any(|line| line == text);
        prop_assert!(
            status == 200 && (is_line || body == text.as_bytes()),
            "{path}: expected {text:?}, found {status} {:?}\nof {document}\nas\n{}",
            String::from_utf8_lossy(&body),
            transcript.text
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: ACCOUNTED, failure_persistence: None, ..Config::default() })]

    #[test]
    fn nothing_is_lost_without_a_word(document in document()) {
        account_of(&document, SecretsPolicy::default())?;
    }

    #[test]
    fn nothing_is_lost_without_a_word_where_secrets_are_taken(document in document()) {
        account_of(&document, ALL)?;
    }

    #[test]
    fn nothing_is_lost_of_what_is_named(document in document().prop_filter("nothing is read", is_read)) {
        account_of(&document, SecretsPolicy::default())?;
    }

    #[test]
    fn nothing_is_lost_of_what_is_named_where_secrets_are_taken(document in document().prop_filter("nothing is read", is_read)) {
        account_of(&document, ALL)?;
    }
}

proptest! {
    #![proptest_config(Config { cases: SERVED, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_is_taken_is_answered_and_contradicts_nothing(document in document()) {
        served(&document)?;
    }

    #[test]
    fn what_is_named_is_answered_and_contradicts_nothing(document in document().prop_filter("nothing is read", is_read)) {
        served(&document)?;
    }
}

fn is_read(document: &Value) -> bool {
    shapes::read_json(vec![document.clone()], SecretsPolicy::default()).is_ok()
}

/// False for what a request would have to encode.
fn is_path(path: &str) -> bool {
    path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./=:".contains(&b))
}
