//! Trees of the service in JSON: crawlers' dumps, fixtures, and the data of other mocks.

use serde_json::{Map, Value};

use super::input::{JsonInput, Part};
use super::reading::Certainty;
use super::service_tree::{Knowledge, ServiceTree};
use crate::transcribe::known_paths::USER_DATA;

const TREE: &str = "a tree of the service in JSON";
/// Spellings of the tops.
const TOPS: [(&str, &str); 8] = [
    ("meta-data", "meta-data"),
    ("meta_data", "meta-data"),
    ("metadata", "meta-data"),
    ("MetadataValues", "meta-data"),
    ("dynamic", "dynamic"),
    ("user-data", USER_DATA),
    ("user_data", USER_DATA),
    ("userdata", USER_DATA),
];
/// Leaves that tell metadata from other objects.
const MARKS: [&str; 5] = ["instance-id", "instance_id", "ami-id", "ami_id", "instance-type"];

/// Below `latest` or a version, or with the tops of the service.
pub(super) fn wrapped(input: &mut JsonInput) -> Option<ServiceTree> {
    let names = input.members(&[]);
    if let Some(tree) = paths(input, &names) {
        return Some(tree);
    }
    let versions: Vec<&String> = names.iter().filter(|name| is_version(name)).collect();
    // `latest` orders after every date.
    let newest = versions.into_iter().filter(|name| has_tops(input, &[name])).max();
    let above: Vec<&str> = newest.map(String::as_str).into_iter().collect();
    if !has_tops(input, &above) {
        return None;
    }
    let evidence = newest.map_or("the names of the service".to_owned(), |name| format!("its key {name}"));
    let mut tree = ServiceTree::new(TREE, Certainty::Certain, evidence, Knowledge::Tree);
    tree.version = newest.filter(|name| *name != "latest").cloned();
    tree.rest = if newest.is_some() { "outside of the tree that is read" } else { "no path of a service" };
    for (name, path) in TOPS {
        let at = [above.as_slice(), &[name]].concat();
        if input.has(&at) {
            tree.add(path, input.take(&at));
        }
    }
    user_data_lines(input, &above, &mut tree);
    Some(tree)
}

/// User data as a list of lines, in the configuration of a mock.
fn user_data_lines(input: &mut JsonInput, above: &[&str], tree: &mut ServiceTree) {
    let at = [above, &["UserdataValues"]].concat();
    let lines = input.get(&at).is_some_and(|value| value.is_array() || value.is_string());
    if lines {
        tree.add(USER_DATA, input.take(&at));
    }
}

/// Metadata without anything around it.
pub(super) fn bare(input: &mut JsonInput) -> Option<ServiceTree> {
    let names = input.members(&[]);
    let marks = MARKS.iter().filter(|mark| names.iter().any(|name| name == *mark)).count();
    if marks == 0 {
        return None;
    }
    let certainty = if marks > 1 { Certainty::Likely } else { Certainty::Guess };
    let evidence = "the names of the metadata's leaves";
    let mut tree = ServiceTree::new("metadata in JSON", certainty, evidence, Knowledge::Tree);
    tree.rest = "no path of a service";
    let (mut metadata, mut root) = (Map::new(), vec![]);
    for name in &names {
        if let Some((_, path)) = TOPS.iter().find(|(top, path)| top == name && *path != "meta-data") {
            tree.add(path, input.take(&[name]));
        } else if let Some(Part { mut at, value }) = input.take(&[name]) {
            at.pop();
            root = at;
            metadata.insert(name.clone(), value);
        }
    }
    // One object, so that two spellings of a name meet.
    tree.add("meta-data", Some(Part { at: root, value: Value::Object(metadata) }));
    Some(tree)
}

/// Paths as names: `/latest/meta-data/instance-id`, `meta-data/instance-id`.
fn paths(input: &mut JsonInput, names: &[String]) -> Option<ServiceTree> {
    let below = |name: &str| {
        let path = name.trim_start_matches('/');
        let path = path.split_once('/').filter(|(first, _)| is_version(first)).map_or(path, |(_, rest)| rest);
        let top = path.split('/').next().unwrap_or_default();
        let known = matches!(top, "meta-data" | "dynamic") && path.contains('/') || top == USER_DATA;
        known.then(|| path.trim_end_matches('/').to_owned())
    };
    let has_path = |name: &String| name.contains('/') && below(name).is_some();
    if !names.iter().any(has_path) {
        return None;
    }
    let mut tree =
        ServiceTree::new("answers by path, in JSON", Certainty::Certain, "paths as names", Knowledge::Tree);
    tree.rest = "no path of a service";
    for name in names {
        if let Some(path) =
            below(name).filter(|path| !path.contains("//") && path != "meta-data" && path != "dynamic")
        {
            tree.add(&path, input.take(&[name]));
        }
    }
    Some(tree)
}

fn has_tops(input: &JsonInput, above: &[&str]) -> bool {
    TOPS.iter().any(|(name, path)| {
        let at = [above, &[*name]].concat();
        let Some(value) = input.get(&at) else { return false };
        // Other files have a `metadata` of their own.
        let sure = matches!(*name, "meta-data" | "meta_data" | "MetadataValues") || !above.is_empty();
        match (*path, value) {
            ("meta-data", Value::Object(members)) => {
                sure || MARKS.iter().any(|mark| members.contains_key(*mark))
            }
            ("dynamic", Value::Object(members)) => ["instance-identity", "instance_identity", "fws"]
                .iter()
                .any(|name| members.contains_key(*name)),
            (USER_DATA, Value::String(_)) => !above.is_empty(),
            _ => false,
        }
    })
}

pub(super) fn is_version(name: &str) -> bool {
    let digit = |(at, b): (usize, u8)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() };
    name == "latest" || name == "1.0" || (name.len() == 10 && name.bytes().enumerate().all(digit))
}
