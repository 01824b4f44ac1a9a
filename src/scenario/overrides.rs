//! `[metadata]`: the last word on any path.

use std::path::Path;

use super::{content, contradictions};
use crate::config::{Item, Section};
use crate::model::{Instance, Override, Overrides};

/// The largest value of a path: what fits into one answer without a second thought.
const VALUE_LIMIT: usize = 1 << 20;

/// Reads the table. Keys are paths below the version.
pub fn read(section: &Section<'_>, base: &Path, instance: &Instance) -> Overrides {
    let mut overrides = Overrides::new();
    let mut items = Vec::new();
    for (key, item) in section.entries() {
        let Some(path) = path_of(key, &item) else { continue };
        let Some(last_word) = last_word(&item, base) else { continue };
        if let Override::Value(value) = &last_word {
            contradictions::override_of_a_fact(&item, &path, value, instance);
        }
        if overrides.insert(path.clone(), last_word).is_some() {
            item.key_error(format!("{path} is said twice"), "accepted: each path once");
        }
        items.push((path, item));
    }
    for (path, item) in &items {
        if let Some(above) = value_above(path, &overrides) {
            item.key_error(
                format!("{path} lies below {above}, which is a value"),
                "accepted: values below directories only; remove one of the two",
            );
        }
    }
    overrides
}

/// What a value says of its path.
pub(super) fn last_word(item: &Item<'_>, base: &Path) -> Option<Override> {
    if item.kind() != "boolean" {
        return content::read(item, base, VALUE_LIMIT).map(Override::Value);
    }
    if item.boolean()? {
        item.error(
            format!("{} is true", item.name()),
            format!("accepted: {}, or false, which removes the path", content::FORMS),
        );
        return None;
    }
    Some(Override::Removed)
}

/// What is accepted as a path.
const PATHS: &str =
    "accepted: a path that starts with meta-data, dynamic or user-data, such as \"meta-data/public-ipv4\"";

/// A path that is a key.
pub(super) fn path_of(key: &str, item: &Item<'_>) -> Option<String> {
    let path = below_the_version(key);
    if path.is_none() {
        item.key_error(format!("{key:?} is not a path of the tree"), PATHS);
    }
    path
}

/// A path that is a value.
pub(super) fn path_in(text: &str, item: &Item<'_>) -> Option<String> {
    let path = below_the_version(text);
    if path.is_none() {
        item.error(format!("{} is {text:?}, which is not a path of the tree", item.name()), PATHS);
    }
    path
}

/// A path below the version, without slashes at its ends: `meta-data/public-ipv4`.
fn below_the_version(path: &str) -> Option<String> {
    let below = normal(path);
    let mut segments = below.split('/');
    let top = segments.next().unwrap_or_default();
    let legal = |s: &str| !s.is_empty() && s != "." && s != ".." && !s.chars().any(char::is_control);
    (matches!(top, "meta-data" | "dynamic" | "user-data") && segments.all(legal)).then(|| below.to_owned())
}

/// A path as it is kept: below the version, without slashes at its ends.
pub(super) fn normal(path: &str) -> &str {
    let below = path.trim_matches('/');
    below.strip_prefix("latest/").unwrap_or(below)
}

/// The path of a value that another path lies below.
fn value_above<'o>(path: &str, overrides: &'o Overrides) -> Option<&'o str> {
    let above = |(other, last_word): &(&String, &Override)| {
        matches!(last_word, Override::Value(_))
            && path.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    overrides.iter().find(above).map(|(other, _)| other.as_str())
}
