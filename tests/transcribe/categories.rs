//! What every row of the category table needs: a golden answer, and an importer that reads its value back as a fact.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mock_imds::imds::category_paths;
use support::{Client, PureService};

use crate::service::{ALL, RERUN, record, values, written};

/// Categories that need no golden answer, or no fact, and the reason.
const EXCEPTIONS: [(&str, &str); 0] = [];
/// Seconds after the load: before and after the events of `tests/golden/everything.toml`.
const OFFSETS: [u64; 2] = [0, 700];

/// What a recorded service answered, and what of it the scenario has in `[metadata]` instead of a fact.
struct Recording {
    paths: BTreeSet<String>,
    overrides: BTreeSet<String>,
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Paths below the version of the golden answers to GET.
fn golden_paths(directory: &Path) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for entry in fs::read_dir(directory).expect("golden is readable") {
        let path = entry.expect("golden is readable").path();
        if path.is_dir() {
            paths.extend(golden_paths(&path));
        } else if let Some((_, file)) = path.to_string_lossy().split_once("/latest/") {
            paths.extend(file.strip_suffix(".GET").map(str::to_owned));
        }
    }
    paths
}

fn recordings() -> Vec<Recording> {
    let files = fs::read_dir(golden()).expect("golden is readable");
    let files = files.map(|entry| entry.expect("golden is readable").path());
    let scenarios = files.filter(|file| file.extension().is_some_and(|extension| extension == "toml"));
    scenarios.flat_map(|file| OFFSETS.map(|offset| recording(&file, offset))).collect()
}

fn recording(file: &Path, offset: u64) -> Recording {
    let mut service = PureService::read(file);
    service.wait(Duration::from_secs(offset));
    let observations = record(&mut service, Client::HOST, "1000", ALL).expect("it answers");
    let scenario: toml::Table = written(observations, &service).text.parse().expect("it is TOML");
    let overrides = scenario.get("metadata").and_then(toml::Value::as_table);
    let answers = values(&mut service, Client::HOST).into_iter().filter(|(_, (status, _))| *status == 200);
    Recording {
        paths: answers.map(|(path, _)| path.trim_start_matches("/latest/").to_owned()).collect(),
        overrides: overrides.into_iter().flat_map(|table| table.keys().cloned()).collect(),
    }
}

/// Whether the category, in which `{…}` stands for a name, has this path.
fn has(category: &str, path: &str) -> bool {
    let segments = category.split('/').count() == path.split('/').count();
    let mut pairs = category.split('/').zip(path.split('/'));
    segments && pairs.all(|(expected, found)| expected == found || expected.starts_with('{'))
}

/// A sentence for each category that lacks something.
fn lacking(category: &str, golden: &BTreeSet<String>, recordings: &[Recording]) -> Vec<String> {
    let mut found = Vec::new();
    if !golden.iter().any(|path| has(category, path)) {
        found.push(format!(
            "{category} has no golden answer: give a scenario of tests/golden a value of it, run \
             UPDATE_GOLDEN=1 cargo test --test protocol golden, and read what that wrote"
        ));
    }
    let mut cases = recordings
        .iter()
        .flat_map(|recording| {
            let paths = recording.paths.iter().filter(|path| has(category, path));
            paths.map(|path| recording.overrides.contains(path))
        })
        .peekable();
    if cases.peek().is_none() {
        found.push(format!("{category} is in no recording: give a scenario of tests/golden a value of it"));
    } else if cases.all(|overridden| overridden) {
        found.push(format!(
            "{category} is imported as an override: write it as a fact of the scenario (src/transcribe/facts)"
        ));
    }
    found
}

#[test]
fn every_category_has_a_golden_answer_and_is_imported_as_a_fact() {
    let (golden, recordings) = (golden_paths(&golden()), recordings());
    let excepted = |category: &&str| EXCEPTIONS.iter().any(|(name, _)| name == category);
    let found: Vec<String> = category_paths()
        .filter(|category| !excepted(category))
        .flat_map(|category| lacking(category, &golden, &recordings))
        .collect();
    assert!(found.is_empty(), "{}\n{RERUN}", found.join("\n"));
    let idle = EXCEPTIONS.iter().find(|(name, _)| lacking(name, &golden, &recordings).is_empty());
    assert_eq!(idle, None, "expected no exception that lacks nothing\n{RERUN}");
}

#[test]
fn a_new_category_lacks_what_the_others_have() {
    let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<String>>();
    let of = |paths: &[&str], overrides: &[&str]| Recording { paths: set(paths), overrides: set(overrides) };
    let (path, other) = ("meta-data/new/a", "meta-data/new/a/b");
    for (golden, recordings, expected) in [
        (set(&[path]), vec![of(&[path], &[])], vec![]),
        (set(&[other]), vec![of(&[path], &[path]), of(&[path], &[])], vec!["has no golden answer"]),
        (set(&[path]), vec![of(&[other], &[])], vec!["is in no recording"]),
        (set(&[path]), vec![of(&[path], &[path])], vec!["is imported as an override"]),
        (set(&[]), vec![], vec!["has no golden answer", "is in no recording"]),
    ] {
        let found = lacking("meta-data/new/{name}", &golden, &recordings);
        let matches = found.iter().zip(&expected).all(|(found, expected)| found.contains(expected));
        assert!(matches && found.len() == expected.len(), "expected {expected:?}, found {found:?}");
    }
}
