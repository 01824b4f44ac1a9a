//! Answers that no scenario reproduces as they are.

mod credentials;
mod described;
mod dumps;
mod fact_tools;
mod facts;
mod interfaces;
mod notes;
mod settled;
mod shapes;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use hyper::body::Bytes;

use std::path::Path;

use super::*;
use crate::config::SourceText;
use crate::scenario;

const NOW: Timestamp = Timestamp::from_secs(1_768_478_400);
static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(KeyRing::generate([9; 32])));

fn observed(values: &[(&str, &str)]) -> Observations {
    let mut observations = Observations::new("latest", SecretsPolicy::default());
    for (path, text) in values {
        observations.add_value(path, text.as_bytes().to_vec());
    }
    observations
}

/// Writes a scenario, and asks it.
fn written(observations: Observations) -> (Transcript, BTreeMap<String, Bytes>) {
    let transcript = transcribe(observations, "A test.", &KEYS, NOW).expect("it can be said");
    let source = SourceText::new("written.toml", transcript.text.as_str());
    let (scenario, _) = scenario::read(&source, Path::new("")).unwrap_or_else(|report| panic!("{report}"));
    let answers = Fleet::compile(scenario, &KEYS, NOW, NOW).answers("latest", NOW);
    (transcript, answers)
}

const MAC: &str = "meta-data/network/interfaces/macs/06:00:00:00:00:01";

/// As an instance answers whose VPC has no DNS host names: what it has that the built-in one says otherwise.
#[test]
fn an_instance_with_ways_of_its_own_answers_as_it_did() {
    let info = "{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"2026-01-15T11:21:00Z\",\n  \"InstanceProfileArn\" : \
                \"arn:aws:iam::210987654321:instance-profile/web\",\n  \"InstanceProfileId\" : \"AIPAIOSFODNN7 REAL000\"\n}";
    let subnets = format!("{MAC}/subnet-ipv6-cidr-blocks");
    let (ipv4s, ipv6s, number) =
        (format!("{MAC}/local-ipv4s"), format!("{MAC}/ipv6s"), format!("{MAC}/device-number"));
    let publics = format!("{MAC}/public-ipv4s");
    let values = [
        ("meta-data/instance-id", "i-0123456789abcdef0"),
        ("meta-data/placement/availability-zone", "eu-west-1c"),
        ("meta-data/placement/availability-zone-id", "euw1-az1"),
        ("meta-data/local-hostname", "ip-10-0-0-12.corp.example ip-10-0-0-12.other.example"),
        ("meta-data/hostname", "ip-10-0-0-12.corp.example ip-10-0-0-12.other.example"),
        ("meta-data/mac", "06:00:00:00:00:01"),
        ("meta-data/local-ipv4", "10.0.0.12"),
        ("meta-data/public-ipv4", "198.51.100.9"),
        ("meta-data/iam/info", info),
        ("meta-data/managed-ssh-keys/new-thing", "of tomorrow"),
        ("dynamic/instance-identity/document", "{\"accountId\" : \"210987654321\"}\n"),
        (number.as_str(), "0"),
        (ipv4s.as_str(), "10.0.0.12"),
        (publics.as_str(), "198.51.100.9"),
        (ipv6s.as_str(), "2001:db8::5"),
        (subnets.as_str(), "2001:db8:0:0:0:0:0:0/64"),
    ];
    let (transcript, answers) = written(observed(&values));
    for (path, text) in values {
        let found = answers.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(found.as_deref(), Some(text), "{path} of\n{}", transcript.text);
    }
    assert_eq!(answers.len(), values.len(), "{:?} of\n{}", answers.keys(), transcript.text);
    // `c` is the third zone here; on EC2 it is any.
    for said in [
        "availability-zone-id = \"euw1-az1\"",
        "hostname = \"ip-10-0-0-12.corp.example ip-10-0-0-12.other.example\"",
        "\"meta-data/public-hostname\" = false",
    ] {
        assert!(transcript.text.contains(said), "expected {said:?} in\n{}", transcript.text);
    }
}

#[test]
fn facts_that_contradict_each_other_are_taken_back_and_said_path_by_path() {
    let other = "meta-data/network/interfaces/macs/06:00:00:00:00:02";
    let paths = [MAC, other].map(|mac| [format!("{mac}/device-number"), format!("{mac}/local-ipv4s")]);
    let values = [
        ("meta-data/instance-id", "i-0123456789abcdef0"),
        (paths[0][0].as_str(), "0"),
        (paths[0][1].as_str(), "10.0.0.12"),
        // Two primary interfaces: a hot-plugged one says so for a moment.
        (paths[1][0].as_str(), "0"),
        (paths[1][1].as_str(), "10.0.0.13"),
    ];
    let (transcript, answers) = written(observed(&values));
    for (path, text) in values {
        assert_eq!(
            answers.get(path).map(|bytes| &bytes[..]),
            Some(text.as_bytes()),
            "{path} of\n{}",
            transcript.text
        );
    }
    let expected = [
        "[[instance.network-interface]] is not said as a fact: network interface 2 has the device number 0 of network \
         interface 1",
        "http-put-response-hop-limit, which no answer tells",
    ];
    assert_eq!(transcript.notes, expected, "of\n{}", transcript.text);
}

#[test]
fn what_nobody_knows_is_left_as_it_is() {
    let mut observations = observed(&[("meta-data/instance-id", "i-0123456789abcdef0")]);
    for path in ["meta-data/network", "dynamic"] {
        observations.add_unknown(path);
    }
    let (transcript, answers) = written(observations);
    assert!(answers.contains_key("dynamic/instance-identity/document"), "{}", transcript.text);
    assert!(answers.keys().any(|path| path.starts_with("meta-data/network/")), "{}", transcript.text);
    assert!(transcript.text.contains("\"meta-data/placement\" = false"), "{}", transcript.text);
}

#[test]
fn nothing_and_too_much_are_no_scenario() {
    let none = transcribe(observed(&[]), "A test.", &KEYS, NOW).expect_err("there is nothing");
    assert_eq!(none, TranscribeError::Nothing);
    let large = "x".repeat(600_000);
    let both = observed(&[("meta-data/a", large.as_str()), ("meta-data/b", large.as_str())]);
    let refused = transcribe(both, "A test.", &KEYS, NOW).expect_err("it is too much");
    assert!(matches!(refused, TranscribeError::TooLarge(bytes) if bytes > 1_200_000), "{refused}");
}
