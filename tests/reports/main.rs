//! Scenarios that are rejected, and what `mock-imds check` says of each: `NAME.toml` and `NAME.report`.
//!
//! A changed report fails here. Read it as the user would who wrote the scenario (what is wrong, where, what is
//! accepted, what to do) before you accept it with `UPDATE_REPORTS=1 cargo test --test reports`.

use std::fs;
use std::path::PathBuf;

use support::{Sandbox, finish};

const RERUN: &str = "rerun: cargo test --test reports";

fn directory() -> PathBuf {
    support::sources().join("tests/reports")
}

/// The names of the files with this extension, sorted.
fn names(extension: &str) -> Vec<String> {
    let entries = fs::read_dir(directory()).expect("the bad scenarios are there");
    let files = entries.map(|entry| entry.expect("they are readable").path());
    let mut names: Vec<String> = files
        .filter(|file| file.extension().is_some_and(|found| found == extension))
        .map(|file| file.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn each_bad_scenario_gets_its_report() {
    let update = std::env::var_os("UPDATE_REPORTS").is_some();
    let sandbox = Sandbox::new();
    let scenarios = names("toml");
    assert!(scenarios.len() >= 50, "expected 50 bad scenarios, found {}", scenarios.len());
    let mut wrong = vec![];
    for name in &scenarios {
        let file = format!("{name}.toml");
        let found = finish(sandbox.command(&["check", &file]).current_dir(directory()));
        assert_eq!((found.code, &*found.stdout), (Some(78), ""), "{file} is rejected: {found:#?}\n{RERUN}");
        let report = directory().join(format!("{name}.report"));
        if update {
            fs::write(&report, &found.stderr).expect("the reports are writable");
            continue;
        }
        let expected = fs::read_to_string(&report).unwrap_or_default();
        if found.stderr != expected {
            wrong.push(format!("{file}\n--- expected\n{expected}--- found\n{}", found.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}\n{RERUN}", wrong.join("\n"));
    let reports = names("report");
    let stray: Vec<_> = reports.iter().filter(|name| !scenarios.contains(name)).collect();
    assert!(stray.is_empty(), "reports without a scenario: {stray:?}\n{RERUN}");
}

/// Every problem says what is accepted, what was meant, or what to do.
#[test]
fn every_problem_helps() {
    for name in names("report") {
        let text = fs::read_to_string(directory().join(format!("{name}.report"))).expect("it is readable");
        let problems: Vec<&str> = text.split(&format!("{name}.toml:")).skip(1).collect();
        assert!(!problems.is_empty(), "{name}.report names no place\n{RERUN}");
        for problem in problems {
            let (_, after_caret) = problem.rsplit_once("^\n").unwrap_or_default();
            assert!(after_caret.starts_with("  "), "{name}.report: no help in {problem:?}\n{RERUN}");
        }
    }
}

/// Values of keys that are secrets, and of such that are meant to be, are nowhere in a report.
#[test]
fn secrets_are_not_shown() {
    let mut seen = 0;
    for name in names("toml").into_iter().filter(|name| name.starts_with("credentials-")) {
        let read = |extension| {
            let file = directory().join(format!("{name}.{extension}"));
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        };
        let (scenario, report) = (read("toml"), read("report"));
        for secret in ["wJalr", "K7MDENG", "AQoDYXdzEJr", "SHOWNNOT"] {
            assert!(!report.contains(secret), "{name}.report shows a secret\n{RERUN}");
            seen += usize::from(scenario.contains(secret));
        }
    }
    assert!(seen >= 6, "expected scenarios with secrets that could show, found {seen}");
}
