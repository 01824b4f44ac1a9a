//! What a file itself says, as answers of EC2's paths; the samples of the original are left out.

use serde_json::{Map, Value};

use super::compile::{NOTICES, NoticeSet};
use super::config::AemmConfig;
use super::path_table::{ConfigValue, PathTable};
use super::placeholders::Placeholders;
use super::user_data::decoded;

/// A file with more values than these was saved by the original, or is a copy of its sample.
const SAVED: usize = 60;
const CREDENTIALS: &str = "iam-security-credentials";
/// The members of a role's answer that are its keys.
const SECRETS: [&str; 3] = ["AccessKeyId", "SecretAccessKey", "Token"];
const TIMES: [&str; 2] = ["LastUpdated", "Expiration"];
/// Below it are the paths that EC2 has.
const VERSION: &str = "/latest/";

/// The answers that a file asks for.
#[derive(Debug, Default)]
pub(crate) struct FileAnswers {
    /// Name of the key, path below the version, and value: a text, or the members of JSON that are said.
    pub values: Vec<(Vec<String>, String, Value)>,
    /// The role's path, the members of its answer that are said, and whether the keys in it are examples.
    pub credentials: Option<(String, Vec<u8>, bool)>,
    pub user_data: Option<Vec<u8>>,
    /// Paths that the file takes away.
    pub absent: Vec<String>,
    /// What is not among them, one sentence each.
    pub notes: Vec<String>,
}

/// The answers that a file asks for; `config` is made of it.
pub(crate) fn answers_of_file(file: &Map<String, Value>, config: &AemmConfig) -> FileAnswers {
    let mut answers = FileAnswers::default();
    let defaults = AemmConfig::default();
    let mut usual = defaults.metadata.clone();
    Placeholders::of(&config.metadata).fill(&mut usual);
    let values = |name: &str| file.get(name).and_then(|tree| tree.get("values")).and_then(Value::as_object);
    let count: usize = ["metadata", "dynamic"].iter().map(|name| values(name).map_or(0, Map::len)).sum();
    let mut samples = 0;
    for (name, tree, usual, default) in [
        ("metadata", &config.metadata, &usual, &defaults.metadata),
        ("dynamic", &config.dynamic, &defaults.dynamic, &defaults.dynamic),
    ] {
        for (key, path) in &tree.paths {
            let own = values(name).and_then(|values| values.get(key)).filter(|value| !value.is_null());
            let is_moved = usual.paths.get(key) != Some(path);
            let is_sample = count > SAVED && tree.values.get(key) == default.values.get(key);
            samples += usize::from(own.is_some() && is_sample && !is_moved);
            if (own.is_some() && !is_sample) || is_moved {
                answers.add(name, key, tree, usual, own);
            }
        }
    }
    if samples > 0 {
        answers.notes.push(format!(
            "{samples} values are the samples of amazon-ec2-metadata-mock; those of the built-in instance are in their place"
        ));
    }
    if config.userdata.values != defaults.userdata.values {
        answers.user_data = decoded(config).ok();
    }
    answers
}

impl FileAnswers {
    fn add(&mut self, name: &str, key: &str, tree: &PathTable, usual: &PathTable, own: Option<&Value>) {
        let path = tree.paths.get(key).map(String::as_str).unwrap_or_default();
        if NOTICES.iter().any(|(notice, ..)| *notice == key) {
            self.notes.push(format!("{key} at {path:?}: on EC2 notices stay where they are"));
            return;
        }
        if path.is_empty() {
            let usual = usual.paths.get(key).and_then(|path| path.strip_prefix(VERSION));
            self.absent.extend(usual.map(str::to_owned));
            return;
        }
        let top = |below: &&str| matches!(below.split('/').next(), Some("meta-data" | "dynamic"));
        let Some(below) = path.strip_prefix(VERSION).filter(top) else {
            self.notes.push(format!("{key} at {path:?}: EC2 has no such path; --exact serves it"));
            return;
        };
        let value = match tree.values.get(key) {
            Some(value @ ConfigValue::Object(fields)) if key == CREDENTIALS => {
                let mut said = said_members(fields, own);
                // The times of the samples have gone by.
                let samples = sample_members();
                said.retain(|name, value| {
                    !TIMES.contains(&name.as_str()) || samples.get(name) != Some(&*value)
                });
                let answer = Value::Object(said).to_string().into_bytes();
                self.credentials = Some((below.to_owned(), answer, are_examples(value)));
                return;
            }
            Some(ConfigValue::Object(fields)) => Value::Object(said_members(fields, own)),
            Some(other) => json(other),
            None => return,
        };
        let names = [name, "values", key].map(str::to_owned).to_vec();
        self.values.push((names, below.to_owned(), value));
    }
}

fn json(value: &ConfigValue) -> Value {
    match value {
        ConfigValue::Null => Value::Null,
        ConfigValue::Text(text) => text.as_str().into(),
        ConfigValue::List(texts) => texts.iter().map(String::as_str).collect(),
        ConfigValue::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}

/// The members that the file has of an object; all of them if it has none of the object.
fn said_members(fields: &[(String, ConfigValue)], own: Option<&Value>) -> Map<String, Value> {
    let is_said = |field: &str| own.is_none_or(|own| own.get(field.to_lowercase()).is_some());
    let fields = fields.iter().filter(|(field, _)| is_said(field));
    fields.map(|(field, value)| (field.clone(), json(value))).collect()
}

/// The members of the original's answer of the role.
fn sample_members() -> Map<String, Value> {
    match AemmConfig::default().metadata.values.get(CREDENTIALS) {
        Some(ConfigValue::Object(fields)) => said_members(fields, None),
        _ => Map::new(),
    }
}

/// True of an answer whose keys nobody has to keep: each is the original's sample, empty, or says that it is an example.
fn are_examples(answer: &ConfigValue) -> bool {
    let ConfigValue::Object(fields) = answer else { return true };
    let samples = sample_members();
    let is_example = |(name, value): &(String, ConfigValue)| match value {
        ConfigValue::Text(text) => {
            let says_so = ["EXAMPLE", "EXAMPLEKEY"].iter().any(|end| text.ends_with(end));
            text.is_empty() || says_so || samples.get(name).and_then(Value::as_str) == Some(text)
        }
        ConfigValue::Null => true,
        ConfigValue::List(_) | ConfigValue::Object(_) => false,
    };
    fields.iter().filter(|(name, _)| SECRETS.contains(&name.as_str())).all(is_example)
}

/// Puts the original's samples in the place of keys that may be real. False if there are none.
pub(crate) fn replace_live_keys(config: &mut AemmConfig) -> bool {
    let defaults = AemmConfig::default();
    let sample = defaults.metadata.values.get(CREDENTIALS).cloned();
    let Some(answer) = config.metadata.values.get_mut(CREDENTIALS) else { return false };
    let live = !are_examples(answer);
    let (ConfigValue::Object(fields), Some(ConfigValue::Object(sample))) = (answer, sample) else {
        return false;
    };
    for (name, value) in fields.iter_mut().filter(|_| live) {
        if SECRETS.contains(&name.as_str())
            && let Some((_, example)) = sample.iter().find(|(known, _)| known == name)
        {
            value.clone_from(example);
        }
    }
    live
}

/// The notices that a file mentions. What starts several of them starts those whose own settings it has, else both.
pub(crate) fn mentioned(file: &Map<String, Value>) -> NoticeSet {
    let is_said = |value: &Value| !value.is_null() && value != &Value::Object(Map::new());
    let has = |names: &[&str]| names.iter().any(|name| file.get(*name).is_some_and(is_said));
    let spot_key = |key: &str| file.get("spot").and_then(|spot| spot.get(key)).is_some_and(is_said);
    let (spot, maintenance) = (spot_key("action") || spot_key("time"), has(&["events"]));
    let starts_both = has(&["mock-delay-sec", "mock-trigger-time"]) && !spot && !maintenance;
    NoticeSet {
        spot: spot || starts_both,
        rebalance: spot_key("rebalance-rec-time") || has(&["rebalance-delay-sec", "rebalance-trigger-time"]),
        maintenance: maintenance || starts_both,
        lifecycle: has(&["asg-termination-delay-sec", "asg-termination-trigger-time"]),
    }
}
