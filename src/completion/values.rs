//! What completes a value. Without a server there are fewer candidates, and never an error: the user is at a prompt.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use clap_complete::CompletionCandidate;
use clap_complete::engine::{PathCompleter, ValueCompleter as _};

use crate::conform::{CheckGroup, ConformanceProfile, all_checks};
use crate::control::{ControlClient, server_called, server_names};
use crate::exit::Failure;
use crate::files;
use crate::model::Service;
use crate::scenario::Library;

/// Who waits longer types on.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// The server that the line chooses, as far as it is typed, else the environment.
fn client() -> Option<ControlClient> {
    let line: Vec<String> = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(path) = value(&line, "--control") {
        return Some(ControlClient::new(Some(Path::new(path))));
    }
    let server = value(&line, "--server").map(str::to_owned).or_else(|| env::var("MOCK_IMDS_SERVER").ok());
    server.map_or_else(|| Some(ControlClient::new(None)), |server| server_called(&server).ok())
}

/// The value of an option on a line. Bash has `=` as a word of its own.
fn value<'a>(line: &'a [String], option: &str) -> Option<&'a str> {
    let index = line.iter().position(|word| word.split('=').next() == Some(option))?;
    let (word, rest) = (&line[index], &line[index + 1..]);
    let next = || rest.iter().find(|word| *word != "=").map(String::as_str);
    word.split_once('=').map(|(_, value)| value).or_else(next).filter(|value| !value.is_empty())
}

/// What the running server answers, if it does at once.
fn ask<T: Send + 'static>(
    question: impl FnOnce(&ControlClient) -> Result<T, Failure> + Send + 'static,
) -> Option<T> {
    files::within(TIME_LIMIT, move || question(&client()?).ok()).flatten()
}

fn starting_with(
    start: &OsStr,
    values: impl IntoIterator<Item = (String, String)>,
) -> Vec<CompletionCandidate> {
    let start = start.to_string_lossy();
    let fitting = values.into_iter().filter(|(value, _)| value.starts_with(&*start));
    fitting
        .map(|(value, help)| CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.into())))
        .collect()
}

/// Profiles of `conform`, and files.
pub(super) fn conformance_profiles(start: &OsStr) -> Vec<CompletionCandidate> {
    let ours = ConformanceProfile::names().map(|name| (name.to_owned(), String::new()));
    let mut candidates = starting_with(start, ours);
    candidates.extend(PathCompleter::any().complete(start));
    candidates
}

/// Groups of `conform`, and its checks.
pub(super) fn conformance_checks(start: &OsStr) -> Vec<CompletionCandidate> {
    let groups =
        CheckGroup::all().iter().map(|group| (group.name().to_owned(), "all of the group".to_owned()));
    let checks = all_checks().into_iter().map(|check| (check.name, check.expected));
    starting_with(start, groups.chain(checks))
}

/// Names of the library, and files.
pub(super) fn scenarios(start: &OsStr) -> Vec<CompletionCandidate> {
    let served = ask(ControlClient::scenarios).map(|library| library.scenarios);
    let served = served.map(|known| known.into_iter().map(|known| (known.name, known.summary)).collect());
    let known: Vec<(String, String)> = served.unwrap_or_else(|| {
        let installed = Library::new(None).list().unwrap_or_default();
        installed.into_iter().map(|known| (known.name, known.summary)).collect()
    });
    starting_with(start, known).into_iter().chain(PathCompleter::file().complete(start)).collect()
}

/// Names of the library in the program.
pub(super) fn library(start: &OsStr) -> Vec<CompletionCandidate> {
    let known = Library::new(None).list().unwrap_or_default();
    starting_with(start, known.into_iter().map(|known| (known.name, known.summary)))
}

/// Names of `[instances]`.
pub(super) fn instances(start: &OsStr) -> Vec<CompletionCandidate> {
    let instances = ask(ControlClient::status).map(|status| status.instances).unwrap_or_default();
    starting_with(start, instances.into_iter().filter_map(|instance| Some((instance.name?, instance.id))))
}

/// What `--server` calls the servers that run.
pub(super) fn servers(start: &OsStr) -> Vec<CompletionCandidate> {
    starting_with(start, files::within(TIME_LIMIT, server_names).unwrap_or_default())
}

/// Names of faults.
pub(super) fn faults(start: &OsStr) -> Vec<CompletionCandidate> {
    let faults = ask(ControlClient::faults).unwrap_or_default();
    starting_with(start, faults.into_iter().map(|fault| (fault.name, fault.what)))
}

/// Paths that the service lists, a segment at a time.
pub(super) fn paths(start: &OsStr) -> Vec<CompletionCandidate> {
    let text = start.to_string_lossy();
    let directory = text.rfind('/').map_or("", |slash| &text[..=slash]).to_owned();
    let asked = directory.clone();
    let listing = ask(move |client| client.show(&asked, None)).filter(|shown| shown.status == 200);
    let body = listing.and_then(|shown| shown.content.into_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let entries = body.lines().map(|line| (format!("{directory}{}", segment(line)), String::new()));
    starting_with(start, entries)
}

/// The same, and at their begin the endpoints of containers that are served.
pub(super) fn shown_paths(start: &OsStr) -> Vec<CompletionCandidate> {
    let mut candidates = paths(start);
    if !start.to_string_lossy().contains('/') {
        let instances = ask(ControlClient::status).map(|status| status.instances).unwrap_or_default();
        let of_endpoint = |service: Service, is_served: bool| {
            is_served.then(|| (format!("{}/", service.name()), String::new()))
        };
        let endpoints = [
            of_endpoint(Service::Ecs, instances.iter().any(|instance| instance.task.is_some())),
            of_endpoint(Service::PodIdentity, instances.iter().any(|instance| instance.pod.is_some())),
        ];
        candidates.extend(starting_with(start, endpoints.into_iter().flatten()));
    }
    candidates
}

/// A key is listed as `0=name`, and found at `0/`.
fn segment(line: &str) -> String {
    match line.split_once('=') {
        Some((number, _)) => format!("{number}/"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_groups_and_profiles_of_conform_are_completed() {
        let all = |found: Vec<CompletionCandidate>| -> Vec<String> {
            found.iter().map(|found| found.get_value().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(
            all(conformance_checks(OsStr::new("token-ttl-no"))),
            ["token-ttl-no-number", "token-ttl-not-without-token"]
        );
        assert_eq!(all(conformance_checks(OsStr::new("ident"))), ["identity"]);
        assert!(all(conformance_profiles(OsStr::new("ae"))).contains(&"aemm".to_owned()));
    }

    #[test]
    fn a_server_is_chosen_in_each_form_of_an_option() {
        for (line, expected) in [
            ("-- mock-imds fault --server 1339 remove ", Some("1339")),
            ("-- mock-imds fault --server=node-1 remove ", Some("node-1")),
            ("-- mock-imds fault --server = 1339 remove ", Some("1339")),
            ("-- mock-imds fault remove ", None),
            ("-- mock-imds fault --server ", None),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(value(&words, "--server"), expected, "{line}");
        }
    }

    #[test]
    fn candidates_begin_with_what_is_typed_and_have_the_help_that_there_is() {
        let values = [("ami-id", ""), ("ami-launch-index", "a number"), ("mac", "")];
        let values = values.map(|(value, help)| (value.to_owned(), help.to_owned()));
        let found: Vec<(String, Option<String>)> = starting_with(OsStr::new("ami-"), values)
            .iter()
            .map(|candidate| {
                let help = candidate.get_help().map(ToString::to_string);
                (candidate.get_value().to_string_lossy().into_owned(), help)
            })
            .collect();
        assert_eq!(
            found,
            [("ami-id".to_owned(), None), ("ami-launch-index".to_owned(), Some("a number".to_owned()))]
        );
    }

    #[test]
    fn names_of_the_library_are_completed() {
        let names: Vec<_> = library(OsStr::new("tokens-"))
            .iter()
            .map(|candidate| candidate.get_value().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["tokens-required", "tokens-rollout"]);
        assert!(library(OsStr::new("nothing-like-it")).is_empty());
    }

    #[test]
    fn a_listed_key_is_completed_to_its_directory() {
        assert_eq!(segment("0=my-key"), "0/");
        assert_eq!(segment("placement/"), "placement/");
        assert_eq!(segment("ami-id"), "ami-id");
    }
}
