//! The last value that is accepted, and the first that is not.

use std::path::Path;

use super::{accepted, problems};
use crate::config::{Cancellation, SourceText};
use crate::model::{Profile, Timestamp};
use crate::scenario::{
    NamedFiles, SentFile, SentFiles, USER_DATA_LIMIT, is_override_path, read_unless_cancelled,
};

/// Expects that a text has this in its report, or no problem for "".
fn has_problem(text: &str, expected: &str) {
    let found = problems(text);
    let fits = if expected.is_empty() { found.is_empty() } else { found.contains(expected) };
    let shown: String = text.chars().take(200).collect();
    assert!(fits, "expected the problem {expected:?} of:\n{shown}\nfound:\n{found}");
}

#[test]
fn times_of_credentials_have_their_ends() {
    let short = "credentials.lifetime is less than 15 minutes";
    for (keys, expected) in [
        ("lifetime = \"1s\"", "credentials.lifetime is less than 2 seconds"),
        ("lifetime = \"2s\"", short),
        ("lifetime = \"14m59s\"", short),
        ("lifetime = \"15m\"", ""),
        ("lifetime = \"1h\"\nrefresh = \"0s\"", "credentials.refresh is 0s, the lifetime 1h"),
        ("lifetime = \"1h\"\nrefresh = \"1s\"", ""),
        ("lifetime = \"1h\"\nrefresh = \"59m59s\"", ""),
        ("lifetime = \"1h\"\nrefresh = \"1h\"", "credentials.refresh is 1h, the lifetime 1h"),
        ("lifetime = \"1h\"\nrefresh = \"2h\"", "credentials.refresh is 2h, the lifetime 1h"),
    ] {
        has_problem(&format!("[credentials]\n{keys}\n"), expected);
    }
    for (keys, lifetime, refresh) in [
        ("lifetime = \"2s\"", 2, 1),
        ("lifetime = \"1h\"", 3_600, 600),
        ("lifetime = \"1h\"\nrefresh = \"1s\"", 3_600, 1),
        ("refresh = \"2h\"", 21_600, 7_200),
    ] {
        let credentials = accepted(&format!("[credentials]\n{keys}\n")).instance.credentials.expect("a role");
        let found = (credentials.lifetime.as_secs(), credentials.refresh.as_secs());
        assert_eq!(found, (lifetime, refresh), "of {keys}");
    }
}

#[test]
fn an_event_repeats_once_a_second_at_most() {
    has_problem("[[event]]\nclear = \"all\"\nrepeat = \"1s\"\n", "");
    has_problem("[[event]]\nclear = \"all\"\nrepeat = \"999ms\"\n", "repeat is less than a second");
    has_problem("[[event]]\nclear = \"all\"\nrepeat = \"1h\"\n", "");
}

#[test]
fn a_delay_may_have_one_length_and_no_negative_range() {
    let longer = "min is longer than max";
    for (min, max, expected) in [("3s", "3s", ""), ("3s", "4s", ""), ("4s", "3s", longer)] {
        has_problem(&format!("[propagation]\ntags = {{ min = \"{min}\", max = \"{max}\" }}\n"), expected);
    }
}

#[test]
fn a_scenario_has_256_faults_at_most() {
    let faults = |count: usize| "[[fault]]\npath = \"meta-data/mac\"\nstatus = 404\n".repeat(count);
    has_problem(&faults(256), "");
    has_problem(&faults(257), "257 faults");
    has_problem(&faults(258), "258 faults");
}

#[test]
fn a_path_has_1024_bytes_at_most() {
    let path = |length: usize| format!("meta-data/{}", "x".repeat(length - "meta-data/".len()));
    for (path, expected) in [
        (path(1_023), ""),
        (path(1_024), ""),
        (path(1_025), "accepted: at most 1024 bytes"),
        (path(1_026), "accepted: at most 1024 bytes"),
        ("x".repeat(1_024), "accepted: a path that starts with meta-data"),
        ("x".repeat(1_025), "accepted: at most 1024 bytes"),
    ] {
        has_problem(&format!("[metadata]\n\"{path}\" = \"y\"\n"), expected);
    }
    assert!(is_override_path(&path(1_024), Profile::Modern));
    assert!(!is_override_path(&path(1_025), Profile::Modern));
}

#[test]
fn user_data_has_16_kib_at_most_wherever_it_comes_from() {
    let full = "x".repeat(USER_DATA_LIMIT);
    has_problem(&format!("[instance]\nuser-data = \"{full}\"\n"), "");
    has_problem(&format!("[instance]\nuser-data = \"{full}x\"\n"), "instance.user-data has 16385 bytes\n");
    let report = |content: SentFile| {
        let files = SentFiles::from([("data".to_owned(), content)]);
        let source = SourceText::new("test.toml", "[instance]\nuser-data = { file = \"data\" }\n");
        let files = NamedFiles::sent(Path::new("/sender"), &files);
        let now = Timestamp::from_secs(1_000);
        match read_unless_cancelled(&source, &files, now, &Cancellation::default()) {
            Ok((scenario, report)) => {
                assert_eq!(scenario.instance.user_data.map(|data| data.len()), Some(USER_DATA_LIMIT));
                report.to_string()
            }
            Err(report) => report.to_string(),
        }
    };
    let sent = |length: usize| SentFile::Content(vec![b'x'; length]);
    assert_eq!(report(sent(USER_DATA_LIMIT)), "");
    for (file, expected) in [
        (sent(USER_DATA_LIMIT + 1), "/sender/data has more than 16384 bytes"),
        (sent(USER_DATA_LIMIT + 2), "/sender/data has more than 16384 bytes"),
        (
            SentFile::Unread("cannot be read: it is locked".to_owned()),
            "/sender/data cannot be read: it is locked",
        ),
    ] {
        let found = report(file);
        assert!(found.contains(expected), "expected {expected:?}, found:\n{found}");
    }
}

#[test]
fn an_unknown_instance_is_answered_with_twenty_others() {
    let instances = |count: usize| {
        let each = (0..count).map(|n| format!("[instances.n{n:02}]\nnodes = [\"n{n}\"]\n"));
        each.collect::<Vec<_>>().concat()
    };
    let order = "[[event]]\nclear = \"all\"\ninstance = \"x\"\n";
    for (count, expected) in [
        (0, "accepted: none, there is no [instances.NAME]"),
        (1, "accepted: n00"),
        (20, "n18, n19"),
        (21, "n18, n19, 1 more"),
        (25, "n18, n19, 5 more"),
    ] {
        let found = problems(&format!("{}{order}", instances(count)));
        assert!(found.ends_with(expected), "expected {expected:?} of {count} instances, found:\n{found}");
    }
}

/// What a file says of it, and the number in it.
fn inherited_bytes(text: &str) -> usize {
    let found = problems(text);
    let bytes = found.split_once("that inherit ").and_then(|(_, rest)| rest.split(' ').next());
    bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or_else(|| panic!("expected too many, found:\n{found}"))
}

fn named(count: usize) -> String {
    (0..count).map(|n| format!("[instances.n{n}]\nnodes = [\"n{n}\"]\n")).collect::<Vec<_>>().concat()
}

#[test]
fn instances_inherit_64_mib_of_facts_at_most() {
    let with = |tag: usize, user_data: usize, count: usize| {
        let [tag, user_data] = [tag, user_data].map(|length| "x".repeat(length));
        let options = "[metadata-options]\ninstance-metadata-tags = \"enabled\"\n";
        format!(
            "{options}[instance]\nuser-data = \"{user_data}\"\n[instance.tags]\nt = \"{tag}\"\n{}",
            named(count)
        )
    };
    let mib = 1 << 20;
    let facts = inherited_bytes(&with(mib, 1_000, 64)) - mib;
    assert_eq!(inherited_bytes(&with(mib, 2_000, 64)), mib + facts + 1_000, "each byte of user data is one");
    let overrides = "[metadata]\n\"meta-data/x\" = \"y\"\n";
    let text = format!("{overrides}{}", with(mib, 1_000, 64));
    assert_eq!(inherited_bytes(&text), mib + facts, "overrides are shared");
    has_problem(&with(mib - facts, 1_000, 64), "");
    assert_eq!(inherited_bytes(&with(mib - facts, 1_000, 65)), mib);
    assert_eq!(inherited_bytes(&with(mib - facts + 1, 1_000, 64)), mib + 1);
}

#[test]
fn instances_copy_64_mib_of_overrides_at_most() {
    // With its path of 896 bytes each is one of 1 KiB.
    let long = "/xxxxxxxx".repeat(98);
    let overrides: Vec<String> = (0..1_024).map(|n| format!("\"meta-data/{n:04}{long}\" = \"\"\n")).collect();
    let overrides = overrides.concat();
    let with = |own: usize| {
        let own: Vec<String> = (0..own)
            .map(|n| {
                format!("[instances.o{n}]\nnodes = [\"o{n}\"]\nmetadata = {{ \"meta-data/own\" = \"\" }}\n")
            })
            .collect();
        let own = own.concat();
        format!("[http]\nprofile = \"aemm\"\n[metadata]\n{overrides}{}{own}", named(40))
    };
    assert_eq!("meta-data/0000".len() + 9 * 98, 896);
    has_problem(&with(64), "");
    assert_eq!(inherited_bytes(&with(65)), 1 << 20);
}
