//! `[metadata]`: overrides of paths.

use std::collections::BTreeMap;

use super::named_files::NamedFiles;
use super::{content, contradictions};
use crate::config::{Item, Section};
use crate::model::{Instance, Notice, Override, Profile};

/// The longest path, in bytes. Requests that are longer than a few of them are refused.
const PATH_LIMIT: usize = 1024;
/// The largest value of a path, in bytes.
pub(crate) const VALUE_LIMIT: usize = 1 << 20;

/// Reads the table. Keys are paths below the version.
///
/// Under the `aemm` profile the tree has nothing else, so nothing is contradicted; and a path may be a value and a
/// directory, may lie outside of the version, and may take the place of a notice.
pub(crate) fn read(
    section: &Section<'_>,
    files: &NamedFiles<'_>,
    instance: &Instance,
    profile: Profile,
) -> BTreeMap<String, Override> {
    let mut overrides = BTreeMap::new();
    let mut items = Vec::new();
    for (key, item) in section.entries() {
        let Some(path) = path_of(key, &item, profile) else { continue };
        let Some(value) = read_override(&item, files, profile) else { continue };
        if let (Override::Value(content), false) = (&value, !profile.follows_instance()) {
            contradictions::override_of_a_fact(&item, &path, &content.bytes, instance);
        }
        let is_value = matches!(value, Override::Value(_));
        if overrides.insert(path.clone(), value).is_some() {
            item.error_at_key(format!("{path} is set twice"), "accepted: each path once");
        }
        items.push((path, is_value, item));
    }
    if !profile.takes_any_path() {
        values_have_nothing_below(&mut items);
    }
    overrides
}

/// Checks that no path lies below one that is a value.
fn values_have_nothing_below(items: &mut [(String, bool, Item<'_>)]) {
    // By segments: what lies below a path follows it, with nothing else in between.
    items.sort_by(|(a, ..), (b, ..)| a.split('/').cmp(b.split('/')));
    let mut value: Option<&str> = None;
    for (path, is_value, item) in items {
        let above = value.filter(|above| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/')));
        if let Some(above) = above {
            item.error_at_key(
                format!("{path} lies below {above}, which is a value"),
                "accepted: values below directories only; remove one of the two",
            );
        } else if *is_value {
            value = Some(path);
        }
    }
}

/// Reads the override of one path.
pub(super) fn read_override(item: &Item<'_>, files: &NamedFiles<'_>, profile: Profile) -> Option<Override> {
    match item.kind() {
        "boolean" => {}
        "table" => {
            let section = item.section()?;
            return match profile.takes_any_path().then(|| section.get("moved-from")).flatten() {
                Some(from) => {
                    section.finish();
                    from.choice::<Notice>().map(Override::Moved)
                }
                None => content::read_typed(item, &section, files, VALUE_LIMIT, profile.follows_instance())
                    .map(Override::Value),
            };
        }
        _ => return content::read(item, files, VALUE_LIMIT).map(|bytes| Override::Value(bytes.into())),
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

/// The help for a path that is rejected.
fn accepted(path: &str, profile: Profile) -> String {
    if path.len() > PATH_LIMIT {
        return format!("accepted: at most {PATH_LIMIT} bytes");
    }
    if normal(path) == "api/token" {
        return "to serve a fixed session token, set token = \"…\" in [http]".to_owned();
    }
    let elsewhere = if profile.takes_any_path() {
        "; or one from the root, such as \"/elsewhere/ami-id\""
    } else {
        "; [http.paths] takes whole paths, such as \"/health\""
    };
    format!(
        "accepted: a path that starts with meta-data, dynamic or user-data, such as \"meta-data/public-ipv4\"{elsewhere}"
    )
}

/// Whether a path can be a key of `[metadata]`.
pub(crate) fn is_override_path(path: &str, profile: Profile) -> bool {
    parse_path(path, profile).is_some()
}

/// The normal form of a path, if it is one.
fn parse_path(path: &str, profile: Profile) -> Option<String> {
    let any = profile.takes_any_path();
    let elsewhere = any && path.starts_with('/') && !path.starts_with("/latest/");
    let below = if elsewhere { None } else { below_the_version(path) };
    below.or_else(|| if any { from_the_root(path) } else { None })
}

/// Parses a path that is a key.
pub(super) fn path_of(key: &str, item: &Item<'_>, profile: Profile) -> Option<String> {
    let path = parse_path(key, profile);
    if path.is_none() {
        item.error_at_key(format!("{key:?} is not a path of the tree"), accepted(key, profile));
    }
    path
}

/// Parses a path that is a value.
pub(super) fn path_in(text: &str, item: &Item<'_>, profile: Profile) -> Option<String> {
    let path = parse_path(text, profile);
    if path.is_none() {
        let found = format!("{} is {text:?}, which is not a path of the tree", item.name());
        item.error(found, accepted(text, profile));
    }
    path
}

/// A path below the version, without slashes at its ends: `meta-data/public-ipv4`.
fn below_the_version(path: &str) -> Option<String> {
    let below = normal(path);
    let top = below.split('/').next().unwrap_or_default();
    (matches!(top, "meta-data" | "dynamic" | "user-data") && is_clean(below)).then(|| below.to_owned())
}

/// A path that starts with a slash and does not belong to the service: `/elsewhere/ami-id`.
fn from_the_root(path: &str) -> Option<String> {
    let below = path.strip_prefix('/')?;
    (is_clean(below) && !matches!(below, "latest" | "latest/api/token")).then(|| path.to_owned())
}

pub(super) fn is_clean(path: &str) -> bool {
    if path.len() > PATH_LIMIT {
        return false;
    }
    let legal = |s: &str| !s.is_empty() && s != "." && s != ".." && !s.chars().any(char::is_control);
    path.split('/').all(legal)
}

/// The normal form of a path: below the version, without slashes at its ends.
pub(super) fn normal(path: &str) -> &str {
    let below = path.trim_matches('/');
    below.strip_prefix("latest/").unwrap_or(below)
}
