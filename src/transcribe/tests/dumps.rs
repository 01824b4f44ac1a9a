//! What a dump and what cloud-init kept say of paths that are not in them.

use crate::transcribe::observations::Observations;
use crate::transcribe::{SecretsPolicy, dump, shapes};

fn dumped(files: &[(&str, &str)]) -> Observations {
    let path = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let files = files.iter().map(|(name, body)| (path(name), body.as_bytes().to_vec())).collect();
    dump::read(&files, SecretsPolicy::default()).expect("it is a dump")
}

#[test]
fn a_dump_begins_at_a_version_or_below() {
    for (file, version) in [
        ("latest/meta-data/instance-id", "latest"),
        ("1.0/meta-data/instance-id", "1.0"),
        ("2021-01-03/meta-data/instance-id", "2021-01-03"),
        ("of/host-7/latest/meta-data/instance-id", "latest"),
        // No versions, but directories that somebody made.
        ("2021-01-0x/meta-data/instance-id", "latest"),
        ("20210103/meta-data/instance-id", "latest"),
        ("host/meta-data/instance-id", "latest"),
        ("2.0/meta-data/instance-id", "latest"),
        ("meta-data/instance-id", "latest"),
        ("instance-id", "latest"),
    ] {
        let observations = dumped(&[(file, "i-0123456789abcdef0")]);
        assert_eq!(observations.version, version, "{file}");
        assert!(observations.has("meta-data/instance-id"), "{file}");
    }
}

#[test]
fn a_public_key_is_a_type_and_a_key() {
    let key = "ssh-ed25519 AAAA me";
    let has = |file: &str, text: &str| {
        let seen = dumped(&[("meta-data/instance-id", "i-0123456789abcdef0"), (file, text)]);
        seen.text("meta-data/public-keys/0/openssh-key").map(str::to_owned)
    };
    let with_newline = Some(format!("{key}\n"));
    assert_eq!(has("meta-data/public-keys/0/openssh-key", key), with_newline);
    assert_eq!(has("meta-data/public-keys/0=me", key), with_newline);
    assert_eq!(has("meta-data/public-keys/0/openssh-key", "notakey"), None);
    assert_eq!(has("meta-data/public-keys/0/fingerprint", "MD5 aa:bb"), None);
}

#[test]
fn user_data_may_be_missing_from_a_dump_that_begins_at_a_version() {
    let id = ("latest/meta-data/instance-id", "i-0123456789abcdef0");
    let document = ("latest/dynamic/instance-identity/document", "{}");
    let notes = |files: &[(&str, &str)]| dumped(files).notes;
    let taken = "user-data: not in the dump; taken to be none";
    assert!(notes(&[id, document]).iter().any(|note| note == taken), "{:?}", notes(&[id, document]));
    let alone = notes(&[id]);
    assert!(alone.iter().any(|note| note == "user-data: not in the dump"), "{alone:?}");
    assert!(!alone.iter().any(|note| note == taken), "it is unknown, not none: {alone:?}");
    let there = notes(&[id, document, ("latest/user-data", "#!/bin/sh")]);
    assert!(!there.iter().any(|note| note.starts_with("user-data")), "{there:?}");
}

#[test]
fn names_of_public_keys_are_numbered_where_there_are_some() {
    let note = |keys: &str| {
        let json = format!(
            r#"{{"ds": {{"meta_data": {{"instance_id": "i-0123456789abcdef0", "public_keys": {keys}}}}}}}"#
        );
        let json = serde_json::from_str(&json).expect("it is JSON");
        let seen = shapes::read_json(vec![json], SecretsPolicy::default())
            .expect("it is an instance's")
            .observations;
        seen.notes.iter().any(|note| note.starts_with("the numbers of public keys"))
    };
    assert!(!note(r#"{"a": ["ssh-rsa A a"]}"#));
    assert!(note(r#"{"a": ["ssh-rsa A a"], "b": ["ssh-rsa B b"]}"#));
    assert!(note(r#"{"a": ["ssh-rsa A a"], "b": ["ssh-rsa B b"], "c": ["ssh-rsa C c"]}"#));
}

#[test]
fn files_beside_the_tree_are_named_and_those_in_it_are_not() {
    let notes = dumped(&[
        ("host/latest/meta-data/instance-id", "i-0123456789abcdef0"),
        ("host/README", "mine"),
        ("other/latest.txt", "mine"),
    ])
    .notes;
    let note = "host.README, other.latest.txt: outside of the tree that is read";
    assert!(notes.iter().any(|found| found == note), "expected {note:?} in {notes:?}");
}

#[test]
fn a_dump_of_one_top_knows_nothing_of_the_others() {
    let seen = dumped(&[("latest/dynamic/instance-identity/document", "{}")]);
    assert!(!seen.knows("meta-data") && seen.knows("dynamic"), "{:?}", seen.notes);
    assert!(seen.notes.iter().any(|note| note == "meta-data: not in the dump"), "{:?}", seen.notes);
    let other = dumped(&[("latest/meta-data/instance-id", "i-0123456789abcdef0")]);
    assert!(!other.knows("dynamic"), "{:?}", other.notes);
}

#[test]
fn user_data_may_lie_in_a_directory_of_its_own() {
    let id = ("latest/meta-data/instance-id", "i-0123456789abcdef0");
    let seen = dumped(&[id, ("latest/user-data/index.html", "password")]);
    assert!(seen.has("user-data") && !seen.has("user-data/index.html"), "{:?}", seen.notes);
    // A directory of values has a listing there.
    let listed = dumped(&[id, ("latest/meta-data/index.html", "instance-id")]);
    assert_eq!(listed.text("meta-data/instance-id"), Some("i-0123456789abcdef0"));
}

#[test]
fn what_a_walk_never_finds_is_unknown_unless_it_is_there() {
    let id = ("latest/meta-data/instance-id", "i-0123456789abcdef0");
    let monitoring = ("latest/dynamic/fws/instance-monitoring", "disabled");
    assert!(!dumped(&[id]).knows("dynamic/fws/instance-monitoring"));
    assert!(dumped(&[id, monitoring]).knows("dynamic/fws/instance-monitoring"));
    let document = ("latest/dynamic/instance-identity/document", "{}");
    let notes = dumped(&[id, document, ("latest/README", "mine")]).notes;
    assert!(
        notes.iter().any(|note| note.starts_with("user-data: not in the dump")),
        "no listing says so: {notes:?}"
    );
    let listed = dumped(&[id, document, ("latest/index.html", "dynamic\nmeta-data")]).notes;
    assert!(!listed.iter().any(|note| note.starts_with("user-data")), "the listing says so: {listed:?}");
}

#[test]
fn an_error_page_is_one_by_its_form_and_its_title() {
    let is_value = |text: &str| {
        let seen = dumped(&[
            ("meta-data/instance-id", "i-0123456789abcdef0"),
            ("meta-data/tags/instance/Page", text),
        ]);
        seen.text("meta-data/tags/instance/Page").is_some()
    };
    for page in ["<html><title>404 - Not Found</title></html>", "\n <html><title>503 x</title>"] {
        assert!(!is_value(page), "{page}");
    }
    for value in [
        "echo '<title>404 - Not Found</title>'",
        "<html><title>200 OK</title></html>",
        "<html><title>4 of 5</title></html>",
        "<html><title>4040 x</title></html>",
        "<html>404</html>",
    ] {
        assert!(is_value(value), "{value}");
    }
}

fn kept(json: &serde_json::Value) -> Observations {
    let policy = SecretsPolicy { credentials: false, user_data: true };
    shapes::read_json(vec![json.clone()], policy).expect("it is an instance's").observations
}

#[test]
fn a_selection_of_paths_without_a_role_says_that_the_instance_has_none() {
    let says_so = |seen: &Observations| {
        seen.notes.iter().any(|note| note == "a role: there is none in it, so the instance has none")
    };
    let id = "i-0123456789abcdef0";
    let (without, with) = (
        serde_json::json!({ "meta-data": { "instance-id": id } }),
        serde_json::json!({ "meta-data": { "instance-id": id, "iam": { "info": { "Code": "Success" } } } }),
    );
    assert!(says_so(&kept(&without)) && !says_so(&kept(&with)), "{:?}", kept(&without).notes);
    let file = ("meta-data/instance-id", id);
    let dumps = [dumped(&[file]), dumped(&[file, ("meta-data/iam/info", "{}")])];
    assert_eq!(dumps.each_ref().map(says_so), [true, false], "{:?}", dumps[0].notes);
}

#[test]
fn user_data_beside_the_metadata_of_cloud_init_is_no_leaf_of_it() {
    let flat = serde_json::json!({ "ds": {
        "instance_id": "i-0123456789abcdef0",
        "user-data": "#!/bin/sh",
        "tags": { "instance": { "user-data": "a tag" } },
    } });
    let seen = kept(&flat);
    assert!(!seen.has("meta-data/user-data"));
    assert_eq!(seen.text("user-data"), Some("#!/bin/sh"));
    assert_eq!(seen.text("meta-data/tags/instance/user-data"), Some("a tag"));
}

#[test]
fn what_is_no_value_is_said_by_its_kind() {
    let json = serde_json::json!({ "ds": { "meta_data": {
        "instance_id": "i-0123456789abcdef0", "ami_id": null, "mac": [1], "profile": true,
    } } });
    let seen = kept(&json);
    for note in [
        "meta-data/ami-id: null is no value of a service",
        "meta-data/mac: a list of other things than lines is no value of a service",
    ] {
        assert!(seen.notes.iter().any(|found| found == note), "expected {note:?} in {:?}", seen.notes);
    }
    assert_eq!(seen.text("meta-data/profile"), Some("true"));
    assert!(!seen.knows("meta-data/ami-id"));
}
