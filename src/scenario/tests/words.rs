//! Words that a scenario may have, and what is told to who misspells them.

use std::path::Path;

use super::{accepted, problems};
use crate::config::SourceText;
use crate::model::{EventEffect, InstanceFact, Override, Profile, Scenario, UserDataChange};
use crate::scenario::{Library, is_override_path, read};

#[test]
fn overrides_are_of_paths_below_the_version_and_of_any_under_aemm() {
    // The path, whether it is one under EC2's profile, and under amazon-ec2-metadata-mock's.
    let cases = [
        ("meta-data/a", true, true),
        ("/latest/meta-data/a/", true, true),
        ("/meta-data/a", true, true),
        ("dynamic/x", true, true),
        ("user-data", true, true),
        ("", false, false),
        ("/", false, false),
        ("x", false, false),
        ("elsewhere/ami-id", false, false),
        ("meta-data//a", false, false),
        ("meta-data/./a", false, false),
        ("meta-data/..", false, false),
        ("meta-data/a\u{1}", false, false),
        ("/elsewhere/ami-id", false, true),
        ("/elsewhere/", false, false),
        ("/latest", false, false),
        ("/latest/api/token", false, false),
        ("/latest/other", false, true),
    ];
    for (path, modern, aemm) in cases {
        assert_eq!(is_override_path(path, Profile::Modern), modern, "{path:?}");
        assert_eq!(is_override_path(path, Profile::Aemm), aemm, "{path:?} under aemm");
    }
    let found = accepted(
        "[http]\nprofile = \"aemm\"\n[metadata]\n\"/elsewhere/x\" = \"\"\n\"/latest/meta-data/a/\" = \"\"\n\
         \"/meta-data/b\" = \"\"\n\"meta-data/c\" = \"\"\n",
    );
    let found: Vec<&String> = found.instance.overrides.keys().collect();
    assert_eq!(found, ["/elsewhere/x", "/meta-data/b", "meta-data/a", "meta-data/c"]);
}

#[test]
fn a_fact_that_one_override_contradicts_is_named_with_its_key() {
    let instance = "[instance]\nami-id = \"ami-1234abcd\"\ninstance-id = \"i-1234abcd\"\ninstance-type = \"t3.micro\"\n\
                    availability-zone = \"eu-west-1b\"\n[[instance.network-interface]]\nmac = \"0e:00:00:00:00:01\"\n\
                    private-ipv4s = [\"10.0.0.7\"]\n";
    for (path, fact, key) in [
        ("meta-data/ami-id", "ami-1234abcd", "ami-id"),
        ("meta-data/instance-id", "i-1234abcd", "instance-id"),
        ("meta-data/instance-type", "t3.micro", "instance-type"),
        ("meta-data/placement/availability-zone", "eu-west-1b", "availability-zone"),
        ("meta-data/placement/region", "eu-west-1", "availability-zone"),
        ("meta-data/local-ipv4", "10.0.0.7", "network-interface"),
        ("meta-data/mac", "0e:00:00:00:00:01", "network-interface"),
    ] {
        let found = problems(&format!("{instance}[metadata]\n\"{path}\" = \"other\"\n"));
        let expected = format!("only {path} changes; other paths and the identity document keep \"{fact}\"");
        assert!(found.contains(&expected), "expected {expected:?}, found:\n{found}");
        let expected = format!("to change all of them, set {key} in [instance]");
        assert!(found.contains(&expected), "expected {expected:?}, found:\n{found}");
        let found = problems(&format!("{instance}[metadata]\n\"{path}\" = \"{fact}\"\n"));
        assert_eq!(found, "", "{path} is what it was");
    }
}

#[test]
fn an_event_removes_user_data_and_takes_no_other_boolean_for_it() {
    let effects =
        |facts: &str| accepted(&format!("[[event]]\nfacts = {{ {facts} }}\n")).events[0].effects.clone();
    let user_data = |data| vec![EventEffect::Fact(InstanceFact::UserData(data))];
    assert_eq!(effects("user-data = false"), user_data(None));
    assert_eq!(effects("user-data = \"x\""), user_data(Some(b"x".to_vec())));
    let found = problems("[[event]]\nclear = \"all\"\nfacts = { user-data = true }\n");
    assert!(found.starts_with("test.toml:3:23: error: event[1].facts.user-data is true"), "{found}");
    assert!(found.contains("or false, which removes it"), "{found}");
}

#[test]
fn an_interface_without_private_addresses_has_no_public_one() {
    let public = |keys: &str| {
        let text = format!("[[instance.network-interface]]\nmac = \"0e:00:00:00:00:01\"\n{keys}");
        accepted(&text).instance.primary().public_ipv4s.clone()
    };
    assert_eq!(public(""), Scenario::default().instance.primary().public_ipv4s);
    assert_eq!(public("").len(), 1);
    assert_eq!(public("private-ipv4s = [\"172.16.34.50\"]\n").len(), 1);
    assert!(public("private-ipv4s = []\nipv6s = [\"2001:db8::7\"]\n").is_empty());
}

#[test]
fn a_stop_and_start_keeps_user_data_unless_it_says_otherwise() {
    let change = |keys: &str| {
        let effects = accepted(&format!("[[event]]\nstop-start = {{ {keys} }}\n")).events[0].effects.clone();
        let [EventEffect::StopStart(stop)] = effects.as_slice() else { panic!("{effects:?}") };
        stop.user_data.clone()
    };
    assert_eq!(change(""), UserDataChange::Keep);
    assert_eq!(change("user-data = false"), UserDataChange::Remove);
    assert_eq!(change("user-data = \"x\""), UserDataChange::Set(b"x".to_vec()));
    let found = problems("[[event]]\nstop-start = { user-data = true }\n");
    assert!(found.contains("error: event[1].stop-start.user-data is true"), "{found}");
}

#[test]
fn an_overrides_value_is_text_a_form_or_false() {
    let value = |value: &str| {
        accepted(&format!("[metadata]\n\"meta-data/x\" = {value}\n")).instance.overrides["meta-data/x"]
            .clone()
    };
    assert_eq!(value("\"y\""), Override::Value(b"y".to_vec().into()));
    assert_eq!(value("{ text = \"y\" }"), Override::Value(b"y".to_vec().into()));
    assert_eq!(value("{ base64 = \"AAE=\" }"), Override::Value(vec![0, 1].into()));
    assert_eq!(value("{ base64 = \"AA\\nE=\" }"), Override::Value(vec![0, 1].into()));
    assert_eq!(value("false"), Override::Removed);
    for (value, expected) in [
        ("1", "metadata.meta-data/x is an integer"),
        ("{}", "metadata.meta-data/x has no form of value"),
        ("{ content-type = \"text/plain\" }", "metadata.meta-data/x has no form of value"),
        ("{ txet = \"y\" }", "unknown key \"txet\""),
        ("{ text = \"y\", base64 = \"\" }", "metadata.meta-data/x has several forms of value"),
        ("{ base64 = \"A*==\" }", "is not base64: it has '*' in it"),
        ("{ base64 = \"AAE\" }", "is not base64: its end is missing"),
        ("{ base64 = \"AAF=\" }", "is not base64: its last character does not fit"),
    ] {
        let found = problems(&format!("[metadata]\n\"meta-data/x\" = {value}\n"));
        assert!(found.contains(expected), "expected {expected:?} of {value}, found:\n{found}");
        assert_eq!(found.matches(": error: ").count(), 1, "{found}");
    }
}

#[test]
fn versions_are_dates_or_the_first_one() {
    let versions = |text: &str| accepted(&format!("[http]\nversions = [\"{text}\"]\n")).http.versions;
    assert_eq!(versions("2021-03-23"), Some(vec!["2021-03-23".to_owned()]));
    assert_eq!(versions("1.0"), Some(vec!["1.0".to_owned()]));
    assert_eq!(versions("latest"), Some(vec![]), "it is served in any case");
    for wrong in
        ["", "1.1", "2021-03-2", "2021-03-233", "2021/03/23", "20a1-03-23", "2021-03-2-", "2021003023"]
    {
        let found = problems(&format!("[http]\nversions = [\"{wrong}\"]\n"));
        assert!(found.contains("\"latest\" is always served"), "of {wrong:?} found:\n{found}");
    }
}

#[test]
fn names_in_paths_and_public_keys_are_checked() {
    for (table, expected) in [
        ("[instance.elastic-gpus]\neg-1 = \"x\"", ""),
        ("[instance.elastic-gpus]\n\"\" = \"x\"", "\"\" cannot be part of a path"),
        ("[instance.elastic-gpus]\n\".\" = \"x\"", "\".\" cannot be part of a path"),
        ("[instance.elastic-gpus]\n\"..\" = \"x\"", "\"..\" cannot be part of a path"),
        ("[instance.elastic-gpus]\n\"a/b\" = \"x\"", "\"a/b\" cannot be part of a path"),
        ("[instance.elastic-gpus]\n\"a\\u0001\" = \"x\"", "cannot be part of a path"),
        ("[instance]\npublic-keys = [{ name = \"me\", key = \"ssh-ed25519 AAAA\" }]", ""),
        ("[instance]\npublic-keys = [{ name = \"me\", key = \"ssh-ed25519 AAAA me@host\" }]", ""),
        (
            "[instance]\npublic-keys = [{ name = \"me\", key = \"AAAA\" }]",
            "is not a public key in OpenSSH's format",
        ),
        ("[instance]\npublic-keys = [{ key = \"ssh-ed25519 AAAA\" }]", "a public key needs name and key"),
    ] {
        let found = problems(&format!("{table}\n"));
        let fits = if expected.is_empty() { found.is_empty() } else { found.contains(expected) };
        assert!(fits, "expected {expected:?} of:\n{table}\nfound:\n{found}");
    }
}

#[test]
fn an_instance_profile_has_a_path_without_slashes_at_its_ends() {
    let read = |profile: &str| problems(&format!("[credentials]\ninstance-profile = \"{profile}\"\n"));
    for good in ["web", "team/web", "a+=,.@_-b"] {
        assert_eq!(read(good), "", "{good}");
    }
    for wrong in ["/web", "web/", "we b", "wäb", "web*"] {
        let found = read(wrong);
        assert!(found.contains("without a slash at the ends"), "of {wrong} found:\n{found}");
    }
}

#[test]
fn a_name_that_is_nearly_one_of_the_library_is_answered_with_it() {
    let library = Library::new(None);
    for (name, expected) in [
        ("defaul", "did you mean \"default\"?"),
        ("defaultxx", "did you mean \"default\"?"),
        ("defaultxxx", "accepted: "),
        ("aemmx", "did you mean \"aemm\"?"),
        ("aemmxx", "did you mean \"aemm\"?"),
        ("aemmxxx", "accepted: "),
    ] {
        let found = library.find(name).expect_err("there is none").to_string();
        assert!(found.contains(expected), "expected {expected:?} for {name}, found:\n{found}");
    }
    let other = library.find("nothing-like-it").expect_err("there is none").to_string();
    assert!(
        other.contains("accepted: a name that `mock-imds use --list` prints; or a file, by a path")
            && other.ends_with("such as ./nothing-like-it"),
        "{other}"
    );
    let missing = Library::new(Some(Path::new("/nonexistent"))).find("default").expect_err("it is empty");
    let missing = missing.to_string();
    assert!(missing.contains("is not a scenario of the library /nonexistent"), "{missing}");
    assert!(
        missing.ends_with("accepted: a path, such as ./scenario.toml; the library is empty"),
        "{missing}"
    );
}

#[test]
fn another_language_is_pointed_at_and_toml_with_a_colon_is_none() {
    for (text, line, column) in [("{\"x\": 1}", 1, 1), ("\n  {\"x\": 1}", 2, 3), ("# a\na-b_c: 1\n", 2, 1)] {
        let report = read(&SourceText::new("f", text), Path::new("")).expect_err("it is no TOML");
        let span = report.problems[0].span.as_ref().expect("it has a place");
        assert_eq!(
            (span.line, span.column, span.end_line, span.end_column),
            (line, column, line, column + 1),
            "of {text:?}, one character"
        );
    }
    for text in ["hostname = \"b: c\"\n", "a:b\n", "a b: c\n", ": c\n", "[a: b]\n"] {
        let found = problems(text);
        assert!(!found.contains("this is YAML"), "of {text:?} found:\n{found}");
    }
}
