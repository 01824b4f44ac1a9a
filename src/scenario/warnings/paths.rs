//! Paths that nothing serves: probably misspelt.

use std::collections::BTreeSet;

use super::sections::{table, tables};
use crate::config::{Item, Section, is_near};
use crate::imds::category_paths;
use crate::model::{EventEffect, Override, Scenario};
use crate::scenario::overrides::normal;

/// Paths that the scenario itself adds, beside those of the categories.
struct ServedPaths {
    added: BTreeSet<String>,
}

pub(super) fn add(root: &Section<'_>, scenario: &Scenario) {
    let served = ServedPaths::of(scenario);
    let events = tables(root, "event");
    let named = table(root, "instances").map(|section| section.entries()).unwrap_or_default();
    let named =
        named.into_iter().filter(|(_, item)| item.kind() == "table").filter_map(|(_, item)| item.section());
    let metadata = named.filter_map(|section| table(&section, "metadata"));
    let sets = events.iter().filter_map(|event| table(event, "set"));
    for section in table(root, "metadata").into_iter().chain(metadata).chain(sets) {
        for (path, item) in section.entries() {
            overridden(&item, normal(path));
        }
    }
    for event in &events {
        if let Some(item) = event.get("after-poll") {
            served.polled(&item);
        }
        for item in event
            .get("unset")
            .filter(|item| item.kind() == "array")
            .and_then(|item| item.array())
            .unwrap_or_default()
        {
            served.polled(&item);
        }
    }
    for item in tables(root, "fault").iter().filter_map(|fault| fault.get("path")) {
        served.matched(&item);
    }
}

/// An override makes its path: only one that is nearly another path is suspicious.
fn overridden(item: &Item<'_>, path: &str) {
    if categories().any(|known| is_below_or_above(path, known)) {
        return;
    }
    if let Some(near) = misspelt(path) {
        item.warn_at_key(
            format!("EC2 serves no {path}"),
            format!("did you mean \"{near}\"? {path} becomes a path beside it"),
        );
    }
}

impl ServedPaths {
    fn of(scenario: &Scenario) -> Self {
        let named = scenario.named_instances.iter().map(|named| &named.instance);
        let overrides =
            std::iter::once(&scenario.instance).chain(named).flat_map(|instance| instance.overrides.iter());
        let values =
            overrides.filter(|(_, value)| **value != Override::Removed).map(|(path, _)| path.clone());
        let set = scenario.events.iter().flat_map(|event| &event.effects).filter_map(|effect| match effect {
            EventEffect::Set(path, _) => Some(path.clone()),
            _ => None,
        });
        Self { added: values.chain(set).collect() }
    }

    /// Whether there may be a path that fits a pattern below the version.
    fn serves(&self, pattern: &str) -> bool {
        let literal: Vec<&str> = pattern.split('/').take_while(|segment| !is_wild(segment)).collect();
        let literal = literal.join("/");
        categories().chain(["api/token"]).any(|known| is_below_or_above(pattern, known))
            || self.added.range(literal.clone()..).next().is_some_and(|path| path.starts_with(&literal))
    }

    /// A path that programs ask for, or that is taken back.
    fn polled(&self, item: &Item<'_>) {
        let Some(path) = item.text() else { return };
        let path = normal(path);
        if !self.serves(path) {
            item.warn(
                format!("nothing serves {path}"),
                help(path, "a path of the tree, or one of [metadata]"),
            );
        }
    }

    /// The pattern of a fault.
    fn matched(&self, item: &Item<'_>) {
        let Some(glob) = item.text() else { return };
        let segments: Vec<&str> = glob.split('/').filter(|segment| !segment.is_empty()).collect();
        let version = |segment: &str| {
            segment == "latest" || is_wild(segment) || segment.starts_with(|c: char| c.is_ascii_digit())
        };
        let below = match segments.split_first() {
            Some((first, below)) if version(first) && *first != "**" => below.join("/"),
            // A version in it may be misspelt, too.
            _ => segments.join("/"),
        };
        if !below.is_empty() && !self.serves(&below) {
            item.warn(
                format!("{glob:?} matches no path that is served: the fault never hits"),
                help(
                    &below,
                    "a pattern for paths of the tree, or of [metadata], such as \"meta-data/iam/**\"",
                ),
            );
        }
    }
}

fn help(path: &str, otherwise: &str) -> String {
    match misspelt(path) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("accepted: {otherwise}"),
    }
}

/// The categories, with `{…}` for names, and the directories that are no category's.
fn categories() -> impl Iterator<Item = &'static str> {
    category_paths()
}

fn is_wild(segment: &str) -> bool {
    segment.contains(['*', '%'])
}

/// Whether a pattern fits a path, or a directory of it.
fn is_below_or_above(pattern: &str, known: &str) -> bool {
    let mut known = known.split('/');
    for segment in pattern.split('/') {
        if segment == "**" {
            return true;
        }
        let Some(name) = known.next() else { return false };
        if !(is_wild(segment) || name.starts_with('{') || name == segment) {
            return false;
        }
    }
    true
}

/// The path of a category that differs in one segment only, by a typing error.
fn misspelt(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let near = |known: &&str| {
        let names: Vec<&str> = known.split('/').collect();
        let mut wrong = names
            .iter()
            .zip(&segments)
            .filter(|(name, segment)| !(name.starts_with('{') || is_wild(segment) || name == segment));
        let (Some((name, segment)), None) = (wrong.next(), wrong.next()) else { return false };
        // Another number is another thing: ipv4 and ipv6.
        let letters = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
        // A pattern may name a directory.
        segments.len() <= names.len() && letters(name) != letters(segment) && is_near(segment, name)
    };
    let known = categories().find(near)?;
    let names = known
        .split('/')
        .zip(&segments)
        .map(|(name, segment)| if name.starts_with('{') || is_wild(segment) { segment } else { name });
    Some(names.collect::<Vec<_>>().join("/"))
}
