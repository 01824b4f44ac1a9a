//! `taplo lint` with the shipped schemas.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::finish;

use crate::{RERUN, schema_url, tool};

/// Scenarios of `tests/reports` in which a schema finds nothing wrong, and why.
const BEYOND_A_SCHEMA: &[(&str, &str)] = &[
    ("aemm-elsewhere", "which paths there are depends on [http] profile"),
    ("contradiction-addresses", "addresses are compared with a network"),
    ("contradiction-interfaces", "values of several tables are compared"),
    ("contradiction-no-address", "one list may be empty only if another one is not"),
    ("contradiction-region", "a region is compared with a zone"),
    ("credentials-sources", "which keys are needed depends on the source"),
    ("event-unknown-instance", "a name is looked up among the tables"),
    ("fault-contradictions", "effects exclude each other, with a reason that a schema cannot give"),
    ("instances-credentials", "the same table may hold more elsewhere"),
    ("instances-nodes", "a client and a node are looked up among the tables"),
    ("missing-files", "files are read"),
    ("user-data-too-long", "the limit is one of bytes, before base64"),
];

/// Files below a directory of the sources, sorted, for which a name is chosen.
fn files(directory: &str, chosen: fn(&str) -> bool) -> Vec<PathBuf> {
    let mut directories = vec![support::sources().join(directory)];
    let mut found = vec![];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.file_name().and_then(|name| name.to_str()).is_some_and(chosen) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What taplo finds wrong with a file.
fn lint(taplo: &Path, schema: &str, file: &Path) -> Option<String> {
    // Outside of the sources, so that no configuration of theirs counts.
    let outcome = finish(
        Command::new(taplo)
            .args(["lint", "--colors", "never", "--schema", &schema_url(schema)])
            .arg(file)
            .current_dir(std::env::temp_dir()),
    );
    (outcome.code != Some(0)).then_some(outcome.stderr)
}

fn is_scenario(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml") && !is_host(name)
}

fn is_host(name: &str) -> bool {
    matches!(name, "host.toml" | "host-bind.toml" | "host-endpoints.toml")
}

fn shipped(chosen: fn(&str) -> bool) -> Vec<PathBuf> {
    let directories = ["scenarios", "etc", "compose", "kubernetes"];
    directories.into_iter().flat_map(|directory| files(&format!("packaging/{directory}"), chosen)).collect()
}

#[test]
fn every_shipped_file_fits_its_schema_and_names_it() {
    let Some(taplo) = tool("taplo") else { return };
    for (schema, chosen, least) in
        [("scenario", is_scenario as fn(&str) -> bool, 30), ("host", is_host as fn(&str) -> bool, 4)]
    {
        let files = shipped(chosen);
        assert!(files.len() >= least, "found only {files:?}\n{RERUN}");
        for file in files {
            if let Some(found) = lint(&taplo, schema, &file) {
                panic!("{} is rejected:\n{found}\n{RERUN}", file.display());
            }
            let text = fs::read_to_string(&file).expect("it was just read");
            let expected = format!("#:schema file:///usr/share/mock-imds/{schema}.schema.json");
            let head = text.lines().take_while(|line| line.starts_with('#'));
            assert!(
                head.clone().any(|line| line == expected),
                "{} lacks {expected:?} among the comments at its beginning\n{RERUN}",
                file.display()
            );
        }
    }
}

/// The largest scenarios of the tests have nearly every key.
#[test]
fn the_scenarios_of_the_tests_fit_the_schema() {
    let Some(taplo) = tool("taplo") else { return };
    let tests = ["tests/golden", "tests/clients/scenarios"];
    let files: Vec<PathBuf> = tests.into_iter().flat_map(|directory| files(directory, is_scenario)).collect();
    assert!(files.len() > 4, "found only {files:?}\n{RERUN}");
    for file in files {
        if let Some(found) = lint(&taplo, "scenario", &file) {
            panic!("{} is rejected:\n{found}\n{RERUN}", file.display());
        }
    }
}

#[test]
fn bad_scenarios_are_rejected_as_far_as_a_schema_can() {
    let Some(taplo) = tool("taplo") else { return };
    let bad = files("tests/reports", is_scenario);
    let mut wrong = vec![];
    let mut rejected = 0;
    for file in &bad {
        let name = file.file_stem().expect("a name").to_string_lossy();
        let beyond = BEYOND_A_SCHEMA.iter().find(|(beyond, _)| *beyond == name);
        match (lint(&taplo, "scenario", file), beyond) {
            (None, None) => wrong.push(format!("{name} is accepted")),
            (Some(_), Some((_, why))) => wrong.push(format!("{name} is rejected, although {why}")),
            (Some(_), None) => rejected += 1,
            (None, Some(_)) => {}
        }
    }
    assert!(wrong.is_empty(), "{}\n{RERUN}", wrong.join("\n"));
    let gone = BEYOND_A_SCHEMA
        .iter()
        .filter(|(name, _)| !bad.iter().any(|file| file.ends_with(format!("{name}.toml"))));
    assert_eq!(gone.count(), 0, "BEYOND_A_SCHEMA names files that are gone\n{RERUN}");
    assert!(rejected >= 35, "only {rejected} were rejected\n{RERUN}");
}

#[test]
fn a_bad_host_toml_is_rejected() {
    let Some(taplo) = tool("taplo") else { return };
    let sandbox = support::Sandbox::new();
    for text in
        ["[host]\nipv6 = \"yes\"\n", "[host]\nbridge = []\n", "[host]\nredirect = \"iptables\"\n", "[hots]\n"]
    {
        let file = sandbox.write("host.toml", text);
        assert!(lint(&taplo, "host", &file).is_some(), "accepted:\n{text}\n{RERUN}");
    }
}
