//! Files that a shell made of a service, served again, answer as the service did.

use std::cell::RefCell;
use std::collections::BTreeSet;

use mock_imds::transcribe::dump::{self, DumpFiles};
use support::{Client, PureService, library};

use crate::aemm::AEMM;
use crate::service::{ALL, RERUN, Values, again, differences, same_but_for_the_time, values, written};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// How somebody's script names files.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Habit {
    /// `latest/…`, a listing as `index.html` in its directory, as wget does below the host's name.
    Wget,
    /// `meta-data/…` itself, no listings, `0=name` in paths.
    Within,
    /// `echo "$(curl …)" > file`: every file ends in a newline, and none has two.
    Echo,
}

/// Files as a script would leave them. `0=name` is what a listing says, `0` what the path is.
fn files(values: &Values, habit: Habit) -> DumpFiles {
    let mut files = DumpFiles::new();
    let names: BTreeSet<(String, String)> = values
        .get("/latest/meta-data/public-keys/")
        .map(|(_, listing)| String::from_utf8_lossy(listing).into_owned())
        .unwrap_or_default()
        .lines()
        .filter_map(|line| Some((line.split_once('=')?.0.to_owned(), line.to_owned())))
        .collect();
    for (path, (_, body)) in values.iter().filter(|(path, _)| fits_a_file_system(path, values, habit)) {
        let mut segments: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
        let mut body = body.clone();
        if path.ends_with('/') {
            if habit != Habit::Wget {
                continue;
            }
            segments.push("index.html".into());
        }
        match habit {
            Habit::Wget => segments.insert(0, "169.254.169.254".into()),
            Habit::Within => {
                if segments.get(1).is_none_or(|top| top != "meta-data") {
                    continue;
                }
                segments.drain(..2);
                if let [keys, number, ..] = segments.as_mut_slice()
                    && keys == "public-keys"
                    && let Some((_, line)) = names.iter().find(|(known, _)| known == number)
                {
                    line.clone_into(number);
                }
            }
            Habit::Echo => {
                while body.ends_with(b"\n") {
                    body.pop();
                }
                body.push(b'\n');
            }
        }
        files.insert(segments, body);
    }
    files
}

/// A path of aemm may be a value and a directory. wget removes the file for the directory; a shell that has the file
/// cannot make the directory.
fn fits_a_file_system(path: &str, values: &Values, habit: Habit) -> bool {
    let below_a_value = path.match_indices('/').any(|(at, _)| values.contains_key(&path[..at]));
    if habit == Habit::Wget { !values.contains_key(&format!("{path}/")) } else { !below_a_value }
}

/// Where a dump of aemm, served again, differs, and why. A dump has no headers, so it does not tell the profile: its
/// listings and bodies have a form of their own, but whether times move and what JSON is sent as is lost, and without
/// them it would be no service of that kind. So it becomes an instance of EC2's that has these values.
const OF_AEMM: [(&str, &str); 13] = [
    ("/latest/", "EC2's listings have no newline at the end"),
    ("/latest/dynamic/", "EC2's listings have no newline at the end"),
    ("/latest/meta-data/", "EC2's listings have no newline at the end"),
    ("/latest/dynamic/instance-identity/pkcs7", "as in every dump, our own signs the document"),
    ("/latest/dynamic/instance-identity/signature", "as in every dump, our own signs the document"),
    ("/latest/meta-data/elastic-inference/", "a path is a directory or a value"),
    ("/latest/meta-data/elastic-inference/associations", "a path is a directory or a value"),
    ("/latest/meta-data/elastic-inference/associations/", "no file below a file"),
    (
        "/latest/meta-data/elastic-inference/associations/eia-bfa21c7904f64a82a21b9f4540169ce1",
        "no file below a file",
    ),
    ("/latest/meta-data/iam/", "a path is a directory or a value"),
    ("/latest/meta-data/iam/security-credentials", "a path is a directory or a value"),
    (
        "/latest/meta-data/iam/security-credentials/baskinc-role",
        "no file below a file: generated ones are served instead",
    ),
    ("/latest/meta-data/public-keys/", "EC2 lists the names of keys"),
];

/// What a dump of this kind cannot tell.
fn excepted(habit: Habit, path: &str, one: &[u8], other: &[u8]) -> bool {
    let monitoring = || path == "/latest/dynamic/fws/instance-monitoring";
    match habit {
        // Keys that are said do not say when they came.
        _ if path.starts_with(ROLES) => same_but_for_the_time(one, other),
        Habit::Wget => false,
        // It begins below user data and the identity document, which has the launch time and the account.
        Habit::Within => {
            path == "/latest/user-data"
                || path == "/latest/"
                || path.starts_with("/latest/dynamic/instance-identity/")
                || monitoring()
        }
        // A shell drops the newlines at the end of user data, and echo adds one; and without listings a key has no name.
        Habit::Echo => {
            (path == "/latest/user-data" && one.trim_ascii_end() == other.trim_ascii_end())
                || path == "/latest/meta-data/public-keys/"
        }
    }
}

/// Compares all paths but these; what of them differs is returned.
fn survives(
    what: &str,
    service: &mut PureService,
    habit: Habit,
    differing: &[(&'static str, &str)],
) -> BTreeSet<&'static str> {
    let expected = values(service, Client::HOST);
    let seen = dump::read(&files(&expected, habit), ALL).expect("it is a dump");
    let transcript = written(seen, service);
    let mut found = again(&transcript, service);
    let differed = RefCell::new(BTreeSet::new());
    let differences = differences(&expected, &values(&mut found, Client::HOST), |path, one, other| {
        let known = differing.iter().find(|(known, _)| *known == path);
        differed.borrow_mut().extend(known.map(|(path, _)| *path));
        known.is_some() || excepted(habit, path, one, other)
    });
    assert!(
        differences.is_empty(),
        "{what} dumped as {habit:?}:\n{}\nof\n{}\n{RERUN}",
        differences.join("\n"),
        transcript.text
    );
    assert!(!transcript.text.contains("aemm"), "{}\n{RERUN}", transcript.text);
    differed.into_inner()
}

#[test]
fn dumps_of_every_shipped_scenario_survive() {
    for (name, file) in library() {
        // What goes wrong on purpose keeps a script from making a dump.
        if !["hanging-credentials", "slow-and-flaky", "throttled"].contains(&name.as_str()) {
            for habit in [Habit::Wget, Habit::Within, Habit::Echo] {
                if name != AEMM {
                    survives(&name, &mut PureService::read(&file), habit, &[]);
                }
            }
        }
    }
}

#[test]
fn a_dump_of_aemm_becomes_an_instance_with_its_values() {
    let (_, file) = library().into_iter().find(|(name, _)| name == AEMM).expect("it is shipped");
    let habits = [Habit::Wget, Habit::Within, Habit::Echo];
    let differed: BTreeSet<_> = habits
        .iter()
        .flat_map(|habit| survives(AEMM, &mut PureService::read(&file), *habit, &OF_AEMM))
        .collect();
    let listed: BTreeSet<_> = OF_AEMM.iter().map(|(path, _)| *path).collect();
    assert_eq!(differed, listed, "paths that the table says differ, and do not\n{RERUN}");
}

#[test]
fn dumps_of_instances_that_have_everything_survive() {
    for file in
        ["tests/golden/multi-interface.toml", "tests/golden/nothing.toml", "tests/golden/ipv6-only.toml"]
    {
        for habit in [Habit::Wget, Habit::Within, Habit::Echo] {
            let path = support::sources().join(file);
            survives(file, &mut PureService::read(&path), habit, &[]);
        }
    }
    for file in ["tests/golden/everything.toml", "tests/clients/scenarios/instance.toml"] {
        let path = support::sources().join(file);
        survives(file, &mut PureService::read(&path), Habit::Wget, &[]);
    }
}
