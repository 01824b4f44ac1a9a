//! `unset` of events: it takes back what events set, and does not touch an override of `[metadata]`.

use std::collections::BTreeSet;

use super::overrides::normal;
use crate::config::Section;
use crate::model::Scenario;

/// Warns of an `unset` that takes back nothing that an event sets. It is no error: a file that was good stays good.
pub(super) fn takes_something_back(sections: &[Section<'_>], scenario: &Scenario) {
    // What is of another kind has been reported.
    let set = sections.iter().filter_map(|section| section.get("set").filter(|item| item.kind() == "table"));
    let set: BTreeSet<String> =
        set.filter_map(|item| item.section()).flat_map(|set| paths_of(&set)).collect();
    let overridden = |path: &str| {
        let instances = scenario.named_instances.iter().map(|named| &named.instance);
        std::iter::once(&scenario.instance).chain(instances).any(|i| i.overrides.contains_key(path))
    };
    let unset =
        sections.iter().filter_map(|section| section.get("unset").filter(|item| item.kind() == "array"));
    for item in unset.filter_map(|item| item.array()).flatten().filter(|item| item.kind() == "string") {
        let Some(path) = item.string().map(normal) else { continue };
        if overridden(path) && !set.contains(path) {
            item.warn(
                format!(
                    "unset of {path} has no effect: no event sets it, and [metadata] keeps overriding it"
                ),
                "accepted: a path that an event sets; to change one of [metadata], set it to another value",
            );
        }
    }
}

fn paths_of(set: &Section<'_>) -> Vec<String> {
    set.entries().iter().map(|(path, _)| normal(path).to_owned()).collect()
}
