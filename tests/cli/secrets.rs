//! What must not get out: keys and user data, by a status, an answer, a report, a log, a file or a core dump.

use std::path::Path;

use nix::sys::signal::Signal;
use support::host::mode;
use support::{Sandbox, ServerProcess, program};

const SECRET: &str = "hunter2";

#[test]
fn an_order_with_a_secret_shows_it_to_nobody() {
    let sandbox = Sandbox::new();
    let runtime = sandbox.path("run");
    let server = sandbox.serve_with(&["--log-level", "debug"], |command| {
        command.env("RUNTIME_DIRECTORY", &runtime);
    });
    let keys = r#"{"AccessKeyId": "AKIAIOSFODNN7REALKEY", "SecretAccessKey": "hunter2"}"#;
    let mut shown = Vec::new();
    for (path, value) in [
        ("meta-data/iam/security-credentials/dev-role", keys),
        ("meta-data/identity-credentials/ec2/security-credentials/ec2-instance", "hunter2"),
        ("user-data", "password: hunter2"),
        ("meta-data/elsewhere", keys),
    ] {
        let set = sandbox.control(&["set", path, value]);
        assert_eq!(set.code, Some(0), "{set:#?}");
        let json = sandbox.control(&["set", path, value, "--json"]);
        assert!(json.stdout.contains("(redacted)"), "{path}: {json:#?}");
        shown.extend([set, json]);
        // It is served all the same, to those who may have it.
        let found = sandbox.control(&["show", path]);
        assert_eq!(found.text(), value, "{path}");
    }
    for command in [&["status"][..], &["status", "--json"], &["requests"], &["requests", "--json"]] {
        shown.push(sandbox.control(command));
    }
    // A mistake beside the secret is reported without it.
    shown.push(sandbox.control(&[
        "set",
        "meta-data/iam/security-credentials/dev-role",
        keys,
        "--at",
        "hunter",
    ]));
    let status = &sandbox.control(&["status", "--json"]).stdout;
    assert!(status.contains("(redacted)"), "{status}");
    assert_eq!(
        mode(&runtime.join("state.json")),
        0o600,
        "the mode of state.json, which has what was ordered"
    );
    let stopped = server.stop();
    for outcome in shown.iter().chain([&stopped]) {
        assert!(!format!("{outcome:#?}").contains(SECRET), "expected no {SECRET:?} in {outcome:#?}");
    }
}

#[test]
fn a_process_that_is_aborted_writes_no_core_dump() {
    let sandbox = Sandbox::new();
    let words = sandbox.serve_arguments().join(" ");
    let line = format!("ulimit -c unlimited 2>&-; exec '{}' {words}", program().display());
    let server = ServerProcess::start(sandbox.prepared(Path::new("sh"), &["-c", &line]), sandbox.directory());
    server.signal(Signal::SIGABRT);
    let ended = server.wait();
    assert_eq!((ended.code, ended.dumped_core), (None, false), "exit code and core dump of {ended:#?}");
}
