//! `set` and `unset` of events that change nothing. Neither is an error: a file that was good stays good.

use std::collections::{BTreeMap, BTreeSet};

use super::overrides::normal;
use crate::config::Section;
use crate::model::{EventEffect, Instance, Scenario};

fn instances(scenario: &Scenario) -> impl Iterator<Item = &Instance> {
    std::iter::once(&scenario.instance).chain(scenario.named_instances.iter().map(|named| &named.instance))
}

/// Warns of an `unset` that takes back nothing that an event sets: it does not touch an override of `[metadata]`.
pub(super) fn takes_something_back(sections: &[Section<'_>], scenario: &Scenario) {
    // What is of another kind has been reported.
    let set = sections.iter().filter_map(|section| section.get("set").filter(|item| item.kind() == "table"));
    let set: BTreeSet<String> =
        set.filter_map(|item| item.section()).flat_map(|set| paths_of(&set)).collect();
    let overridden = |path: &str| instances(scenario).any(|instance| instance.overrides.contains_key(path));
    let unset =
        sections.iter().filter_map(|section| section.get("unset").filter(|item| item.kind() == "array"));
    for item in unset.filter_map(|item| item.array()).flatten().filter(|item| item.kind() == "string") {
        let Some(path) = item.string().map(normal).filter(|path| !set.contains(*path)) else { continue };
        let (reason, other) = if overridden(path) {
            (", and [metadata] keeps overriding it", "; to change one of [metadata], set it to another value")
        } else {
            ("", "")
        };
        item.warn(
            format!("unset of {path} has no effect: no event sets it{reason}"),
            format!("accepted: a path that an event sets{other}"),
        );
    }
}

/// Warns of a `set` of what `[metadata]` has anyway, if no other event touches that path.
pub(super) fn changes_something(sections: &[Section<'_>], scenario: &Scenario) {
    // With an event missing, the others have no section to point to.
    if sections.len() != scenario.events.len() {
        return;
    }
    let mut touched: BTreeMap<&str, usize> = BTreeMap::new();
    for effect in scenario.events.iter().flat_map(|event| &event.effects) {
        if let EventEffect::Set(path, _) | EventEffect::Unset(path) = effect {
            *touched.entry(path).or_default() += 1;
        }
    }
    for (section, event) in sections.iter().zip(&scenario.events) {
        for effect in &event.effects {
            let EventEffect::Set(path, value) = effect else { continue };
            if touched.get(path.as_str()) == Some(&1)
                && instances(scenario).all(|instance| instance.overrides.get(path) == Some(value))
                && let Some(item) = section.get("set")
            {
                item.warn_at_key(
                    format!("set of {path} has no effect: [metadata] has the same value"),
                    "accepted: another value",
                );
            }
        }
    }
}

fn paths_of(set: &Section<'_>) -> Vec<String> {
    set.entries().iter().map(|(path, _)| normal(path).to_owned()).collect()
}
