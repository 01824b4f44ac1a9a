//! What cloud-init kept of a service, served again, makes cloud-init keep the same.

use std::fs;

use mock_imds::transcribe::shapes::{self, Unread};
use mock_imds::transcribe::{Observations, SecretsPolicy};
use serde_json::{Map, Value, json};
use support::{Client, PureService};

use crate::service::{ALL, RERUN, again, differences, values, written};

fn given(name: &str) -> String {
    let path = support::sources().join("tests/clients").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `instance-data.json` as cloud-init writes it, of what its data source made of a fixture's service.
fn instance_data(fixture: &str) -> Value {
    let made: Value =
        serde_json::from_str(&given(&format!("cloud-init/{fixture}.json"))).expect("it is JSON");
    json!({
        "base64_encoded_keys": [],
        "ds": {
            "_doc": "EXPERIMENTAL",
            "_metadata_api_version": "2021-03-23",
            "dynamic": { "instance-identity": { "document": made["identity"] } },
            "meta-data": made["metadata"],
            "user-data": format!("ci-b64:{}", made["user-data"].as_str().expect("it is base64")),
        },
        "sensitive_keys": [],
        "v1": { "cloud_name": "aws" },
    })
}

/// The same with underscores, as templates see it; with both, as `cloud-init query --all` prints it.
fn with_aliases(value: &Value, both: bool, path: &str) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    // Names that are the user's own are no keys of cloud-init's.
    let free = path.ends_with("tags/instance") || path.ends_with("public-keys") || path.ends_with("document");
    let mut aliased = Map::new();
    for (key, value) in members {
        let value = with_aliases(value, both, &format!("{path}/{key}"));
        if both || free {
            aliased.insert(key.clone(), value.clone());
        }
        if !free {
            aliased.insert(key.replace('-', "_"), value);
        }
    }
    Value::Object(aliased)
}

fn read(json: &Value) -> Observations {
    read_with(json, ALL).unwrap_or_else(|found| panic!("expected instance data, found: {found}"))
}

fn read_with(json: &Value, policy: SecretsPolicy) -> Result<Observations, String> {
    match shapes::read_json(vec![json.clone()], policy) {
        Ok(reading) => Ok(reading.observations),
        Err(Unread::Other(found)) => Err(found),
        Err(other) => Err(format!("{other:?}")),
    }
}

/// What it does not keep.
fn excepted(path: &str) -> bool {
    let identity = "/latest/dynamic/instance-identity/";
    path.contains("/security-credentials/")
        || path == "/latest/dynamic/fws/instance-monitoring"
        // Signed at the launch; the document itself is the same.
        || (path.starts_with(identity) && !path.ends_with("/document"))
}

#[test]
fn instance_data_survives_in_all_its_forms() {
    for fixture in ["instance", "ipv6-only"] {
        let plain = instance_data(fixture);
        for json in [
            plain.clone(),
            with_aliases(&plain, false, ""),
            with_aliases(&plain, true, ""),
            plain["ds"].clone(),
        ] {
            let mut service = PureService::new(&given(&format!("scenarios/{fixture}.toml")));
            let transcript = written(read(&json), &service);
            let mut found = again(&transcript, &service);
            let differences = differences(
                &values(&mut service, Client::HOST),
                &values(&mut found, Client::HOST),
                |path, _, _| excepted(path),
            );
            assert!(
                differences.is_empty(),
                "{fixture} as {json}:\n{}\nof\n{}\n{RERUN}",
                differences.join("\n"),
                transcript.text
            );
        }
    }
}

#[test]
fn the_role_is_taken_from_the_profile_and_that_is_said() {
    let transcript = written(read(&instance_data("instance")), &PureService::new(""));
    assert!(transcript.text.contains("role = \"build-profile\"\ninstance-profile = \"team/build-profile\""));
    let note = "the role's name is not in it; taken to be that of the instance profile, build-profile";
    assert!(transcript.notes.iter().any(|found| found == note), "{:#?}\n{RERUN}", transcript.notes);
}

#[test]
fn what_is_redacted_is_said_and_not_taken_for_a_value() {
    let mut json = instance_data("instance");
    json["ds"]["user-data"] = json!("redacted for non-root user");
    json["ds"]["meta-data"]["iam"] = json!("redacted for non-root user");
    let transcript = written(read(&json), &PureService::new(""));
    let body = transcript.text.split("\n\n").skip(1).collect::<String>();
    assert!(!body.contains("redacted"), "{}\n{RERUN}", transcript.text);
    for path in ["user-data", "meta-data/iam"] {
        let note =
            format!("{path}: redacted for non-root user; run it as root on instance-data-sensitive.json");
        assert!(
            transcript.notes.contains(&note),
            "expected {note:?}, found {:#?}\n{RERUN}",
            transcript.notes
        );
    }
}

#[test]
fn user_data_is_left_out_unless_it_was_asked_for() {
    let seen = read_with(&instance_data("ipv6-only"), SecretsPolicy::default()).expect("it is instance data");
    let text = written(seen, &PureService::new("")).text;
    assert!(
        !text.contains("#cloud-config") && text.contains("# Its user data is not here: 28 bytes, sha256 "),
        "{text}\n{RERUN}"
    );
}

#[test]
fn what_is_of_another_kind_is_refused() {
    for (json, found) in [
        (json!({}), "it has nothing of an EC2 instance's metadata"),
        (json!([]), "it has nothing of an EC2 instance's metadata"),
        (json!({"ds": {"meta_data": {"vmId": "x"}}}), "it is of Azure, not of EC2"),
        (json!({"ds": {"meta_data": {"id": "x"}}}), "it has nothing of an EC2 instance's metadata"),
    ] {
        let refused = read_with(&json, ALL).expect_err("it is none");
        assert!(refused.contains(found), "expected {found:?} of {json}, found {refused:?}\n{RERUN}");
    }
}

/// What is no value may be a secret all the same.
#[test]
fn notes_quote_no_value() {
    for (user_data, note) in [
        (
            json!(["password: hunter2", 1]),
            "user-data: a list of other things than lines is no value of a service",
        ),
        (json!("ci-b64:hunter2!"), "user-data: ci-b64: without base64 is no value of a service"),
    ] {
        let json = json!({ "ds": { "meta_data": { "instance_id": "i-0123456789abcdef0" }, "user_data": user_data } });
        let seen = read(&json);
        assert!(
            seen.notes.iter().any(|found| found == note),
            "expected {note:?}, found {:?}\n{RERUN}",
            seen.notes
        );
        assert!(!format!("{seen:?}").contains("hunter2"), "expected no value, found {seen:?}\n{RERUN}");
        assert!(!seen.knows("user-data"), "{note}\n{RERUN}");
    }
}

#[test]
fn user_data_beside_the_metadata_is_user_data() {
    let json = json!({ "ds": { "instance-id": "i-0123456789abcdef0", "user-data": "hunter2", "userdata": "hunter2" } });
    let seen = read_with(&json, SecretsPolicy::default()).expect("it is instance data");
    assert!(!format!("{seen:?}").contains("hunter2"), "expected no user data, found {seen:?}\n{RERUN}");
}
