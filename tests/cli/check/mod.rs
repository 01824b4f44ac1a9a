//! `mock-imds check`, and what may be wrong with a file. `serve` and `reload` read by the same code.

mod kinds;
mod output;
mod service_files;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use support::{Sandbox, is_root};

#[test]
fn every_file_is_judged_and_every_problem_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("good.toml", "[instance]\ninstance-type = \"t3.micro\"\n");
    sandbox.write("empty.toml", "");
    sandbox.write("bad.toml", "[instance]\ninstance-tipe = \"t3.micro\"\n\n[http]\nkeep-alive = 1\n");

    let found = sandbox.run(&["check", "good.toml", "empty.toml"]);
    assert_eq!(
        (found.code, found.stdout.as_str()),
        (Some(0), "good.toml: ok\nempty.toml: ok\n"),
        "{found:#?}"
    );

    let found = sandbox.run(&["check", "good.toml", "bad.toml", "empty.toml"]);
    found.ended(
        78,
        &[
            "bad.toml:2:1: error: unknown key \"instance-tipe\" in [instance]\n  2 | instance-tipe = \"t3.micro\"\n    | ^^^^^^^^^^^^^\n",
            "did you mean \"instance-type\"?",
            "bad.toml:5:14: error: http.keep-alive is an integer",
            "1 of 3 files rejected",
        ],
    );
    assert_eq!(found.stdout, "good.toml: ok\nempty.toml: ok\n");
}

#[test]
fn what_is_no_scenario_file_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("latin1.toml", b"# caf\xe9\n");
    sandbox.write("large.toml", "#".repeat(10 << 20));
    fs::create_dir(sandbox.path("directory")).expect("the directory is writable");
    mkfifo(&sandbox.path("fifo"), Mode::S_IRWXU).expect("the directory is writable");
    let cases = [
        ("missing.toml", "missing.toml: error: cannot be read: no such file or directory"),
        ("latin1.toml", "latin1.toml: error: is not UTF-8: byte 0xe9 on line 1"),
        ("large.toml", "large.toml: error: is larger than 1 MiB"),
        ("directory", "directory: error: is a directory"),
        ("fifo", "fifo: error: is not a regular file"),
        ("/dev/zero", "/dev/zero: error: is not a regular file"),
    ];
    for (file, sentence) in cases {
        sandbox.run(&["check", file]).ended(78, &[sentence, "the file is rejected"]);
        sandbox.run(&["serve", "--scenario", file]).ended(78, &[sentence, "not started"]);
    }
}

#[test]
fn a_file_that_only_others_may_read_is_named() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let secret = sandbox.write("secret.toml", "");
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("the file is ours");
    let sentence = [
        "secret.toml: error: cannot be read: permission denied",
        "readable for the user that runs mock-imds",
    ];
    sandbox.run_as_nobody(&["check", "secret.toml"]).ended(78, &sentence);
    sandbox.run_as_nobody(&["serve", "--scenario", "secret.toml"]).ended(78, &sentence);
}

#[test]
fn a_wrong_command_line_is_64() {
    let sandbox = Sandbox::new();
    sandbox.run(&["check"]).ended(64, &["FILE"]);
    sandbox.run(&["serve", "--listen", "localhost"]).ended(64, &["expected an address and a port"]);
    sandbox.run(&["serve", "--log-level", "loud"]).ended(64, &["loud"]);
    sandbox.run(&["sing"]).ended(64, &["sing"]);
}

#[test]
fn a_credential_source_that_gives_nothing_is_a_warning() {
    let sandbox = Sandbox::new();
    let scenario = |name: &str, source: &str| sandbox.write(name, format!("[credentials]\n{source}\n"));
    scenario("missing.toml", "source = \"file\"\nfile = \"nowhere.json\"");
    scenario("form.toml", "source = \"file\"\nfile = \"sts.json\"");
    scenario("fifo.toml", "source = \"file\"\nfile = \"fifo\"");
    scenario("good.toml", "source = \"file\"\nfile = \"good.json\"");
    scenario("absent.toml", "source = \"process\"\ncommand = [\"/nowhere/aws\"]");
    scenario("data.toml", "source = \"process\"\ncommand = [\"/etc/passwd\"]");
    scenario("directory.toml", "source = \"process\"\ncommand = [\"/bin\"]");
    scenario("program.toml", "source = \"process\"\ncommand = [\"/bin/sh\", \"-c\", \"exit 1\"]");
    mkfifo(&sandbox.path("fifo"), Mode::S_IRWXU).expect("the directory is writable");
    sandbox.write("sts.json", r#"{"Credentials": {"AccessKeyId": "ASIAX", "SecretAccessKey": "s3cret"}}"#);
    sandbox.write("good.json", r#"{"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cret"}"#);
    for (file, sentence) in [
        (
            "missing.toml",
            "missing.toml:3:8: warning: no credentials: nowhere.json: cannot be read: no such file or directory",
        ),
        (
            "form.toml",
            "form.toml:3:8: warning: no credentials: sts.json holds JSON whose keys or types are not Version",
        ),
        ("fifo.toml", "fifo.toml:3:8: warning: no credentials: fifo: is not a regular file"),
        ("absent.toml", "warning: no credentials: /nowhere/aws cannot be run: no such file or directory"),
        (
            "data.toml",
            "warning: no credentials: /etc/passwd is not executable for the user that runs mock-imds",
        ),
        ("directory.toml", "warning: no credentials: /bin is no program"),
    ] {
        let found = sandbox.run(&["check", file]);
        found.ended(0, &[sentence]);
        assert!(!found.stderr.contains("s3cret"), "{found:#?}");
    }
    for file in ["good.toml", "program.toml"] {
        let found = sandbox.run(&["check", file]);
        assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{file}: {found:#?}");
    }
}
