//! Everything that listings lead to, as cloud-init walks it.

use std::collections::VecDeque;

use super::bases::CAPTURES;
use super::listings::{CLOUD_INIT, WALKS};
use crate::conform::check::{Basis, CheckRow, facts};
use crate::conform::facts::META;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms::is_mac;
use crate::conform::service::ServiceUnderTest;

/// The most paths that are walked.
const MOST: usize = 1000;

pub(super) const ROWS: &[CheckRow] = &[
    facts(
        "listing-all-answer",
        "GET of everything that listings below /latest/meta-data/ and /latest/dynamic/ lead to",
        "status 200",
        |service| {
            walk(service, |path, status, _| (status != 200).then(|| format!("status {status} at {path}")))
        },
        WALKS,
        "cloud-init, facter",
    ),
    facts(
        "listing-directories-have-slashes",
        "GET of all listings below /latest/meta-data/",
        "a slash after each directory, and after no value",
        |service| walk(service, looks_like_directory),
        CAPTURES,
        "cloud-init, facter, ohai",
    ),
    facts(
        "listing-none-has-final-line-feed",
        "GET of all listings below /latest/meta-data/",
        "no line feed at the end, and no empty line",
        |service| {
            walk(service, |path, status, body| {
                let odd = status == 200 && path.ends_with('/') && body.split('\n').any(str::is_empty);
                odd.then(|| format!("an empty line in {path}"))
            })
        },
        CAPTURES,
        CLOUD_INIT,
    ),
    facts(
        "listing-values-have-no-final-line-feed",
        "GET of all values below /latest/meta-data/, but public keys",
        "no line feed at the end: cloud-init makes a list of a value that has one",
        |service| {
            walk(service, |path, _, body| {
                let odd = !path.ends_with('/') && !path.contains("openssh-key") && body.ends_with('\n');
                odd.then(|| format!("a line feed at the end of {path}"))
            })
        },
        Basis::ReliedOn("cloud-init makes a list of a value with a line feed"),
        CLOUD_INIT,
    ),
];

/// A value whose lines are names that could be below it.
fn looks_like_directory(path: &str, _: u16, body: &str) -> Option<String> {
    let is_listing =
        |body: &str| body.lines().any(|line| line.ends_with('/') && is_mac(line.trim_end_matches('/')));
    (!path.ends_with('/') && is_listing(body))
        .then(|| format!("{path} is listed without a slash, and is a directory"))
}

/// Looks at everything that listings lead to: path, status and body. The first finding ends the walk.
fn walk(service: &mut ServiceUnderTest<'_>, look: impl Fn(&str, u16, &str) -> Option<String>) -> Judgement {
    let mut waiting: VecDeque<String> = [META.to_owned(), "/latest/dynamic/".to_owned()].into();
    let mut walked = 0;
    service.there(META)?;
    while let Some(path) = waiting.pop_front() {
        walked += 1;
        if walked > MOST {
            return Err(CheckFinding::fails(format!("more than {MOST} paths: the tree does not end")));
        }
        if !service.has_time() {
            return Err(CheckFinding::not_applicable("the time of the run was over"));
        }
        let response = service.get(&path)?;
        let body = String::from_utf8_lossy(&response.body);
        if let Some(found) = look(&path, response.status, &body) {
            return Err(CheckFinding::fails(found));
        }
        if path.ends_with('/') && response.status == 200 {
            waiting.extend(body.lines().filter(|line| !line.is_empty()).map(|line| below(&path, line)));
        }
    }
    Ok(())
}

/// `0=name` is asked as `0/openssh-key`.
fn below(directory: &str, line: &str) -> String {
    match line.split_once('=') {
        Some((number, _)) if directory.ends_with("/public-keys/") => {
            format!("{directory}{number}/openssh-key")
        }
        _ => format!("{directory}{line}"),
    }
}
