//! What is recorded of a service, served again, answers as the service did: for every shipped scenario, at several times.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use mock_imds::transcribe::SecretsPolicy;
use support::{Client, PureService, library};

use crate::aemm::{self, AEMM};
use crate::faults::BETWEEN;
use crate::service::{ALL, RERUN, again, differences, record, same_but_for_the_time, types, values, written};

/// Seconds after the load.
pub(crate) const OFFSETS: [u64; 4] = [0, 45, 150, 400];
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// Scenarios that cannot be recorded at a time, and the sentence that says why.
const REFUSED: [(&str, RangeInclusive<u64>, &str); 2] = [
    ("endpoint-disabled", 60..=179, "its endpoint is disabled"),
    ("spot-vanish", 150..=u64::MAX, "gives no token: connection reset, 6 times in a row"),
];
/// Scenarios of faults only: what they answer when nothing goes wrong is the built-in instance.
pub(crate) const FAULTS: [&str; 3] = ["hanging-credentials", "slow-and-flaky", "throttled"];

/// Whether two answers may differ, and why.
pub(crate) fn excepted(
    name: &str,
    offset: u64,
    keep: SecretsPolicy,
    path: &str,
    expected: &[u8],
    found: &[u8],
) -> bool {
    // In their place are examples; all else of the answer is as it was, to the byte.
    if name == AEMM && !keep.credentials && path.starts_with(ROLES) {
        return aemm::same_but_for_the_keys(expected, found);
    }
    // Keys that are said do not say when they came. The words of aemm do.
    if name != AEMM && keep.credentials && path.starts_with(ROLES) {
        return same_but_for_the_time(expected, found);
    }
    // The time of a refresh, whose interval no keys tell.
    if name == "role-removed-from-profile" && path == "/latest/meta-data/iam/info" {
        return same_but_for_the_time(expected, found);
    }
    if made_by_event(name, offset) && path.starts_with(ROLES) {
        return [expected, found].iter().all(|body| body.starts_with(b"{\n  \"Code\" : \"Success\""));
    }
    // It is left out, and with it its line in /latest/; that of aemm is always there.
    !keep.user_data && (path == "/latest/user-data" || (path == "/latest/" && name != AEMM))
}

/// Whether an event has made the keys that are served. They begin with the event, those of a scenario without one with the hour.
fn made_by_event(name: &str, offset: u64) -> bool {
    const FIRST: [(&str, u64); 2] = [("credentials-outage", 180), ("ecs-credentials-not-renewed", 0)];
    FIRST.iter().any(|(scenario, first)| name == *scenario && offset >= *first)
}

#[test]
fn every_shipped_scenario_survives() {
    let mut recorded = 0;
    for (name, file) in library() {
        recorded += usize::from(survives(&name, &file, 0, ALL));
        for offset in OFFSETS {
            recorded += usize::from(survives(&name, &file, offset, SecretsPolicy::default()));
        }
    }
    assert!(recorded > 130, "only {recorded} recordings were compared\n{RERUN}");
}

fn survives(name: &str, file: &Path, offset: u64, keep: SecretsPolicy) -> bool {
    if BETWEEN.iter().any(|between| between.name == name && between.when.contains(&offset)) {
        return false;
    }
    let mut service = PureService::read(file);
    service.wait(Duration::from_secs(offset));
    let seen = match record(&mut service, Client::HOST, rate(name), keep) {
        Ok(seen) => seen,
        Err(failure) => {
            let known = REFUSED.iter().find(|(refused, when, _)| *refused == name && when.contains(&offset));
            let (.., sentence) = known.unwrap_or_else(|| {
                panic!("expected a recording of {name} at {offset} s, found: {failure}\n{RERUN}")
            });
            assert!(
                failure.message.contains(sentence),
                "expected {sentence:?} of {name}, found: {failure}\n{RERUN}"
            );
            return false;
        }
    };
    let transcript = written(seen, &service);
    let mut found = again(&transcript, &service);
    let mut reference = if FAULTS.contains(&name) { PureService::new("") } else { PureService::read(file) };
    reference.now = service.now;
    let expected = values(&mut reference, Client::HOST);
    let differences = differences(&expected, &values(&mut found, Client::HOST), |path, one, other| {
        excepted(name, offset, keep, path, one, other)
    });
    assert!(
        differences.is_empty(),
        "{name} at {offset} s with {keep:?}:\n{}\nof\n{}\n{RERUN}",
        differences.join("\n"),
        transcript.text
    );
    assert_eq!(
        transcript.overrides,
        if name == AEMM { aemm::words(&expected) } else { 0 },
        "expected facts alone of {name} at {offset} s, or, of aemm, a word for each value that is no notice, found\n{}\n{RERUN}",
        transcript.text
    );
    if keep == ALL {
        let [expected, found] =
            [&mut reference, &mut found].map(|service| types(service, Client::HOST, &expected));
        assert_eq!(expected, found, "what the values of {name} are sent as\n{RERUN}");
    }
    true
}

/// Quick, so that nothing happens meanwhile; but not quicker than a service that throttles takes.
pub(crate) fn rate(name: &str) -> &'static str {
    if name == "throttled" { "5" } else { "1000" }
}

#[test]
fn what_clients_on_bridges_meet_survives() {
    for (name, peer) in [
        ("two-instances", "172.18.0.5"),
        ("two-instances", "172.19.0.9"),
        ("fleet", "10.1.2.3"),
        ("fleet", "fd00::7"),
    ] {
        let client = Client::bridged(peer);
        let file = library().into_iter().find(|(found, _)| found == name).expect("it is shipped").1;
        let mut service = PureService::read(&file);
        service.wait(Duration::from_secs(90));
        let seen = record(&mut service, client, "1000", SecretsPolicy::default()).expect("it answers");
        let transcript = written(seen, &service);
        let mut found = again(&transcript, &service);
        let differences =
            differences(&values(&mut service, client), &values(&mut found, client), |_, _, _| false);
        assert!(
            differences.is_empty(),
            "{name} as {peer} meets it:\n{}\nof\n{}\n{RERUN}",
            differences.join("\n"),
            transcript.text
        );
    }
}

#[test]
fn instances_that_have_everything_or_nothing_survive() {
    let root = support::sources();
    for file in [
        "tests/golden/everything.toml",
        "tests/golden/ipv6-only.toml",
        "tests/golden/multi-interface.toml",
        "tests/golden/nothing.toml",
        "tests/clients/scenarios/instance.toml",
        "tests/clients/scenarios/ipv6-only.toml",
    ] {
        for offset in [0, 700] {
            let mut service = PureService::read(&root.join(file));
            service.wait(Duration::from_secs(offset));
            let seen = record(&mut service, Client::HOST, "1000", ALL).expect("it answers");
            let transcript = written(seen, &service);
            let mut found = again(&transcript, &service);
            let differences = differences(
                &values(&mut service, Client::HOST),
                &values(&mut found, Client::HOST),
                |path, one, other| path.starts_with(ROLES) && same_but_for_the_time(one, other),
            );
            assert!(
                differences.is_empty(),
                "{file} at {offset} s:\n{}\nof\n{}\n{RERUN}",
                differences.join("\n"),
                transcript.text
            );
            assert_eq!(
                transcript.overrides, 0,
                "expected facts alone of {file}, found\n{}\n{RERUN}",
                transcript.text
            );
        }
    }
}

#[test]
fn how_a_service_speaks_survives() {
    for http in [
        "profile = \"legacy\"",
        "keep-alive = true",
        "directory-without-slash = \"redirect\"",
        "user-data-listed = \"always\"",
        "versions = [\"1.0\", \"2021-03-23\"]",
    ] {
        let mut service = PureService::new(&format!("[http]\n{http}\n"));
        let seen = record(&mut service, Client::HOST, "1000", SecretsPolicy::default()).expect("it answers");
        let text = written(seen, &service).text;
        assert!(text.contains(&format!("[http]\n{http}\n")), "expected {http}, found\n{text}\n{RERUN}");
    }
    for tokens in ["required", "optional"] {
        let mut service = PureService::new(&format!("[metadata-options]\nhttp-tokens = \"{tokens}\"\n"));
        let seen = record(&mut service, Client::HOST, "1000", SecretsPolicy::default()).expect("it answers");
        let text = written(seen, &service).text;
        assert!(
            text.contains(&format!("http-tokens = \"{tokens}\"\n")),
            "expected {tokens}, found\n{text}\n{RERUN}"
        );
    }
}

#[test]
fn a_document_of_another_form_is_signed_as_it_is() {
    let text = "[metadata]\n\"dynamic/instance-identity/document\" = '{\"version\":\"2010-08-31\",\"instanceId\":\"i-1234567890abcdef0\"}'\n";
    let mut service = PureService::new(text);
    let seen = record(&mut service, Client::HOST, "1000", SecretsPolicy::default()).expect("it answers");
    let transcript = written(seen, &service);
    let mut found = again(&transcript, &service);
    let differences =
        differences(&values(&mut service, Client::HOST), &values(&mut found, Client::HOST), |_, _, _| false);
    assert!(differences.is_empty(), "{}\nof\n{}\n{RERUN}", differences.join("\n"), transcript.text);
}

/// The fixtures' own files are read as they are: a recording is never larger than a scenario may be.
#[test]
fn recordings_are_short() {
    for (name, file) in library() {
        let mut service = PureService::read(&file);
        let seen = record(&mut service, Client::HOST, "5", ALL).expect("it answers");
        let lines = written(seen, &service).text.lines().count();
        let said = fs::read_to_string(&file).expect("it was just read").lines().count();
        assert!(
            lines < 80 + said,
            "expected a recording of {name} that a person can read, found {lines} lines\n{RERUN}"
        );
    }
}
