//! Files that a shell made of a service, served again, answer as the service did.

use std::cell::RefCell;
use std::collections::BTreeSet;

use mock_imds::transcribe::dump::{self, DumpFiles};
use mock_imds::transcribe::{Observations, SecretsPolicy};

use crate::aemm::AEMM;
use crate::service::{ALL, RERUN, Values, again, differences, same_but_for_the_time, values, written};
use support::{Client, PureService, library};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const NOT_FOUND: &[u8] = b"<html><head><title>404 - Not Found</title></head><body></body></html>";

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
    stage: &mut PureService,
    habit: Habit,
    differing: &[(&'static str, &str)],
) -> BTreeSet<&'static str> {
    let expected = values(stage, Client::HOST);
    let seen = dump::read(&files(&expected, habit), ALL).expect("it is a dump");
    let transcript = written(seen, stage);
    let mut found = again(&transcript, stage);
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

/// A dump of these files, below `latest/`.
fn of(files: &[(&str, &[u8])]) -> Result<Observations, &'static str> {
    let path = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let files = files.iter().map(|(name, body)| (path(name), body.to_vec())).collect();
    dump::read(&files, SecretsPolicy::default())
}

#[track_caller]
fn text_of(files: &[(&str, &[u8])]) -> String {
    written(of(files).expect("it is a dump"), &PureService::new("")).text
}

#[test]
fn what_a_file_is_not_is_said() {
    let seen = of(&[
        ("latest/meta-data/instance-id", b"i-0123456789abcdef0"),
        ("latest/meta-data/spot", NOT_FOUND),
        ("latest/meta-data/placement", b"availability-zone\nregion/"),
        ("latest/meta-data/public-keys/0=me", NOT_FOUND),
        ("latest/meta-data/public-keys/x", b"y"),
        ("latest/README", b"mine"),
    ])
    .expect("it is a dump");
    for note in [
        "meta-data/spot: the file is a page that says 404 - Not Found, not a value",
        "meta-data/placement: the file is a directory's listing; what it lists is not in the dump",
        "meta-data/public-keys/x: no public key",
        "README: no path of a service",
        "dynamic: not in the dump",
    ] {
        assert!(
            seen.notes.iter().any(|found| found == note),
            "expected {note:?}, found {:#?}\n{RERUN}",
            seen.notes
        );
    }
    assert!(!seen.knows("meta-data/placement/region") && !seen.knows("user-data"));
}

#[test]
fn public_keys_are_found_wherever_scripts_leave_them() {
    let id: (&str, &[u8]) = ("latest/meta-data/instance-id", b"i-0123456789abcdef0");
    let key: &[u8] = b"ssh-ed25519 AAAA me";
    for more in [
        &[("latest/meta-data/public-keys/0=my, key", key)][..],
        &[("latest/meta-data/public-keys/0=my, key/openssh-key", key)],
        &[
            ("latest/meta-data/public-keys/0/openssh-key", b"ssh-ed25519 AAAA me\n"),
            ("latest/meta-data/public-keys/index", b"0=my, key"),
        ],
        // Without a listing the key's own comment has to do.
        &[("latest/meta-data/public-keys/0/openssh-key", b"ssh-ed25519 AAAA me")],
    ] {
        let text = text_of(&[&[id], more].concat());
        let name = if more.len() == 1 && more[0].0.contains("/0/") { "me" } else { "my, key" };
        let expected =
            format!("[[instance.public-keys]]\nname = \"{name}\"\nkey = \"ssh-ed25519 AAAA me\"\n");
        assert!(text.contains(&expected), "expected {expected:?} of {more:?}, found\n{text}\n{RERUN}");
    }
}

#[test]
fn a_tag_may_be_called_as_a_listing_is() {
    let text = text_of(&[
        ("latest/meta-data/instance-id", b"i-0123456789abcdef0"),
        ("latest/meta-data/tags/instance/index", b"a tag"),
        ("latest/meta-data/tags/instance/index.html", b"Name\nindex"),
        ("latest/meta-data/tags/instance/Name", b"box"),
    ]);
    let expected = "[instance.tags]\nName = \"box\"\nindex = \"a tag\"\n";
    assert!(text.contains(expected), "expected {expected:?}, found\n{text}\n{RERUN}");
}

#[test]
fn the_newest_version_counts_and_newer_categories_are_not_missed() {
    let text = text_of(&[
        ("2009-04-04/meta-data/instance-id", b"i-00000000000000009"),
        ("2011-01-01/meta-data/instance-id", b"i-00000000000000011"),
        ("2011-01-01/meta-data/ami-id", b"ami-00000000000000011"),
        ("2011-01-01/dynamic/instance-identity/document", b"{}"),
    ]);
    assert!(text.contains("instance-id = \"i-00000000000000011\""), "{text}\n{RERUN}");
    for newer in
        ["meta-data/events", "meta-data/services", "meta-data/iam", "dynamic/instance-identity/rsa2048"]
    {
        assert!(
            !text.contains(&format!("\"{newer}\" = false")),
            "{newer} was not there in 2011\n{text}\n{RERUN}"
        );
    }
}

/// wget asks with a slash at the end, and then a value lies in a directory of its own.
#[test]
fn values_may_lie_in_directories_of_their_own() {
    let seen = of(&[
        ("latest/meta-data/instance-id/index.html", b"i-0123456789abcdef0"),
        ("latest/meta-data/placement/index.html", b"availability-zone"),
        ("latest/meta-data/placement/availability-zone/index.html", b"eu-west-1c"),
        ("latest/user-data/index.html", b"instance-id\nindex.html\npassword: hunter2"),
    ])
    .expect("it is a dump");
    assert!(!format!("{seen:?}").contains("hunter2"), "expected no user data, found {seen:?}\n{RERUN}");
    let text = written(seen, &PureService::new("")).text;
    for line in [
        "instance-id = \"i-0123456789abcdef0\"",
        "availability-zone = \"eu-west-1c\"",
        "# - user data (40 bytes, sha256",
    ] {
        assert!(text.contains(line), "expected {line:?}, found\n{text}\n{RERUN}");
    }
    assert!(!text.contains("hunter2") && !text.contains("index.html"), "{text}\n{RERUN}");
}

#[test]
fn user_data_beside_an_instance_id_is_user_data() {
    let seen = of(&[("x/instance-id", b"i-0123456789abcdef0"), ("x/user-data", b"password: hunter2")]);
    let seen = seen.expect("it is a dump");
    assert!(!format!("{seen:?}").contains("hunter2"), "expected no user data, found {seen:?}\n{RERUN}");
    assert!(
        text_of(&[("x/instance-id", b"i-0123456789abcdef0"), ("x/user-data", b"hunter2")])
            .contains("user data (7 bytes")
    );
}

#[test]
fn keys_in_the_place_of_a_list_of_roles_are_no_names() {
    let keys: &[u8] =
        b"{\n  \"Code\" : \"Success\",\n  \"SecretAccessKey\" : \"hunter2\",\n\"Token\"\n:\nhunter2\n}";
    for (file, more) in [
        ("latest/meta-data/iam/security-credentials", "latest/meta-data/of-tomorrow"),
        (
            "latest/meta-data/iam/security-credentials/index.html",
            "latest/meta-data/iam/security-credentials/}",
        ),
    ] {
        let seen =
            of(&[("latest/meta-data/instance-id", b"i-0123456789abcdef0"), (file, keys), (more, b"x")]);
        let seen = seen.expect("it is a dump");
        assert!(
            !format!("{seen:?}").contains("hunter2"),
            "expected no key of {file}, found {seen:?}\n{RERUN}"
        );
        let note = "meta-data/iam/security-credentials: the file is no list of roles; left out";
        assert!(
            seen.notes.iter().any(|found| found == note),
            "expected {note:?}, found {:?}\n{RERUN}",
            seen.notes
        );
        let transcript = written(seen, &PureService::new(""));
        assert!(!format!("{transcript:?}").contains("hunter2"), "{}\n{RERUN}", transcript.text);
    }
}

#[test]
fn user_data_that_is_not_there_is_said_unless_a_listing_says_so() {
    let id: (&str, &[u8]) = ("latest/meta-data/instance-id", b"i-0123456789abcdef0");
    let document: (&str, &[u8]) = ("latest/dynamic/instance-identity/document", b"{}");
    for (listing, said) in [(&[][..], true), (&[("latest/index.html", &b"dynamic\nmeta-data"[..])], false)] {
        let seen = of(&[&[id, document], listing].concat()).expect("it is a dump");
        let note = "user-data: not in the dump; taken to be none";
        assert_eq!(
            seen.notes.iter().any(|found| found == note),
            said,
            "of {listing:?}: {:?}\n{RERUN}",
            seen.notes
        );
    }
}

#[test]
fn what_is_no_dump_is_refused() {
    for files in [&[][..], &[("a/b", &b"c"[..])], &[("latest/x", b"y")]] {
        let refused = of(files).expect_err("it is no dump");
        assert!(refused.contains("neither latest/ nor meta-data/"), "{refused}\n{RERUN}");
    }
}
