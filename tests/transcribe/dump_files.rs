//! What single files of a dump mean, and which are refused.

use mock_imds::transcribe::dump::{self};
use mock_imds::transcribe::{Observations, SecretsPolicy};
use support::PureService;

use crate::service::{RERUN, written};

const NOT_FOUND: &[u8] = b"<html><head><title>404 - Not Found</title></head><body></body></html>";

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

/// It has the form of a name, and nobody may see it.
#[test]
fn the_id_of_a_key_is_no_name_of_a_role() {
    let id = format!("AKIAIOSFODNN7{}", "REALKEY");
    let file = ("latest/meta-data/iam/security-credentials", id.as_bytes());
    let seen = of(&[("latest/meta-data/instance-id", b"i-0123456789abcdef0"), file]).expect("it is a dump");
    let transcript = written(seen, &PureService::new(""));
    assert!(!format!("{transcript:?}").contains(&id), "{}\n{RERUN}", transcript.text);
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
