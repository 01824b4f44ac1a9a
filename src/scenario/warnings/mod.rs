//! Warnings of what is accepted and yet contradicts, cannot happen, or has no effect.

mod faults;
mod ids;
mod interfaces;
mod keys;
mod paths;
mod places;
mod sections;
mod timeline;

pub(super) use paths::{ServedPaths, of_event, of_fault};

use crate::config::Section;
use crate::model::{Scenario, Timestamp};

/// Adds the warnings of a scenario without errors: those of others would follow from the errors. Without `now` nothing is said about times in the past.
pub(super) fn add(root: &Section<'_>, scenario: &Scenario, now: Option<Timestamp>) {
    if root.has_errors() {
        return;
    }
    // Else the tables say nothing, which has been reported, and any path may be.
    if scenario.http.profile.follows_instance() {
        places::add(root, scenario);
        paths::add(root, scenario);
        ids::add(root);
        keys::add(root, scenario);
        interfaces::add(root, scenario);
    }
    // amazon-ec2-metadata-mock's users write fixed times, and mean them.
    let now = now.filter(|_| scenario.http.profile.follows_instance());
    timeline::add(root, scenario, now);
    faults::add(root, scenario);
}

#[cfg(test)]
mod tests;
