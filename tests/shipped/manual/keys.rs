//! The keys that the pages of files list.

use std::collections::BTreeSet;

use mock_imds::host::settings::{DEFAULT_BRIDGES, Endpoint, HostSettings};

use super::manual;
use crate::read;

#[test]
fn the_manual_lists_the_default_bridges() {
    let page = manual("mock-imds-host.toml.5");
    let missing: Vec<_> = DEFAULT_BRIDGES
        .iter()
        .filter(|name| !page.lines().any(|line| line.starts_with(&format!("{name} "))))
        .collect();
    assert!(missing.is_empty(), "packaging/man/mock-imds-host.toml.5 lacks {missing:?}");
}

/// Keys of each table as the page lists them: `.SS [table]`, then the line after each `.TP`.
fn keys_in_manual(page: &str) -> BTreeSet<String> {
    let text = manual(page);
    let mut table = None;
    let mut keys = BTreeSet::new();
    for (line, before) in text.lines().skip(1).zip(text.lines()) {
        if line.starts_with(".S") {
            table = line.strip_prefix(".SS ").map(table_name);
        } else if let (Some(table), ".TP") = (&table, before) {
            let key = line.split_whitespace().nth(1).expect(".B or .BR and a key");
            keys.insert(format!("{table}.{key}"));
        }
    }
    keys
}

/// Keys of each table that default.toml says, or shows as a comment: `#[table]`, `#key = …`.
fn keys_in_default() -> BTreeSet<String> {
    let text = read("packaging/scenarios/default.toml");
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('#').or(Some(line)).filter(|line| line.starts_with('[')) {
            table = table_name(header)
                .replace("instances.web", "instances.NAME")
                .replace("instances.worker", "instances.NAME");
        } else if let Some((key, _)) = line.trim_start_matches('#').split_once(" = ")
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            keys.insert(format!("{table}.{key}"));
        }
    }
    keys
}

fn table_name(line: &str) -> String {
    line.trim_matches(['[', ']']).to_owned()
}

#[test]
fn manual_lists_the_keys_of_default_toml() {
    // Tables whose keys the user invents.
    let free = ["tags", "block-device-mapping", "elastic-inference", "elastic-gpus"]
        .map(|table| format!("instance.{table}."));
    // And the one that takes the keys of [credentials].
    let free =
        free.into_iter().chain(["ecs.tags.", "ecs.credentials."].map(str::to_owned)).collect::<Vec<_>>();
    let mut expected = keys_in_default();
    expected.retain(|key| !free.iter().any(|table| key.starts_with(table)));
    // A further instance takes the keys of the others' tables, which the manual explains there.
    expected.retain(|key| {
        key.strip_prefix("instances.NAME.").is_none_or(|key| matches!(key, "clients" | "derive" | "nodes"))
    });
    assert!(expected.len() > 50, "default.toml was misread: {expected:?}");
    let found = keys_in_manual("mock-imds.toml.5");
    let missing: Vec<_> = expected.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&expected).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "packaging/man/mock-imds.toml.5 and packaging/scenarios/default.toml differ\n\
         missing in the manual: {missing:?}\nonly in the manual: {unknown:?}"
    );
}
#[test]
fn manual_lists_the_keys_of_host_toml() {
    // The default of this one is left out.
    let endpoints = vec![Endpoint::Imds, Endpoint::Ecs];
    let settings = HostSettings { endpoints, ..HostSettings::default() };
    let settings = serde_json::to_value(settings).expect("settings are plain data");
    let keys = settings.as_object().expect("a table").keys();
    let expected: BTreeSet<_> = keys.map(|key| format!("host.{key}")).collect();
    assert_eq!(keys_in_manual("mock-imds-host.toml.5"), expected, "packaging/man/mock-imds-host.toml.5");
}
