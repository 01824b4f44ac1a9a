//! `mock-imds import aemm FILE`: ten lines of a file become ten lines of facts, which EC2's profile serves.

use support::{Outcome, Sandbox};

/// Keys, facts, and lines that the scenario does not have.
const CASES: [(&str, &[&str], &[&str]); 8] = [
    ("{}", &["# - notices: the file mentions none"], &["[metadata]", "[instance]", "[[event]]", "aemm\"\n"]),
    (
        r#"{"imdsv2": true, "metadata": {"values": {"instance-id": "i-0test123456", "instance-type": "t3.micro", "mac": "06:00:00:00:00:01",
            "local-ipv4": "10.0.1.23", "placement-availability-zone": "eu-west-1b", "tags-instance-name": "web-1"}}}"#,
        &[
            "instance-id = \"i-0test123456\"",
            "other-ids = true",
            "instance-type = \"t3.micro\"",
            "mac = \"06:00:00:00:00:01\"",
            "private-ipv4s = [\"10.0.1.23\"]",
            "availability-zone = \"eu-west-1b\"",
            "Name = \"web-1\"",
            "http-tokens = \"required\"",
        ],
        &["[metadata]\n", "[[event]]"],
    ),
    (
        r#"{"dynamic": {"values": {"instance-identity-document": {"accountId": "0123456789"}}}}"#,
        &["account-id = \"0123456789\"", "other-ids = true"],
        &["[metadata]\n"],
    ),
    (
        r#"{"spot": {"action": "stop"}, "mock-ip-count": 3, "mock-delay-sec": 30}"#,
        &[
            "at = \"start+30s\"\nfirst-n-clients = 3\nspot-interruption = { action = \"stop\", notice = \"2m\", moving = true }",
        ],
        &["[metadata]\n", "target-lifecycle-state"],
    ),
    (
        r#"{"asg-termination-delay-sec": 5}"#,
        &["at = \"start+5s\"\nfirst-n-clients = 2\ntarget-lifecycle-state = \"Terminated\""],
        &["spot-interruption"],
    ),
    (
        r#"{"metadata": {"paths": {"mac-network-interface-card-index": "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/network-card",
            "ami-id": "", "hostname": "/own"}}}"#,
        &[
            "network-card = 0",
            "\"meta-data/ami-id\" = false",
            "hostname at \"/own\": EC2 has no such path; --exact serves it",
        ],
        &["\"/own\" ="],
    ),
    (
        r#"{"metadata": {"values": {"iam-security-credentials-role": "app", "iam-security-credentials": {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "SecretAccessKey": "v/12345678901"}}}}"#,
        &[
            "role = \"app\"",
            "access-key-id = \"ASIAIOSFODNN7EXAMPLE\"",
            "secret-access-key = \"v/12345678901\"",
        ],
        &["http-tokens", "REAL", "2020", "[metadata]\n", "session-token"],
    ),
    (
        r#"{"userdata": {"values": {"userdata": "aGVsbG8="}}, "metadata": {"values": {"nosuch": 1}}}"#,
        &["user-data = \"hello\""],
        &["[metadata]\n"],
    ),
];

fn import(sandbox: &Sandbox, file: &str, more: &[&str]) -> Outcome {
    sandbox.write("c.json", file);
    sandbox.run(&[&["import", "aemm", "c.json"], more].concat())
}

#[test]
fn what_a_file_says_becomes_facts() {
    let sandbox = Sandbox::new();
    for (file, lines, not) in CASES {
        let found = import(&sandbox, file, &[]);
        assert_eq!(found.code, Some(0), "{file}: {found:#?}");
        for line in lines {
            assert!(found.stdout.contains(line), "expected {line:?} of {file}, found\n{}", found.stdout);
        }
        for line in not {
            assert!(!found.stdout.contains(line), "expected no {line:?} of {file}, found\n{}", found.stdout);
        }
        let keys = found.stdout.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count();
        assert!(keys <= 14, "{keys} keys of {file}:\n{}", found.stdout);
        sandbox.write("s.toml", &found.stdout);
        let checked = sandbox.run(&["check", "--strict", "s.toml"]);
        assert_eq!(
            (checked.code, checked.stderr.as_str()),
            (Some(0), ""),
            "{file}: {checked:#?}\n{}",
            found.stdout
        );
    }
}

#[test]
fn a_mode_brings_its_notices_along() {
    let sandbox = Sandbox::new();
    for (mode, events) in [("all", 4), ("spot", 2), ("events", 1), ("asglifecycle", 1)] {
        let found = import(&sandbox, "{}", &["--mode", mode]);
        assert_eq!(found.stdout.matches("[[event]]").count(), events, "{mode}: {found:#?}");
    }
}

#[test]
fn keys_that_may_be_real_need_the_word() {
    let sandbox = Sandbox::new();
    for keys in [
        r#"{"AccessKeyId": "of-no-form", "SecretAccessKey": "hunter2"}"#,
        r#"{"SecretAccessKey": "hunter2", "Token": "hunter2"}"#,
        r#"{"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "Token": "hunter2"}"#,
    ] {
        let file = format!(r#"{{"metadata": {{"values": {{"iam-security-credentials": {keys}}}}}}}"#);
        for exact in [&[][..], &["--exact"]] {
            let found = import(&sandbox, &file, exact);
            let shown = format!("{found:?}");
            assert!(
                found.code == Some(0) && !shown.contains("hunter2") && !shown.contains("of-no-form"),
                "{exact:?} of {file}: {found:#?}"
            );
        }
    }
    let file = r#"{"metadata": {"values": {"iam-security-credentials": {"AccessKeyId": "ASIAIOSFODNN7REALKEY", "SecretAccessKey": "hunter2", "Token": "t"}}}}"#;
    for exact in [&[][..], &["--exact"]] {
        let found = import(&sandbox, file, exact);
        let shown = format!("{found:?}");
        assert!(
            found.code == Some(0) && !shown.contains("REALKEY") && !shown.contains("hunter2"),
            "{exact:?}: {found:#?}"
        );
        let with = import(&sandbox, file, &[exact, &["--with-credentials"]].concat());
        assert!(with.stdout.contains("ASIAIOSFODNN7REALKEY"), "{exact:?}: {with:#?}");
    }
}

#[test]
fn a_file_of_another_kind_names_the_command_for_it() {
    let sandbox = Sandbox::new();
    sandbox.write("id.json", r#"{"ds": {"meta_data": {"instance-id": "i-0123456789abcdef0"}}}"#);
    sandbox
        .run(&["import", "aemm", "id.json"])
        .ended(78, &["it is cloud-init's instance-data.json; `mock-imds import dump id.json` reads it"]);
    sandbox.write("aemm.json", r#"{"imdsv2": true}"#);
    sandbox
        .run(&["import", "dump", "aemm.json"])
        .ended(78, &["`mock-imds import aemm aemm.json` converts it"]);
    sandbox.write("data.json", r#"{"userdata": {"values": {"userdata": "plain text"}}}"#);
    sandbox
        .run(&["import", "aemm", "data.json"])
        .ended(78, &["userdata.values.userdata: illegal base64", "accepted: base64"]);
}

#[test]
fn import_finds_out_what_it_is_given() {
    let sandbox = Sandbox::new();
    sandbox.write("id.json", r#"{"ds": {"meta_data": {"instance-id": "i-0123456789abcdef0"}}}"#);
    sandbox.write("aemm.json", r#"{"metadata": {"values": {"instance-id": "i-0123456789abcdef0"}}}"#);
    sandbox.write("aemm.yaml", "metadata:\n  values:\n    instance-id: i-0123456789abcdef0\n");
    std::fs::create_dir(sandbox.path("dir")).expect("it can be made");
    sandbox.write("dir/instance-id", "i-0123456789abcdef0");
    sandbox.write("aemm-config.json", "{}");
    sandbox.run(&["import", "aemm-config.json"]).ended(0, &["notices: the file mentions none"]);
    for name in ["id.json", "aemm.json", "aemm.yaml", "dir"] {
        let found = sandbox.run(&["import", name]);
        assert!(
            found.code == Some(0) && found.stdout.contains("instance-id = \"i-0123456789abcdef0\""),
            "{name}: {found:#?}"
        );
    }
    let said = sandbox.run(&["import", "id.json"]).stderr;
    assert!(
        said.starts_with("id.json is read as cloud-init's instance-data.json, certain: its key ds\n"),
        "{said}"
    );
    for (name, option, sentence) in [
        (
            "id.json",
            "--exact",
            "--exact does not go with id.json: it is cloud-init's instance-data.json; leave",
        ),
        ("dir", "--mode=spot", "--mode does not go with dir: it is a directory"),
        (
            "aemm.json",
            "--with-user-data",
            "--with-user-data does not go with aemm.json: it is a configuration of",
        ),
    ] {
        sandbox.run(&["import", name, option]).ended(64, &[sentence]);
    }
    sandbox.write("s.toml", "[instance]\n");
    sandbox.run(&["import", "s.toml"]).ended(78, &["a .toml file is a scenario"]);
    sandbox.run(&["import"]).ended(64, &["Usage"]);
    sandbox.run(&["import", "none.json"]).ended(69, &["none.json cannot be read"]);
}

#[test]
fn expired_keys_are_said() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "old.json",
        r#"{"instance-id": "i-0123456789abcdef0", "iam": {"security-credentials": {"web": {"Code": "Success", "LastUpdated": "2022-08-08T04:26:10Z",
            "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret", "Token": "token", "Expiration": "2022-08-08T11:00:36Z"}}}}"#,
    );
    let found = sandbox.run(&["import", "old.json", "--with-credentials"]);
    let note = "valid credentials: those in it expired at 2022-08-08T11:00:36Z";
    assert!(
        found.code == Some(0) && found.stderr.contains(note) && found.stdout.contains(note),
        "{found:#?}"
    );
}
