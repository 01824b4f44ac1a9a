//! Keys from files and processes, as programs meet them. Requests never wait, and secrets never reach a log.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use support::{Sandbox, ServerProcess, eventually, http};

const ROLE: &str = "/latest/meta-data/iam/security-credentials/dev-role";

fn keys(id: &str) -> String {
    format!(
        r#"{{"Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "s3cret-of-{id}", "SessionToken": "t0ken",
            "Expiration": "2099-01-01T00:00:00Z"}}"#
    )
}

/// Status and body of a path, asked with a token: real credentials need one.
fn ask(server: &ServerProcess, path: &str) -> (u16, String) {
    let token = server.token();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n");
    let response = http::exchange(server.address, request);
    (response.status, response.body)
}

fn until(server: &ServerProcess, expected: &str) -> String {
    eventually(&format!("{expected:?} at {ROLE}"), || {
        let (_, body) = ask(server, ROLE);
        body.contains(expected).then_some(body)
    })
}

fn program(sandbox: &Sandbox, script: &str) -> PathBuf {
    let path = sandbox.write("helper", format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    path
}

fn process_scenario(sandbox: &Sandbox, script: &str) {
    let path = program(sandbox, script);
    let text =
        format!("[credentials]\nsource = \"process\"\ncommand = [\"{}\", \"an argument\"]\n", path.display());
    sandbox.write("s.toml", text);
}

#[test]
fn a_file_is_served_and_read_again_when_it_changes() {
    let sandbox = Sandbox::new();
    sandbox.write("keys.json", keys("ASIAONE"));
    sandbox.write("s.toml", "[credentials]\nsource = \"file\"\nfile = \"keys.json\"\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    assert_eq!(server.get(ROLE).status, 401, "real credentials without a token");
    let body = until(&server, "ASIAONE");
    assert!(body.contains("\"Expiration\" : \"2099-01-01T00:00:00Z\""), "{body}");
    let new = sandbox.write("new.json", keys("ASIATWO"));
    fs::rename(new, sandbox.path("keys.json")).expect("the directory is ours");
    until(&server, "ASIATWO");
    sandbox.write("keys.json", "s3cret, not JSON");
    server.says("no new credentials, the previous ones stay in use");
    eventually("a status that says so", || {
        let status = sandbox.control(&["status"]).stdout;
        let line = status.lines().find(|line| line.starts_with("credentials "))?;
        (line.contains(", expire in ") && line.contains("; FAILED ") && line.contains("holds no JSON object"))
            .then_some(())
    });
    assert!(ask(&server, ROLE).1.contains("ASIATWO"), "valid keys stay");
    let log = server.stop().stderr;
    assert!(!log.contains("s3cret") && !log.contains("t0ken"), "a secret in the log:\n{log}");
}

#[test]
fn keys_that_have_expired_are_said_to_have() {
    let sandbox = Sandbox::new();
    sandbox.write("keys.json", keys("ASIAOLD").replace("2099", "2020"));
    sandbox.write("s.toml", "[credentials]\nsource = \"file\"\nfile = \"keys.json\"\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    server.says("new credentials until 2020-01-01T00:00:00Z");
    eventually("a status that says so", || {
        let status = sandbox.control(&["status"]).stdout;
        let line = status.lines().find(|line| line.starts_with("credentials "))?;
        let parts = [", expired ", " days ago; FAILED ", " days ago: the keys have expired"];
        parts.iter().all(|part| line.contains(part)).then_some(())
    });
}

#[test]
fn a_process_prints_the_keys_and_knows_not_to_ask_us() {
    let sandbox = Sandbox::new();
    let reply = keys("ASIA$AWS_EC2_METADATA_DISABLED").replace('"', "\\\"");
    process_scenario(&sandbox, &format!("[ \"$1\" = \"an argument\" ] && echo \"{reply}\"; echo s3cret >&2"));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    until(&server, "ASIAtrue");
    let log = server.stop().stderr;
    assert!(!log.contains("s3cret"), "a secret in the log:\n{log}");
}

#[test]
fn requests_do_not_wait_for_a_slow_process() {
    let sandbox = Sandbox::new();
    process_scenario(
        &sandbox,
        &format!("while [ ! -e go ]; do sleep 0.01; done; echo '{}'", keys("ASIASLOW")),
    );
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    assert_eq!(ask(&server, ROLE).0, 404, "before the first keys");
    assert_eq!(ask(&server, "/latest/meta-data/instance-id").0, 200);
    sandbox.write("go", "");
    until(&server, "ASIASLOW");
}

#[test]
fn a_process_that_fails_is_a_code_and_a_sentence() {
    let sandbox = Sandbox::new();
    process_scenario(&sandbox, "exit 3");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let body = until(&server, "\"Code\" : \"Failed\"");
    assert!(!body.contains("AccessKeyId"), "{body}");
    let why = "failed with exit status: 3; run it by hand as the service's user to see why";
    server.says(why);
    let status = sandbox.control(&["status"]).stdout;
    let line = status.lines().find(|line| line.starts_with("credentials ")).unwrap_or_default();
    assert!(line.contains("helper, none; FAILED ") && line.ends_with(why), "{status}");
    sandbox.write("s.toml", "");
    assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    assert!(server.get(ROLE).body.contains("EXAMPLE"), "generated keys after the reload");
}
