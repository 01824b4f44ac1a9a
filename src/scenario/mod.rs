//! TOML → [`Scenario`]: parse, collect all errors with file, line and column, validate.
//!
//! Each table has a file here. A key that is not set keeps the built-in instance's value, or follows from keys that
//! are; an empty file is the built-in instance.

mod addresses;
mod assign;
mod content;
mod contradictions;
mod credential_file;
mod credential_process;
mod credentials;
mod ecs;
mod event;
mod fault;
mod fixed_paths;
mod foreign;
mod instance;
mod instances;
mod interface;
mod interface_timeline;
mod library;
mod live;
mod named_files;
mod open_list;
mod options;
mod overrides;
mod pod_identity;
mod propagation;
mod shipped;
mod unset;
mod warnings;

use std::path::Path;

use crate::config::{Cancellation, Item, Report, Section, SourceText, parse, parse_unless_cancelled};
use crate::model::{Event, HttpTokens, Scenario, Timestamp};

pub(crate) use credential_file::read as read_credential_file;
pub(crate) use credential_process::parse as parse_credential_process;
pub(crate) use credentials::SourceKind;
pub(crate) use ecs::StatsWord;
pub(crate) use instance::USER_DATA_LIMIT;
pub(crate) use library::{FoundScenario, Library, LibraryScenario, is_path, shipped};
pub(crate) use live::{CheckedOrder, LiveItem, OrderTime, read_new_order, read_order};
pub(crate) use named_files::{NamedFiles, SentFile, SentFiles};
pub(crate) use options::ApiVersion;
pub(crate) use overrides::{VALUE_LIMIT, is_override_path};

/// Loads a scenario file. `Err` lists every error; `Ok` may come with warnings.
pub fn load(path: &Path) -> Result<(Scenario, Report), Report> {
    let base = path.parent().unwrap_or(Path::new(""));
    read(&SourceText::read(path)?, base)
}

/// Reads a scenario from text in memory. The paths of files that it names are relative to `base`.
pub fn read(source: &SourceText, base: &Path) -> Result<(Scenario, Report), Report> {
    read_at(source, base, None)
}

/// As [`read`], with warnings of times that are over by now.
pub fn read_at(
    source: &SourceText,
    base: &Path,
    now: Option<Timestamp>,
) -> Result<(Scenario, Report), Report> {
    foreign::refuse(source)?;
    parse(source, |root| build(root, &NamedFiles::relative_to(base), now))
}

/// As [`read_at`]; once it is cancelled, it ends soon with an error.
pub(crate) fn read_unless_cancelled(
    source: &SourceText,
    files: &NamedFiles<'_>,
    now: Timestamp,
    cancellation: &Cancellation,
) -> Result<(Scenario, Report), Report> {
    foreign::refuse(source)?;
    parse_unless_cancelled(source, cancellation, |root| build(root, files, Some(now)))
}

/// The files that a scenario names, for whoever sends it: their contents, and of the others why they cannot be read. What
/// is wrong with the scenario is left to who reads it then.
pub(crate) fn collect_files(source: &SourceText, base: &Path) -> SentFiles {
    let files = NamedFiles::collecting(base);
    let _ = parse(source, |root| build(root, &files, None));
    files.collected()
}

/// The keys that a source could have in the tables that it has.
#[cfg(test)]
pub(crate) fn keys(source: &SourceText, base: &Path) -> crate::config::RequestedKeys {
    crate::config::requested_keys(source, |root| {
        build(root, &NamedFiles::relative_to(base), None);
    })
}

fn build(root: &Section<'_>, files: &NamedFiles<'_>, now: Option<Timestamp>) -> Scenario {
    let mut scenario = Scenario::default();
    let instance = &mut scenario.instance;
    if let Some(section) = root.read("credentials", Item::section) {
        instance.credentials = credentials::read(&section, files);
        if let Some(credentials) = &instance.credentials {
            credential_file::judge(&section, credentials);
        }
    }
    if instance.credentials.as_ref().is_some_and(|credentials| credentials.source.is_real()) {
        // Who only makes others fetch a URL gets no token. Web pages are kept out by what `imds::rebinding` checks.
        instance.metadata_options.http_tokens = HttpTokens::Required;
    }
    if let Some(section) = root.read("metadata-options", Item::section) {
        options::metadata_options(&section, &mut instance.metadata_options);
    }
    if let Some(section) = root.read("instance", Item::section) {
        instance::read(&section, files, instance);
    }
    if let Some(section) = root.read("propagation", Item::section) {
        propagation::read(&section, instance);
    }
    if let Some(section) = root.read("ecs", Item::section) {
        ecs::read(&section, files, instance);
    }
    if let Some(section) = root.read("pod-identity", Item::section) {
        pod_identity::read(&section, instance);
    }
    if let Some(section) = root.read("http", Item::section) {
        options::http(&section, files, &mut scenario.http);
    }
    let profile = scenario.http.profile;
    if !profile.follows_instance() {
        contradictions::nothing_follows(root);
    }
    if let Some(section) = root.read("metadata", Item::section) {
        scenario.instance.overrides = overrides::read(&section, files, &scenario.instance, profile).into();
    }
    if let Some(item) = root.get("instances") {
        scenario.named_instances = instances::read(&item, files, &scenario.instance, profile);
    }
    contradictions::token_protects(root, &scenario);
    if let Some(events) = root.read("event", Item::sections) {
        let read = |(index, section)| {
            let event = event::read(section, index as u64, files, &scenario)?;
            contradictions::event_has_its_instance(section, &event, &scenario);
            Some((section, event))
        };
        let read: Vec<(&Section<'_>, Event)> = events.iter().enumerate().filter_map(read).collect();
        let with_sections: Vec<_> = read.iter().map(|(section, event)| (*section, event)).collect();
        interface_timeline::check(&with_sections, &scenario);
        scenario.events = read.into_iter().map(|(_, event)| event).collect();
        unset::takes_something_back(&events, &scenario);
        unset::changes_something(&events, &scenario);
    }
    if let Some(item) = root.get("fault") {
        scenario.faults = fault::read_all(&item, &scenario);
    }
    warnings::add(root, &scenario, now);
    scenario
}

#[cfg(test)]
mod tests;
