//! Walks the tree as cloud-init does: everything that is listed answers, nothing else does.

use std::collections::BTreeSet;

use hyper::StatusCode;
use mock_imds::imds::SERVED_VERSIONS;
use support::PureService;

use crate::requests::{ask, get, golden};

/// The scenarios of `tests/golden/`.
pub const SCENARIOS: [&str; 5] = ["default", "everything", "ipv6-only", "multi-interface", "nothing"];

/// Every path that listings lead to under a version, directories with a slash at the end.
pub fn paths_of(service: &PureService, version: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let top = format!("/{version}/");
    let (status, listing) = get(service, &top);
    assert_eq!(status, StatusCode::OK, "GET {top}");
    for name in listing.lines() {
        let slash = if name == "user-data" { "" } else { "/" };
        walk(service, format!("{top}{name}{slash}"), &mut paths);
    }
    paths.insert(top);
    paths
}

fn walk(service: &PureService, path: String, into: &mut BTreeSet<String>) {
    let (status, body) = get(service, &path);
    assert_eq!(status, StatusCode::OK, "GET {path}, which is listed");
    if path.ends_with('/') {
        assert!(!body.is_empty(), "the listing of {path} is empty");
        assert!(
            !body.ends_with('\n') && !body.contains("\n\n"),
            "stray newline in the listing of {path}: {body:?}"
        );
        for name in body.lines() {
            // `0=my-key` is found under `0/`.
            let next = match name.split_once('=') {
                Some((index, _)) if index.parse::<u32>().is_ok() => format!("{index}/"),
                _ => name.to_owned(),
            };
            walk(service, format!("{path}{next}"), into);
        }
    } else if !path.ends_with("/user-data") {
        let ends = body.ends_with('\n');
        assert_eq!(ends, path.ends_with("/openssh-key"), "newline at the end of {path}: {body:?}");
    }
    into.insert(path);
}

#[test]
fn what_is_listed_answers_in_every_version() {
    for scenario in SCENARIOS {
        let service = golden(scenario);
        for version in SERVED_VERSIONS {
            let paths = paths_of(&service, version);
            assert!(paths.len() > 5, "only {paths:?} in {scenario} under {version}");
        }
    }
}

#[test]
fn what_is_not_listed_does_not_answer() {
    let known: BTreeSet<String> = SCENARIOS
        .iter()
        .flat_map(|scenario| paths_of(&golden(scenario), "latest"))
        .map(|path| path.trim_start_matches("/latest").to_owned())
        .collect();
    for scenario in SCENARIOS {
        let service = golden(scenario);
        for version in SERVED_VERSIONS {
            let listed = paths_of(&service, version);
            for below in &known {
                let path = format!("/{version}{below}");
                let answers = get(&service, &path).0 == StatusCode::OK;
                assert_eq!(
                    answers,
                    listed.contains(&path),
                    "GET {path} of {scenario} answers, against the listing"
                );
            }
        }
    }
}

#[test]
fn directories_and_leaves_answer_with_and_without_a_slash() {
    let service = golden("everything");
    for path in paths_of(&service, "latest") {
        let bare = path.trim_end_matches('/');
        let doubled = path.replace('/', "//");
        for variant in [format!("{bare}/"), bare.to_owned(), doubled, path.replace(':', "%3A")] {
            assert_eq!(get(&service, &variant), get(&service, &path), "GET {variant} against {path}");
        }
        if !path.ends_with('/') {
            assert_eq!(get(&service, &format!("{path}/extra")).0, StatusCode::NOT_FOUND, "GET {path}/extra");
        }
    }
}

#[test]
fn every_value_is_there_by_head_too() {
    let service = golden("everything");
    for path in paths_of(&service, "latest") {
        let (whole, head) = (ask(&service, "GET", &path, &[]), ask(&service, "HEAD", &path, &[]));
        assert_eq!((whole.status, whole.headers), (head.status, head.headers), "HEAD {path}");
    }
}
