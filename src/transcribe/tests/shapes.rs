//! Files of several shapes: what they are taken for, and what becomes of their names.

use serde_json::{Value, json};

use crate::transcribe::SecretsPolicy;
use crate::transcribe::observations::Observations;
use crate::transcribe::shapes::{self, Certainty, Reading, Unread};

pub(super) const ID: &str = "i-0123456789abcdef0";

pub(super) fn read(document: &Value) -> Result<Reading, Unread> {
    shapes::read_json(vec![document.clone()], SecretsPolicy { credentials: false, user_data: true })
}

pub(super) fn kept(document: &Value) -> Observations {
    read(document).unwrap_or_else(|why| panic!("{why:?}: {document}")).observations
}

#[track_caller]
fn says(observations: &Observations, note: &str) {
    let notes = &observations.notes;
    assert!(notes.iter().any(|found| found == note), "expected {note:?} in {notes:#?}");
}

#[test]
fn settings_of_the_other_mock_are_told_from_metadata() {
    for settings in [
        json!({"server": {"port": "1338"}}),
        json!({"server": {"hostname": "0.0.0.0"}}),
        json!({"spot": {"action": "stop"}}),
        json!({"events": {"code": "instance-reboot"}}),
        json!({"imdsv2": false}),
        json!({"metadata": {"values": {}}}),
        json!({"userdata": {"paths": {}}}),
    ] {
        assert!(matches!(read(&settings), Err(Unread::Aemm)), "{settings}");
        let mut metadata = settings.clone();
        metadata["meta-data"] = json!({"instance-id": ID});
        assert!(!matches!(read(&metadata), Err(Unread::Aemm)), "{metadata}");
    }
    assert!(matches!(read(&json!({"server": {"name": "x"}})), Err(Unread::Other(_))));
}

#[test]
fn a_document_has_an_id_and_an_account_a_region_or_an_image() {
    for (document, is_one) in [
        (json!({"instanceId": ID, "accountId": "111122223333"}), true),
        (json!({"document": {"instanceId": ID, "region": "eu-west-1"}}), true),
        (json!({"instanceId": ID}), false),
        (json!({"accountId": "111122223333", "region": "eu-west-1"}), false),
    ] {
        assert_eq!(read(&document).is_ok(), is_one, "{document}");
    }
}

#[test]
fn a_tree_begins_at_the_names_of_a_service() {
    let metadata = json!({"instance-id": ID});
    for (document, version) in [
        (json!({"meta-data": metadata}), Some("latest")),
        (json!({"latest": {"meta-data": metadata}}), Some("latest")),
        (json!({"2021-03-23": {"meta-data": metadata}}), Some("2021-03-23")),
        (json!({"1.0": {"meta-data": metadata}}), Some("1.0")),
        (json!({"2021-03-23": {"meta-data": metadata}, "latest": {"meta-data": metadata}}), Some("latest")),
        (json!({"latest": {"metadata": {"own": "x"}}}), Some("latest")),
        (json!({"latest": {"user-data": "#!/bin/sh"}}), Some("latest")),
        (json!({"dynamic": {"fws": {"instance-monitoring": "enabled"}}}), Some("latest")),
        (json!({"dynamic": {"instance-identity": {"pkcs7": "x"}}}), Some("latest")),
        (json!({"metadata": metadata}), Some("latest")),
        // Others have such names, too.
        (json!({"metadata": {"name": "x"}, "kind": "Pod"}), None),
        (json!({"dynamic": {"name": "x"}}), None),
        (json!({"user-data": "#!/bin/sh"}), None),
        (json!({"user-data": {"a": "b"}}), None),
        (json!({"2021x03x23": {"meta-data": metadata}}), None),
        (json!({"2021-03-2x": {"meta-data": metadata}}), None),
        (json!({"2.0": {"meta-data": metadata}}), None),
        (json!({"latest": {"other": {"instance-id": ID}}}), None),
    ] {
        let found = read(&document).ok().map(|reading| reading.observations.version);
        assert_eq!(found.as_deref(), version, "{document}");
    }
}

#[test]
fn one_leaf_of_the_metadata_is_a_guess_and_two_are_not() {
    for (document, certainty) in [
        (json!({"instance-id": ID}), Certainty::Guess),
        (json!({"instance-id": ID, "ami-id": "ami-0123456789abcdef0"}), Certainty::Likely),
        (json!({"meta-data": {"instance-id": ID}}), Certainty::Certain),
    ] {
        assert_eq!(read(&document).map(|reading| reading.certainty).ok(), Some(certainty), "{document}");
    }
}

#[test]
fn names_that_are_no_path_are_left_out() {
    let seen = kept(&json!({
        "/latest/meta-data/instance-id": ID,
        "latest/meta-data/": "instance-id",
        "/latest/dynamic/": "fws/",
        "/latest/meta-data//ami-id": "ami-0123456789abcdef0",
        "meta-data/mac/": "06:00:00:00:00:01",
        "/latest/user-data": "#!/bin/sh",
        "dynamic": "fws/",
        "other/thing": "x",
    }));
    for name in
        ["latest/meta-data/", "/latest/dynamic/", "/latest/meta-data//ami-id", "dynamic", "other/thing"]
    {
        let found = seen.account.left_out.get(&vec![name.to_owned()]).map(String::as_str);
        assert_eq!(found, Some("no path of a service"), "{name}");
    }
    assert_eq!(seen.text("meta-data/mac"), Some("06:00:00:00:00:01"));
    assert_eq!(seen.text("user-data"), Some("#!/bin/sh"));
    assert!(!seen.has("meta-data//ami-id") && !seen.has("meta-data/ami-id"));
}

#[test]
fn underscores_are_hyphens_where_a_name_is_not_the_users_own() {
    let metadata = json!({
        "instance_id": ID,
        "ami_launch_index": 3,
        "new_thing": "x",
        "tags": {"instance": {"Cost_Center": "7", "userdata": "a tag"}},
    });
    let of_cloud_init = kept(&json!({"ds": {"meta_data": metadata}}));
    let of_tree = kept(&json!({"meta-data": metadata}));
    for seen in [&of_cloud_init, &of_tree] {
        assert_eq!(seen.text("meta-data/ami-launch-index"), Some("3"));
        assert_eq!(seen.text("meta-data/tags/instance/Cost_Center"), Some("7"));
        assert_eq!(seen.text("meta-data/tags/instance/userdata"), Some("a tag"));
    }
    // What cloud-init writes has no hyphens at all.
    assert_eq!(of_cloud_init.text("meta-data/new-thing"), Some("x"));
    assert_eq!(of_tree.text("meta-data/new_thing"), Some("x"));
}

#[test]
fn two_spellings_of_a_name_are_one() {
    let seen = kept(&json!({"meta-data": {
        "instance-id": ID, "instance_id": ID,
        "ami-id": "ami-0123456789abcdef0", "ami_id": "ami-0fedcba9876543210",
    }}));
    let name = |leaf: &str| vec!["meta-data".to_owned(), leaf.to_owned()];
    assert_eq!(seen.account.of(&name("instance_id")), Some(Ok("meta-data/instance-id")));
    says(&seen, "meta-data/ami-id: there twice; the spelling with hyphens counts");
    assert_eq!(seen.text("meta-data/ami-id"), Some("ami-0123456789abcdef0"));
    assert!(!seen.notes.iter().any(|note| note.starts_with("meta-data/instance-id")), "{:?}", seen.notes);
}

#[test]
fn user_data_among_the_leaves_is_user_data() {
    let seen = kept(&json!({"meta-data": {"instance-id": ID, "userdata": "#!/bin/sh"}}));
    assert_eq!(seen.text("user-data"), Some("#!/bin/sh"));
    assert!(!seen.has("meta-data/userdata"));
}

#[test]
fn what_is_empty_is_said_where_ec2_has_nothing_empty() {
    let seen = kept(&json!({"meta-data": {
        "instance-id": ID, "kernel-id": "", "ami-id": [], "public-hostname": "", "user-data": "",
        "tags": {"instance": {"Name": ""}},
    }}));
    says(&seen, "meta-data/kernel-id: is empty, and stays so; EC2 has 404 rather than an empty value");
    says(&seen, "meta-data/ami-id: an empty list is no value of a service");
    let empty = seen.notes.iter().filter(|note| note.contains("is empty")).count();
    assert_eq!((empty, seen.knows("meta-data/ami-id")), (1, false), "{:?}", seen.notes);
}

#[test]
fn public_keys_are_told_from_the_list_of_their_names() {
    let seen = |keys: Value| kept(&json!({"meta-data": {"instance-id": ID, "public-keys": keys}}));
    let (names, no_key) =
        ("meta-data/public-keys: names without keys", "meta-data/public-keys: no public key");
    let listing = seen(json!("0=me\n1=you"));
    says(&listing, names);
    assert!(!listing.knows("meta-data/public-keys"));
    says(&seen(json!("ssh-rsa AAAA me")), no_key);
    let digit = seen(json!({"0": {"openssh-key": "7"}}));
    says(&digit, "meta-data/public-keys/0/openssh-key: no public key");
    assert!(!digit.notes.iter().any(|note| note == names), "{:?}", digit.notes);
    let key = seen(json!({"0": {"openssh-key": ["ssh-rsa AAAA me"]}}));
    assert_eq!(key.text("meta-data/public-keys/0/openssh-key"), Some("ssh-rsa AAAA me\n"));
    let none = seen(json!({"0": []}));
    assert!(none.notes.iter().any(|note| note.ends_with(": no public key")), "{:?}", none.notes);
}

#[test]
fn what_is_below_the_roles_is_the_answer_of_a_role() {
    let seen = |roles: Value| {
        kept(&json!({"meta-data": {"instance-id": ID, "iam": {"security-credentials": roles}}}))
    };
    let web = seen(json!({"web": {"Code": "Success"}}));
    assert_eq!(web.role.map(|role| role.name).as_deref(), Some("web"));
    for (name, answer) in [("web", json!(["x"])), ("no name", json!({"Code": "Success"}))] {
        let other = seen(json!({name: answer}));
        says(&other, &format!("meta-data/iam/security-credentials/{name}: no answer of a role"));
        assert!(other.role.is_none(), "{name}");
    }
}

#[test]
fn several_documents_are_named_by_their_numbers() {
    let (metadata, other) = (
        json!({"meta-data": {"instance-id": ID}, "mine": 1}),
        json!({"instanceId": ID, "accountId": "111122223333"}),
    );
    let both = shapes::read_json(vec![metadata.clone(), other.clone()], SecretsPolicy::default());
    let both = both.expect("both are of an instance");
    let name = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        both.observations.account.of(&name(&["document 1", "mine"])),
        Some(Err("no path of a service"))
    );
    assert!(both.evidence.contains(", and "), "{}", both.evidence);
    // Of the tree it is known what is not there, whatever comes first.
    let swapped = shapes::read_json(vec![other, metadata.clone()], SecretsPolicy::default());
    let swapped = swapped.expect("both are of an instance").observations;
    let selected = "what the file does not say: the values of the built-in instance are in its place";
    for observations in [&both.observations, &swapped] {
        assert!(!observations.notes.iter().any(|note| note == selected), "{:?}", observations.notes);
    }
    let alone = kept(&metadata);
    assert_eq!(alone.account.of(&name(&["mine"])), Some(Err("no path of a service")));
}

#[test]
fn a_file_is_a_selection_if_three_leaves_are_missing_that_all_have() {
    const ALL: [&str; 8] = [
        "ami-id",
        "ami-launch-index",
        "hostname",
        "instance-id",
        "instance-type",
        "local-hostname",
        "reservation-id",
        "security-groups",
    ];
    for (missing, is_selection) in [(0, false), (2, false), (3, true), (5, true)] {
        let leaves = ALL.iter().rev().skip(missing).map(|leaf| ((*leaf).to_owned(), json!("x")));
        let document = json!({"meta-data": leaves.collect::<serde_json::Map<_, _>>()});
        assert_eq!(kept(&document).partial, is_selection, "{missing} are missing");
    }
}

#[test]
fn cloud_init_keeps_no_user_data_unless_it_does() {
    let note = "user data: cloud-init does not keep it in this file";
    let without = kept(&json!({"ds": {"meta_data": {"instance_id": ID}}}));
    says(&without, note);
    assert!(!without.knows("user-data"));
    let with = kept(&json!({"ds": {"meta_data": {"instance_id": ID}, "user_data": "#!/bin/sh"}}));
    assert!(!with.notes.iter().any(|found| found == note) && with.has("user-data"), "{:?}", with.notes);
    let old = kept(&json!({"ds": {"instance-id": ID, "_own": "x", "dynamic": {"own": "x"}}}));
    assert!(!old.has("meta-data/_own") && !old.has("meta-data/-own") && !old.has("meta-data/dynamic"));
}

#[test]
fn names_that_no_request_reaches_are_left_out() {
    let seen = kept(&json!({"meta-data": {
        "instance-id": ID, "..": "x", "tags/./a": "x", "tags//b": "x", "": "x", "ami-id/": "ami-0123456789abcdef0",
    }}));
    for name in ["..", "tags/./a", "tags//b", ""] {
        says(&seen, &format!("meta-data/{name}: no path that a request reaches"));
    }
    assert_eq!(seen.text("meta-data/ami-id"), Some("ami-0123456789abcdef0"));
}

#[test]
fn user_data_lies_beside_bare_leaves() {
    let seen = kept(&json!({"instance-id": ID, "user_data": "#!/bin/sh"}));
    assert_eq!((seen.text("user-data"), seen.text("meta-data/instance-id")), (Some("#!/bin/sh"), Some(ID)));
    assert!(!seen.has("meta-data/user_data") && !seen.has("meta-data/user-data"));
}
