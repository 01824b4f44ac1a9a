//! `mock-imds import aemm FILE`: what it prints is a scenario, and what it leaves out is said.

use std::os::unix::fs::PermissionsExt as _;

use support::Sandbox;

const FILE: &str = r#"{
    "imdsv2": true, "mock-delay-sec": 30, "server": { "port": 1400 }, "watch-config-file": true,
    "metadata": { "values": { "ami-id": "ami-1", "nosuch": 1 }, "paths": { "hostname": "/own" } }
}"#;

#[test]
fn a_file_becomes_a_scenario_that_check_accepts() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("c.json", FILE).display().to_string();
    let scenario = sandbox.path("s.toml").display().to_string();
    let imported = sandbox.run(&["import", "aemm", &file, "--exact", "--output", &scenario]);
    assert_eq!((imported.code, imported.stdout.as_str()), (Some(0), ""), "{imported:#?}");
    for sentence in [
        "c.json: metadata.values.nosuch means nothing to amazon-ec2-metadata-mock, and is left out",
        "c.json: server.port is no part of a scenario; use `mock-imds serve --listen ADDR:PORT`",
        "c.json: watch-config-file is no part of a scenario; `mock-imds reload` loads a changed scenario",
    ] {
        assert!(imported.stderr.contains(sentence), "expected {sentence:?}, found {imported:#?}");
    }
    let checked = sandbox.run(&["check", &scenario]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked:#?}");

    let printed = sandbox.run(&["import", "aemm", &file, "--exact"]);
    let written = std::fs::read_to_string(&scenario).expect("it was written");
    assert_eq!(printed.stdout.trim_end(), written.trim_end());

    let server = sandbox.serve(&["--scenario", &scenario]);
    let (status, token) = (server.get("/latest/meta-data/ami-id"), server.token());
    assert_eq!(status.status, 401, "tokens are required: {}", status.raw);
    let request = format!(
        "GET /own HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
    );
    let own = support::http::exchange(server.address, request);
    assert_eq!((own.status, own.body.as_str()), (200, "ip-172-16-34-43.ec2.internal"), "{}", own.raw);
}

#[test]
fn what_holds_user_data_or_credentials_is_for_its_owner_alone() {
    let secret = [
        r#"{"userdata": {"values": {"userdata": "aGVsbG8="}}}"#,
        r#"{"metadata": {"values": {"iam-security-credentials": {"Token": "t"}}}}"#,
    ];
    let plain = ["{}", r#"{"metadata": {"values": {"ami-id": "ami-1"}}}"#];
    for (files, expected) in [(secret, 0o600), (plain, 0o644)] {
        for file in files {
            let sandbox = Sandbox::new();
            let scenario = sandbox.path("s.toml");
            let config = sandbox.write("c.json", file).display().to_string();
            let imported = sandbox.run(&[
                "import",
                "aemm",
                &config,
                "--exact",
                "--with-credentials",
                "--output",
                &scenario.display().to_string(),
            ]);
            assert_eq!(imported.code, Some(0), "{file}\n{imported:#?}");
            let mode = std::fs::metadata(&scenario).expect("it was written").permissions().mode() & 0o777;
            assert_eq!(mode, expected, "the mode of what {file} becomes: {mode:o}");
        }
    }
}

#[test]
fn what_is_no_configuration_is_78() {
    let sandbox = Sandbox::new();
    let of = |name: &str, text: &str| sandbox.write(name, text).display().to_string();
    let cases = [
        (of("a.json", "{"), "a.json: While parsing config: "),
        (of("b.txt", "{}"), "b.txt: Unsupported Config Type \"txt\""),
        (of("c.json", r#"{"spot": {"action": "x"}}"#), "Invalid CLI input \"x\" for flag action."),
        (of("d.json", r#"{"mock-delay-sec": "x"}"#), "* 'mock-delay-sec' must be a whole number of 64 bits"),
        (sandbox.path("none.json").display().to_string(), "none.json: no such file or directory"),
    ];
    for (file, sentence) in cases {
        sandbox.run(&["import", "aemm", &file]).ended(78, &[sentence]);
    }
}
