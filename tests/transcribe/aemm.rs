//! A service of amazon-ec2-metadata-mock's kind, recorded: every path is a word of its own, and notices are events.

use std::time::Duration;

use mock_imds::transcribe::SecretsPolicy;
use serde_json::Value;
use support::{Client, PureService, TOKEN, library};

use crate::service::{ALL, RERUN, Values, again, differences, record, types, values, written};

/// The shipped scenario of that kind.
pub const AEMM: &str = "aemm";
const NOTICES: [&str; 5] = [
    "/latest/meta-data/autoscaling/target-lifecycle-state",
    "/latest/meta-data/events/maintenance/scheduled",
    "/latest/meta-data/events/recommendations/rebalance",
    "/latest/meta-data/spot/instance-action",
    "/latest/meta-data/spot/termination-time",
];

/// How many words say a service of that kind: one for each value but notices and user data.
pub fn words(values: &Values) -> usize {
    let said_elsewhere = |path: &str| NOTICES.contains(&path) || path == "/latest/user-data";
    values.keys().filter(|path| !path.ends_with('/') && !said_elsewhere(path)).count()
}

/// Whether two answers of a role are the same text, save for the keys in it.
pub fn same_but_for_the_keys(one: &[u8], other: &[u8]) -> bool {
    let without = |body: &[u8]| {
        let parsed: Value = serde_json::from_slice(body).ok()?;
        let mut text = std::str::from_utf8(body).ok()?.to_owned();
        for key in ["AccessKeyId", "SecretAccessKey", "Token"] {
            text = text.replace(&format!("\"{key}\": {}", parsed.get(key)?), key);
        }
        Some(text)
    };
    let one = without(one);
    one.is_some() && one == without(other)
}

/// The shipped scenario with some of its text replaced.
fn variant(replacements: &[(&str, &str)]) -> PureService {
    let file = library().into_iter().find(|(name, _)| name == AEMM).expect("it is shipped").1;
    let mut text = std::fs::read_to_string(file).expect("it can be read");
    for (from, to) in replacements {
        assert!(text.contains(from), "expected {from:?} in aemm.toml\n{RERUN}");
        text = text.replace(from, to);
    }
    PureService::new(&text)
}

/// Records it, and compares what the recording answers now and some time later.
#[track_caller]
fn survives(what: &str, service: &mut PureService) -> String {
    let seen = record(service, Client::HOST, "1000", ALL).expect("it answers");
    let transcript = written(seen, service);
    let mut found = again(&transcript, service);
    for later in [0, 77] {
        for service in [&mut *service, &mut found] {
            service.wait(Duration::from_secs(later));
        }
        let expected = values(service, Client::HOST);
        let differences = differences(&expected, &values(&mut found, Client::HOST), |_, _, _| false);
        assert!(
            differences.is_empty(),
            "{what}, {later} s later:\n{}\nof\n{}\n{RERUN}",
            differences.join("\n"),
            transcript.text
        );
        let [one, other] = [&mut *service, &mut found].map(|service| types(service, Client::HOST, &expected));
        assert_eq!(one, other, "content types of {what}\n{RERUN}");
    }
    transcript.text
}

const SPOT: &str = "spot-interruption = { action = \"terminate\", notice = \"2m\", moving = true }";
const REBALANCE: &str = "rebalance-recommendation = { moving = true }";
const STATE: &str = "target-lifecycle-state = \"Terminated\"";

#[test]
fn notices_that_move_and_notices_that_do_not_are_told_apart() {
    let text = survives("as shipped", &mut variant(&[]));
    for line in ["profile = \"aemm\"", "http-tokens = \"required\"", SPOT, REBALANCE, STATE] {
        assert!(text.contains(line), "expected {line:?}, found\n{text}\n{RERUN}");
    }
    let fixed = [
        (SPOT, "spot-interruption = { action = \"stop\", time = \"2026-01-15T14:00:00+02:00\" }"),
        (REBALANCE, "rebalance-recommendation = { notice-time = \"2026-01-15T12:00:00.5Z\" }"),
    ];
    let text = survives("fixed times", &mut variant(&fixed));
    for (_, line) in fixed {
        assert!(text.contains(line), "expected {line:?}, found\n{text}\n{RERUN}");
    }
    let slow = [(SPOT, "spot-interruption = { action = \"hibernate\", notice = \"90s\", moving = true }")];
    let text = survives("another notice", &mut variant(&slow));
    assert!(text.contains("notice = \"1m30s\", moving = true"), "{text}\n{RERUN}");
}

#[test]
fn notices_that_are_listed_and_not_given_are_listed_and_not_given() {
    let later = ("at = \"start+0s\"", "at = \"start+9h\"");
    let text = survives("before its events", &mut variant(&[later]));
    assert_eq!(text.matches("first-n-clients = 0").count(), 3, "{text}\n{RERUN}");
    // Until then the state is InService, which is an answer.
    assert!(text.contains("target-lifecycle-state = \"InService\""), "{text}\n{RERUN}");

    let mut service = variant(&[]);
    for stranger in ["10.0.0.1", "10.0.0.2"] {
        for path in NOTICES {
            let reply = service.reply(Client::bridged(stranger), "GET", path, &[]);
            assert_eq!(reply.status.as_u16(), 200, "{path}\n{RERUN}");
        }
    }
    let text = survives("after its clients", &mut service);
    assert_eq!(text.matches("first-n-clients = 0").count(), 4, "{text}\n{RERUN}");
}

#[test]
fn notices_that_are_not_there_are_not_there() {
    for (what, event) in [("spot", SPOT), ("rebalance", REBALANCE), ("state", STATE)] {
        let text = survives(what, &mut variant(&[(event, "tags = { a = \"b\" }")]));
        assert!(!text.contains(event), "{text}\n{RERUN}");
    }
    let text = survives(
        "one of two",
        &mut variant(&[("[metadata]", "[metadata]\n\"meta-data/spot/termination-time\" = false")]),
    );
    assert!(text.contains("\"meta-data/spot/termination-time\" = false"), "{text}\n{RERUN}");
}

#[test]
fn a_word_in_the_place_of_a_notice_stays_a_word() {
    let moved =
        "\"meta-data/events/maintenance/scheduled\" = { content-type = \"application/json\", text = \"[]\" }";
    let text = survives("a word", &mut variant(&[("[metadata]", &format!("[metadata]\n{moved}"))]));
    assert!(text.contains(moved), "expected {moved:?}, found\n{text}\n{RERUN}");
}

#[test]
fn listings_that_need_no_token_are_told() {
    for open in [false, true] {
        let tokens = ("http-tokens = \"optional\"", "http-tokens = \"required\"");
        let profile = format!("profile = \"aemm\"\nopen-listings = {open}");
        let mut service = variant(&[tokens, ("profile = \"aemm\"", &profile)]);
        let seen = record(&mut service, Client::HOST, "1000", SecretsPolicy::default()).expect("it answers");
        let transcript = written(seen, &service);
        assert!(transcript.text.contains("http-tokens = \"required\""), "{}\n{RERUN}", transcript.text);
        let mut found = again(&transcript, &service);
        for path in
            ["/latest/meta-data/", "/latest/meta-data/placement/", "/latest/meta-data/placement/region"]
        {
            let [one, other] = [&mut service, &mut found]
                .map(|service| service.reply(Client::HOST, "GET", path, &[]).status.as_u16());
            assert_eq!(
                one, other,
                "{path} without a token, open-listings = {open}\n{}\n{RERUN}",
                transcript.text
            );
        }
    }
}

#[test]
fn keys_that_were_not_asked_for_are_examples_in_the_same_form() {
    let mut service = variant(&[]);
    let seen = record(&mut service, Client::HOST, "1000", SecretsPolicy::default()).expect("it answers");
    let transcript = written(seen, &service);
    let note = "credentials of the role baskinc-role: examples with the same times are served instead; --with-credentials \
                takes those that it gave along";
    assert!(transcript.notes.iter().any(|found| found == note), "{:#?}\n{RERUN}", transcript.notes);
    let mut found = again(&transcript, &service);
    let token = found.token(Client::HOST, "60");
    let path = "/latest/meta-data/iam/security-credentials/baskinc-role";
    let reply = found.reply(Client::HOST, "GET", path, &[(TOKEN, &token)]);
    let body: Value = serde_json::from_slice(&reply.body).expect("it is JSON");
    for (key, value) in
        [("Code", "Success"), ("AccessKeyId", "ASIAIOSFODNN7EXAMPLE"), ("Expiration", "2020-04-02T00:49:51Z")]
    {
        assert_eq!(body[key], value, "{key} of {body}\n{RERUN}");
    }
}

/// EC2's profiles with listings that come close.
#[test]
fn no_other_service_is_taken_for_one() {
    for http in ["", "versions = []", "profile = \"legacy\"\nversions = []"] {
        let mut service = PureService::new(&format!("[http]\n{http}\n"));
        let seen = record(&mut service, Client::HOST, "1000", SecretsPolicy::default()).expect("it answers");
        let text = written(seen, &service).text;
        assert!(!text.contains("aemm"), "{text}\n{RERUN}");
    }
}
