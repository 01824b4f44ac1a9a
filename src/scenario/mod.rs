//! TOML → [`Scenario`]: parse, collect all errors with file, line and column, validate.
//!
//! Each table has a file here. A key that is not said keeps the built-in instance's value, or follows from
//! what is said; an empty file is the built-in instance.

mod addresses;
mod content;
mod contradictions;
mod credential_process;
mod credentials;
mod event;
mod fault;
mod instance;
mod instances;
mod interface;
mod library;
mod live;
mod live_fault;
mod options;
mod overrides;

use std::path::Path;

use crate::config::{Report, Section, SourceText, parse};
use crate::model::{HttpTokens, Scenario};

pub(crate) use credential_process::parse as parse_credential_process;
pub(crate) use event::MOST_CLIENTS;
pub(crate) use instance::USER_DATA_LIMIT;
pub(crate) use library::{Library, LibraryScenario};
pub(crate) use live::{LiveEvent, OrderTime, event_from_json};
pub(crate) use live_fault::{LiveFault, fault_from_json};
pub(crate) use overrides::VALUE_LIMIT;

/// Loads a scenario file. `Err` lists every error; `Ok` may come with warnings.
pub fn load(path: &Path) -> Result<(Scenario, Report), Report> {
    let base = path.parent().unwrap_or(Path::new(""));
    read(&SourceText::read(path)?, base)
}

/// Reads a scenario from text that is already here; files that it names are looked for below `base`.
pub fn read(source: &SourceText, base: &Path) -> Result<(Scenario, Report), Report> {
    parse(source, |root| build(root, base))
}

/// Every key that a source could have had, in the tables that it has.
#[cfg(test)]
pub(crate) fn keys(source: &SourceText, base: &Path) -> std::collections::BTreeSet<String> {
    crate::config::keys_asked(source, |root| {
        build(root, base);
    })
}

fn build(root: &Section<'_>, base: &Path) -> Scenario {
    let mut scenario = Scenario::default();
    let instance = &mut scenario.instance;
    if let Some(section) = root.get("credentials").and_then(|item| item.section()) {
        instance.credentials = credentials::read(&section, base);
    }
    if instance.credentials.as_ref().is_some_and(|credentials| credentials.source.is_real()) {
        // Without tokens any web page could read them by DNS rebinding.
        instance.metadata_options.http_tokens = HttpTokens::Required;
    }
    if let Some(section) = root.get("metadata-options").and_then(|item| item.section()) {
        options::metadata_options(&section, &mut instance.metadata_options);
    }
    if let Some(section) = root.get("instance").and_then(|item| item.section()) {
        instance::read(&section, base, instance);
    }
    if let Some(section) = root.get("http").and_then(|item| item.section()) {
        options::http(&section, &mut scenario.http);
    }
    let profile = scenario.http.profile;
    if !profile.follows_instance() {
        contradictions::nothing_follows(root);
    }
    if let Some(section) = root.get("metadata").and_then(|item| item.section()) {
        scenario.instance.overrides = overrides::read(&section, base, &scenario.instance, profile);
    }
    if let Some(item) = root.get("instances") {
        scenario.guests = instances::read(&item, base, &scenario.instance, profile);
    }
    if let Some(events) = root.get("event").and_then(|item| item.sections()) {
        let read = |(index, section): (usize, &Section<'_>)| {
            let event = event::read(section, index as u64, base, profile)?;
            contradictions::event_has_its_instance(section, &event, &scenario);
            Some(event)
        };
        scenario.events = events.iter().enumerate().filter_map(read).collect();
    }
    if let Some(item) = root.get("fault") {
        scenario.faults = fault::read_all(&item, &scenario);
    }
    scenario
}

/// Sets a value that may be absent, if it is there.
fn replace_if_some<T>(target: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *target = value;
    }
}

/// Sets a value if it is there: `said(&mut target, item.and_then(…))`.
fn set_if_some<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

#[cfg(test)]
mod tests;
