//! Observations: what is kept of answers, and what is read from them.

use super::super::known_paths::ROLES;
use super::*;
use crate::model::Profile;

#[test]
fn secrets_that_nobody_asked_for_never_get_in() {
    let mut observations = Observations::new("latest", SecretsPolicy::default());
    let keys = br#"{"Code": "Success", "AccessKeyId": "AKIDSECRET", "SecretAccessKey": "SECRET", "Token": "SECRET"}"#;
    for path in [
        "meta-data/iam/security-credentials/role",
        "meta-data/iam/security-credentials-extended/role",
        "meta-data/identity-credentials/ec2/security-credentials/ec2-instance",
        "meta-data/elsewhere/keys",
    ] {
        observations.add_value(path, keys.to_vec());
    }
    observations.add_value("user-data", b"password: SECRET".to_vec());
    observations.add_value("dynamic/instance-identity/rsa2048", b"SECRET".to_vec());
    // Bytes are shown as numbers.
    assert!(observations.values.is_empty(), "found a value in {observations:?}");
    assert!(!format!("{observations:?}").contains("SECRET"), "found a secret in {observations:?}");
    assert!(observations.has("meta-data/iam") && observations.has("user-data"));
    assert_eq!(
        observations.notes,
        ["meta-data/elsewhere/keys: holds credentials where EC2 has none; left out"]
    );
    assert_eq!(
        observations.user_data_digest.as_deref(),
        Some("16 bytes, sha256 5702225e59f3ba800d2178a4e87e8b54402f30874812c9ee9db909a3fdc4168a")
    );
}

#[test]
fn keys_that_were_taken_apart_are_left_out_as_a_whole() {
    let mut observations = Observations::new("latest", SecretsPolicy::default());
    for (path, text) in [
        ("meta-data/ami-id", "ami-0123456789abcdef0"),
        ("meta-data/iam/credentials/AccessKeyId", "AKID"),
        ("meta-data/iam/credentials/SecretAccessKey", "SECRET"),
        ("meta-data/iam/credentials/Token", "SECRET"),
        ("meta-data/iam/credentials/other/deeper", "SECRET"),
        ("meta-data/secret_access_key", "SECRET"),
        ("meta-data/session_token", "SECRET"),
        ("meta-data/tags/instance/Name", "web-1"),
        ("meta-data/tags/instance/aws-secret-access-key", "SECRET"),
        ("meta-data/tags/instance/Token", "SECRET"),
        ("meta-data/elsewhere", "export AWS_SECRET_ACCESS_KEY=SECRET"),
        ("meta-data/iam/security-credentials/web/SecretAccessKey", "SECRET"),
    ] {
        observations.add_value(path, text.into());
        observations.account.taken.insert(vec![path.to_owned()], path.to_owned());
    }
    observations.leave_out_split_keys();
    let shown = format!("{observations:?}");
    assert!(!shown.contains("SECRET") && !shown.contains("AKID"), "found a secret in {observations:?}");
    let kept: Vec<&str> = observations.values.keys().map(String::as_str).collect();
    assert_eq!(kept, ["meta-data/ami-id", "meta-data/tags/instance/Name"]);
    let left_out = &observations.account.left_out[&vec!["meta-data/iam/credentials/Token".to_owned()]];
    assert!(observations.notes.contains(left_out), "expected {left_out:?}, found {:?}", observations.notes);
    assert_eq!(observations.role.map(|role| role.name).as_deref(), Some("web"));
}

#[test]
fn user_data_is_a_secret_wherever_a_dump_has_it() {
    for path in ["user-data", "user-data/index.html", "user-data/1/2", "meta-data/user-data"] {
        let mut observations = Observations::new("latest", SecretsPolicy::default());
        observations.add_value(path, b"password: hunter2".to_vec());
        assert!(
            !format!("{observations:?}").contains("hunter2"),
            "expected nothing of {path}, found {observations:?}"
        );
        assert!(!observations.holds_user_data() && observations.user_data_digest.is_some(), "{path}");
        let mut kept = Observations::new("latest", SecretsPolicy { user_data: true, credentials: false });
        kept.add_value(path, b"password: hunter2".to_vec());
        assert!(kept.holds_user_data(), "{path}");
    }
}

#[test]
fn a_second_role_does_not_hide_that_keys_were_kept() {
    let keys = br#"{"Code": "Success", "AccessKeyId": "AKID", "SecretAccessKey": "KEY", "Token": "T"}"#;
    let of = |roles: [(&str, &[u8]); 2]| {
        let mut observations =
            Observations::new("latest", SecretsPolicy { credentials: true, user_data: false });
        for (role, answer) in roles {
            observations.add_value(&format!("{ROLES}/{role}"), answer.to_vec());
        }
        (observations.has_real_keys, observations.role.expect("there is one").name)
    };
    let failed: &[u8] = br#"{"Code": "Failed"}"#;
    assert_eq!(of([("real", keys), ("other", failed)]), (true, "real".into()));
    assert_eq!(of([("other", failed), ("real", keys)]), (true, "real".into()));
    assert_eq!(of([("one", failed), ("other", failed)]), (false, "other".into()));
}

/// The listing names a role that answers then.
#[test]
fn a_role_is_said_to_be_left_out_only_if_it_is_another_one() {
    let answer = br#"{"Code": "Success"}"#;
    let notes = |profile, answering: &[&str]| {
        let mut observations = Observations::new("latest", SecretsPolicy::default());
        observations.traits.http.profile = profile;
        observations.add_role("web");
        for role in answering {
            observations.add_value(&format!("{ROLES}/{role}"), answer.to_vec());
        }
        observations.notes
    };
    assert_eq!(notes(Profile::Modern, &["web"]), [""; 0]);
    let both = ["the role web: an instance has one role, other"];
    assert_eq!(notes(Profile::Modern, &["web", "other"]), both);
    assert_eq!(notes(Profile::Aemm, &["web", "other"]), [""; 0], "there each path is a value of its own");
}

#[test]
fn notes_are_one_line_of_visible_text() {
    let mut observations = Observations::new("latest", SecretsPolicy::default());
    observations.add_note("a\n\u{1b}[2Jb");
    observations.add_note("a\n\u{1b}[2Jb");
    assert_eq!(observations.notes, ["a\u{fffd}\u{fffd}[2Jb"]);
}

#[test]
fn notes_are_not_longer_than_a_person_reads() {
    let mut observations = Observations::new("latest", SecretsPolicy::default());
    observations.add_note("ä".repeat(1 << 20));
    assert_eq!(observations.notes, ["ä".repeat(MAX_NOTE_CHARS) + "…"]);
    assert_eq!(clip(&"ä".repeat(101)), "ä".repeat(100) + "…");
    assert_eq!(clip("short"), "short");
}

#[test]
fn what_is_there_what_is_not_and_what_nobody_knows_are_three_things() {
    let mut observations = Observations::new("latest", SecretsPolicy::default());
    observations.add_value("meta-data/placement/region", b"eu-west-1".to_vec());
    observations.add_unknown("dynamic/fws");
    for (path, there, knows, lacks) in [
        ("meta-data", true, true, false),
        ("meta-data/placement/region", true, true, false),
        ("meta-data/place", false, true, true),
        ("dynamic", false, true, false),
        ("dynamic/fws/instance-monitoring", false, false, false),
    ] {
        assert_eq!(
            (observations.has(path), observations.knows(path), observations.lacks(path)),
            (there, knows, lacks),
            "{path}"
        );
    }
    assert_eq!(
        observations.below("meta-data/placement").map(|(rest, _)| rest).collect::<Vec<_>>(),
        ["region"]
    );
}

#[test]
fn the_name_of_a_role_is_a_value_of_the_other_mock_and_a_key_is_none() {
    let mut observations = Observations::new("latest", SecretsPolicy::default());
    observations.traits.http.profile = Profile::Aemm;
    observations.add_value(ROLES, b"web".to_vec());
    observations.add_value("meta-data/secret-access-key", b"SECRET".to_vec());
    let kept: Vec<&str> = observations.values.keys().map(String::as_str).collect();
    assert_eq!((kept, observations.text(ROLES)), (vec![ROLES], Some("web")));
}
