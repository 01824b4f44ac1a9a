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
use serde_json::{Value, json};
use support::{Client, PureService, TOKEN};

use crate::random_documents::document;
use crate::service::{ALL, keys};

/// With the two below: 10,000 trees in all, in tests that run side by side.
const ACCOUNTED: u32 = 2_375;
const SERVED: u32 = 250;

/// Leaves whose lines may be values of their own in a file.
const LISTS: [&str; 2] = ["/local-ipv4s", "/security-groups"];

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

/// A text in the place of a directory is no value, and a key all the same.
#[test]
fn keys_in_the_place_of_interfaces_hide_what_is_beside_them() {
    let document = json!({"instance-id": "i-0123456789abcdef0", "network": {"interfaces": {"macs": {
        "AccessKeyId": "AKID", "SecretAccessKey": "sREALKEY", "Token": "tREALKEY", "Other": {"x": "oREALKEY"}}}}});
    account_of(&document, SecretsPolicy::default()).unwrap_or_else(|error| panic!("{error}"));
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
