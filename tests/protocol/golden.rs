//! `tests/golden/SCENARIO/VERSION/PATH.METHOD`: the exact bytes of an answer. A directory's listing is in `index`.
//!
//! A changed answer fails here. Read the difference against the service's documentation before you accept
//! it with `UPDATE_GOLDEN=1 cargo test --test protocol golden`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use support::PureService;

use crate::crawl::{SCENARIOS, paths_of};

use crate::requests::{ask, golden, golden_directory, wire};

/// The versions whose answers are kept: of the default scenario what clients pin too, of the others the whole tree.
const PINNED: [&str; 4] = ["1.0", "2009-04-04", "2016-09-02", "latest"];
const WHOLE: [&str; 1] = ["latest"];

/// Beside what a crawler finds under `latest`: what it does not see.
const BESIDE: [(&str, &str); 9] = [
    ("GET", "/"),
    ("HEAD", "/latest/meta-data/instance-id"),
    ("HEAD", "/latest/meta-data/"),
    ("GET", "/latest/meta-data/nothing-here"),
    ("HEAD", "/latest/meta-data/nothing-here"),
    ("POST", "/latest/meta-data/instance-id"),
    ("GET", "/latest/api/token"),
    ("OPTIONS", "/latest/api/token"),
    ("PUT", "/latest/api/token"),
];

#[test]
fn answers_are_the_golden_ones() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    let mut expected_files = BTreeSet::new();
    for scenario in SCENARIOS {
        let service = golden(scenario);
        let versions: &[&str] = if scenario == "default" { &PINNED } else { &WHOLE };
        for (method, path) in requests(&service, versions) {
            let headers: &[_] = match method.as_str() {
                "PUT" => &[("x-aws-ec2-metadata-token-ttl-seconds", "21600")],
                _ => &[],
            };
            let found = wire(&method, &ask(&service, &method, &path, headers));
            let file = file_of(scenario, &method, &path);
            if update {
                fs::create_dir_all(file.parent().expect("below golden")).expect("golden is writable");
                fs::write(&file, &found).expect("golden is writable");
            }
            let expected = fs::read(&file).unwrap_or_default();
            if expected != found {
                wrong.push(format!(
                    "{method} {path} of {scenario}\nexpected ({}):\n{}\nfound:\n{}",
                    file.display(),
                    String::from_utf8_lossy(&expected),
                    String::from_utf8_lossy(&found)
                ));
            }
            expected_files.insert(file);
        }
    }
    for stray in files_below(&golden_directory()).difference(&expected_files) {
        if update {
            fs::remove_file(stray).expect("golden is writable");
        } else {
            wrong.push(format!("{} is golden, but nothing asks for it", stray.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\n\nrerun: cargo test --test protocol golden", wrong.join("\n\n"));
}

fn requests(service: &PureService, versions: &[&str]) -> Vec<(String, String)> {
    let crawled = versions.iter().flat_map(|version| paths_of(service, version));
    let crawled = crawled.map(|path| ("GET".to_owned(), path));
    crawled.chain(BESIDE.map(|(method, path)| (method.to_owned(), path.to_owned()))).collect()
}

fn file_of(scenario: &str, method: &str, path: &str) -> PathBuf {
    let mut file = golden_directory().join(scenario);
    file.extend(path.split('/').filter(|segment| !segment.is_empty()));
    if path.ends_with('/') {
        file.push("index");
    }
    let mut name = file.into_os_string();
    name.push(format!(".{method}"));
    name.into()
}

fn files_below(directory: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(directory).expect("golden is readable") {
        let path = entry.expect("golden is readable").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension != "toml") {
            files.insert(path);
        }
    }
    files
}
