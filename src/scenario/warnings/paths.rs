//! Paths that nothing serves: probably misspelt.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::sections::{table, tables};
use crate::config::{Item, Section, is_near};
use crate::imds::category_paths;
use crate::model::{Event, EventEffect, Override, Scenario};
use crate::scenario::overrides::normal;

/// Paths that the scenario itself adds, beside those of the categories.
pub(crate) struct ServedPaths {
    added: BTreeSet<String>,
}

pub(super) fn add(root: &Section<'_>, scenario: &Scenario) {
    let served = ServedPaths::of(scenario);
    let events = tables(root, "event");
    let named = table(root, "instances").map(|section| section.entries()).unwrap_or_default();
    let named =
        named.into_iter().filter(|(_, item)| item.kind() == "table").filter_map(|(_, item)| item.section());
    let metadata = named.filter_map(|section| table(&section, "metadata"));
    table(root, "metadata").into_iter().chain(metadata).for_each(|section| overrides(&section));
    for event in &events {
        of_event(event, || &served);
    }
    for fault in tables(root, "fault") {
        of_fault(&fault, || &served);
    }
}

/// The paths of an event. What is served is asked for only if it matters.
pub(in crate::scenario) fn of_event<S: Borrow<ServedPaths>>(event: &Section<'_>, served: impl FnOnce() -> S) {
    if let Some(set) = table(event, "set") {
        overrides(&set);
    }
    let unset = event.get("unset").filter(|item| item.kind() == "array").and_then(|item| item.array());
    let polled: Vec<Item<'_>> =
        event.get("after-poll").into_iter().chain(unset.into_iter().flatten()).collect();
    if !polled.is_empty() {
        let served = served();
        for item in &polled {
            served.borrow().polled(item);
        }
    }
}

/// The path of a fault.
pub(in crate::scenario) fn of_fault<S: Borrow<ServedPaths>>(fault: &Section<'_>, served: impl FnOnce() -> S) {
    // The endpoints of containers have paths of their own.
    let is_container_path =
        |text: &str| ["/v1/", "/v2/", "/v3/", "/v4/", "/api/"].iter().any(|prefix| text.starts_with(prefix));
    let of_container = fault.get("endpoint").is_some_and(|item| item.text() != Some("imds"));
    if let Some(item) = fault.get("path")
        && !of_container
        && !item.text().is_some_and(is_container_path)
    {
        served().borrow().matched(&item);
    }
}

fn overrides(section: &Section<'_>) {
    for (path, item) in section.entries() {
        overridden(&item, normal(path));
    }
}

/// An override makes its path: only one that is nearly another path is suspicious.
fn overridden(item: &Item<'_>, path: &str) {
    let segments = split(path);
    if CATEGORIES.iter().any(|known| is_below_or_above(&segments, known)) {
        return;
    }
    if let Some(near) = misspelt(&segments) {
        item.warn_at_key(
            format!("EC2 serves no {path}"),
            format!("did you mean \"{near}\"? {path} becomes a path beside it"),
        );
    }
}

impl ServedPaths {
    /// With what further events set.
    pub(in crate::scenario) fn with_events(scenario: &Scenario, events: &[&Event]) -> Self {
        let mut served = Self::of(scenario);
        served.added.extend(events.iter().copied().flat_map(set_paths));
        served
    }

    fn of(scenario: &Scenario) -> Self {
        let named = scenario.named_instances.iter().map(|named| &named.instance);
        let overrides =
            std::iter::once(&scenario.instance).chain(named).flat_map(|instance| instance.overrides.iter());
        let values =
            overrides.filter(|(_, value)| **value != Override::Removed).map(|(path, _)| path.clone());
        let set = scenario.events.iter().flat_map(set_paths);
        let answered = scenario.http.paths.iter().filter(|(_, answer)| answer.is_some());
        let answered = answered.map(|(path, _)| below_the_version(path));
        Self { added: values.chain(set).chain(answered).collect() }
    }

    /// Whether there may be a path that fits a pattern below the version.
    fn serves(&self, pattern: &str) -> bool {
        let literal: Vec<&str> = pattern.split('/').take_while(|segment| !is_wild(segment)).collect();
        let literal = literal.join("/");
        let segments = split(pattern);
        CATEGORIES.iter().any(|known| is_below_or_above(&segments, known))
            || is_below_or_above(&segments, &["api", "token"])
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
        let below = below_the_version(glob);
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

/// What follows the version in a path or a pattern. One without a version is whole: it may be misspelt, too.
fn below_the_version(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let version = |segment: &str| {
        segment == "latest" || is_wild(segment) || segment.starts_with(|c: char| c.is_ascii_digit())
    };
    match segments.split_first() {
        Some((first, below)) if version(first) && *first != "**" => below.join("/"),
        _ => segments.join("/"),
    }
}

fn set_paths(event: &Event) -> impl Iterator<Item = String> {
    event.effects.iter().filter_map(|effect| match effect {
        EventEffect::Set(path, _) => Some(path.clone()),
        _ => None,
    })
}

fn help(path: &str, otherwise: &str) -> String {
    match misspelt(&split(path)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("accepted: {otherwise}"),
    }
}

/// The segments of the categories, with `{…}` for names, and of the directories that are no category's. A file may have thousands
/// of paths, each of which is compared with all of them.
static CATEGORIES: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| category_paths().map(split).collect());

fn split(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

fn is_wild(segment: &str) -> bool {
    segment.contains(['*', '%'])
}

/// Whether a pattern fits a path, or a directory of it.
fn is_below_or_above(pattern: &[&str], known: &[&str]) -> bool {
    for (index, segment) in pattern.iter().enumerate() {
        if *segment == "**" {
            return true;
        }
        let Some(name) = known.get(index) else { return false };
        if !(name == segment || name.starts_with('{') || is_wild(segment)) {
            return false;
        }
    }
    true
}

/// The path of a category that differs in one segment only, by a typing error.
fn misspelt(segments: &[&str]) -> Option<String> {
    // Another number is another thing: ipv4 and ipv6.
    let letters = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let near = |known: &&Vec<&str>| {
        let mut wrong = None;
        for (index, segment) in segments.iter().enumerate() {
            // A pattern may name a directory, and nothing below a path.
            let Some(name) = known.get(index) else { return false };
            if name == segment || name.starts_with('{') || is_wild(segment) {
                continue;
            }
            if wrong.replace((name, segment)).is_some() {
                return false;
            }
        }
        wrong.is_some_and(|(name, segment)| is_near(segment, name) && letters(name) != letters(segment))
    };
    let known = CATEGORIES.iter().find(near)?;
    let names = known
        .iter()
        .zip(segments)
        .map(|(name, segment)| if name.starts_with('{') || is_wild(segment) { *segment } else { *name });
    Some(names.collect::<Vec<_>>().join("/"))
}
