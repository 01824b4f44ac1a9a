//! A test target is a folder of tests/ with a main.rs, under the folder's name; what targets share is in a crate.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sources::{assert_none, project_root};

/// Folders without a main.rs: what they are instead.
const NO_TARGETS: [(&str, &str); 5] = [
    ("bench", "benches"),
    ("golden", "the answers that tests/protocol expects"),
    ("kits", "the projects that scripts/kits makes"),
    ("platforms", "the parts of scripts/platforms"),
    ("support", "a crate"),
];

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("tests/ is readable") {
        let path = entry.expect("tests/ is readable").path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn each_folder_of_tests_is_a_target_of_its_name() {
    let mut wrong = Vec::new();
    for entry in fs::read_dir(project_root().join("tests")).expect("tests/ is readable") {
        let path = entry.expect("tests/ is readable").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let is_exempt = NO_TARGETS.iter().any(|(folder, _)| *folder == name);
        if !path.is_dir() {
            wrong.push(format!("tests/{name} is no folder"));
        } else if path.join("main.rs").exists() == is_exempt {
            let state = if is_exempt { "has" } else { "lacks" };
            wrong.push(format!("tests/{name}/ {state} a main.rs"));
        }
    }
    assert_none("a folder for each test target", &wrong);
}

#[test]
fn cargo_names_the_targets_itself() {
    let manifest = fs::read_to_string(project_root().join("Cargo.toml")).expect("Cargo.toml is readable");
    let written: Vec<String> = manifest
        .lines()
        .filter(|line| line.starts_with("[[test]]") || line.starts_with("autotests"))
        .map(|line| format!("Cargo.toml: {line}"))
        .collect();
    assert_none("targets that cargo finds by their folders", &written);
}

#[test]
fn no_target_reaches_into_another_by_a_path() {
    let mut files = Vec::new();
    files_below(&project_root().join("tests"), &mut files);
    let sources = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let reaching = sources.filter(|path| {
        let text = fs::read_to_string(path).expect("sources are readable");
        text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("#[path =")
                || line.starts_with("include!(\"..")
                || line.starts_with("#[cfg_attr(") && line.contains("path =")
        })
    });
    let reaching: Vec<String> = reaching.map(|path| path.display().to_string()).collect();
    assert_none("shared code in tests/support", &reaching);
}
