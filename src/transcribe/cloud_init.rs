//! cloud-init's `instance-data.json` → [`Observations`].
//!
//! Undone here is what cloud-init does to answers: a value with a line end is a list of its lines, a JSON
//! object is taken apart, bytes that are no text are `ci-b64:` and base64, `public-keys/0=name` is a list under the
//! name. It skips `security-credentials`, and puts `redacted for non-root user` where a secret was.
//! Source: cloud-init's documentation, "Instance metadata", and what its Ec2 data source makes of a service.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::known_paths::{DOCUMENT, EXTENDED, IDENTITY, IDENTITY_ROLE, KEYS, ROLES, USER_DATA};
use super::observations::{Observations, SecretsPolicy};

const REDACTED: &str = "redacted for non-root user";
const BASE64: &str = "ci-b64:";
/// Directories whose names are the user's own.
const FREE_NAMES: [&str; 3] = ["meta-data/tags/instance", "meta-data/managed-ssh-keys", KEYS];

/// Reads an EC2 instance's answers; `Err` says why the JSON has none.
pub fn read(json: &Value, policy: SecretsPolicy) -> Result<Observations, &'static str> {
    let ds = json.get("ds").unwrap_or(json);
    let at_top = || ds.get("instance-id").or_else(|| ds.get("instance_id")).and(Some(ds));
    let metadata = either(ds, "meta-data").or_else(at_top).and_then(Value::as_object);
    let metadata = metadata.ok_or("it has no ds.meta_data")?;
    if !["instance-id", "instance_id"].iter().any(|id| metadata.contains_key(*id)) {
        return Err("its ds.meta_data has no instance-id: it is of another cloud");
    }
    let version = ds.get("_metadata_api_version").and_then(Value::as_str).unwrap_or("latest");
    let mut observations = Observations::new(version, policy);
    directory(&mut observations, "meta-data", metadata);
    let document = either(ds, "dynamic").and_then(|dynamic| either(dynamic, "instance-identity"));
    match document.and_then(|identity| identity.get("document")) {
        Some(document) => value(&mut observations, DOCUMENT, document),
        None => observations.add_unknown(DOCUMENT),
    }
    let user_data =
        [either(ds, USER_DATA), either(json, USER_DATA), ds.get("userdata"), json.get("userdata")];
    match user_data.into_iter().flatten().find(|data| !data.is_null()) {
        Some(data) => value(&mut observations, USER_DATA, data),
        None => observations.add_note("user data: cloud-init does not keep it in this file"),
    }
    for path in ["dynamic/fws", USER_DATA, ROLES, EXTENDED, IDENTITY_ROLE]
        .into_iter()
        .map(str::to_owned)
        .chain(["pkcs7", "rsa2048", "signature"].map(|leaf| format!("{IDENTITY}/{leaf}")))
    {
        observations.add_unknown(&path);
    }
    observations.add_note("credentials, signatures and dynamic/fws: cloud-init does not ask for them");
    Ok(observations)
}

/// A member under its own name, or with the underscores that templates need.
fn either<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).or_else(|| value.get(name.replace('-', "_")))
}

fn directory(observations: &mut Observations, path: &str, members: &Map<String, Value>) {
    if path == KEYS {
        return public_keys(observations, members);
    }
    let free = FREE_NAMES.iter().any(|free| path.starts_with(free));
    for (name, member) in members {
        let hyphened = if free { name.clone() } else { name.replace('_', "-") };
        // Merged forms have both spellings.
        if hyphened != *name && members.contains_key(&hyphened) {
            continue;
        }
        // Where there is no meta-data, user data is its neighbour.
        if path == "meta-data" && matches!(hyphened.as_str(), "user-data" | "userdata") {
            continue;
        }
        let path = format!("{path}/{hyphened}");
        match member {
            Value::Object(members) if !is_json(&path) => directory(observations, &path, members),
            other => value(observations, &path, other),
        }
    }
}

/// True if the object at a path is a value in JSON, not a directory.
fn is_json(path: &str) -> bool {
    let object_directories =
        ["meta-data/elastic-gpus/associations/", "meta-data/elastic-inference/associations/"];
    matches!(
        path,
        DOCUMENT
            | "meta-data/iam/info"
            | "meta-data/identity-credentials/ec2/info"
            | "meta-data/spot/instance-action"
            | "meta-data/events/recommendations/rebalance"
    ) || object_directories.iter().any(|directory| path.starts_with(directory))
        || [ROLES, EXTENDED, IDENTITY_ROLE].iter().any(|roles| path.starts_with(&format!("{roles}/")))
}

/// Keys are there by name, without their numbers.
fn public_keys(observations: &mut Observations, members: &Map<String, Value>) {
    if members.len() > 1 {
        observations
            .add_note("the numbers of public keys: cloud-init keeps their names only; numbered by name");
    }
    for ((name, key), number) in members.iter().zip(0..) {
        if let Some(text) = text_of(key) {
            observations.add_key_name(number, name);
            // A key is the one value that ends in a newline.
            observations.add_value(
                &format!("{KEYS}/{number}/openssh-key"),
                format!("{}\n", text.trim_end()).into_bytes(),
            );
        }
    }
}

fn value(observations: &mut Observations, path: &str, value: &Value) {
    match value {
        Value::String(text) if text == REDACTED => {
            observations.add_unknown(path);
            observations
                .add_note(format!("{path}: {REDACTED}; run it as root on instance-data-sensitive.json"));
        }
        Value::String(text) if text.starts_with(BASE64) => {
            match BASE64_STANDARD.decode(&text[BASE64.len()..]) {
                Ok(bytes) => observations.add_value(path, bytes),
                Err(_) => no_value(observations, path, "ci-b64: without base64"),
            }
        }
        Value::Object(_) => observations.add_json(path, value),
        other => match text_of(other) {
            Some(text) => observations.add_value(path, text.into_bytes()),
            None => no_value(observations, path, kind(other)),
        },
    }
}

/// Adds a path whose value cannot be read. What is there instead is not quoted: it may be a secret.
fn no_value(observations: &mut Observations, path: &str, kind: &str) {
    observations.add_unknown(path);
    observations.add_note(format!("{path}: {kind} is no value of a service"));
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Array(_) => "a list of other things than lines",
        _ => "what is there",
    }
}

/// Text, or the lines of one.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => {
            let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            Some(lines?.join("\n"))
        }
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Object(_) => None,
    }
}
