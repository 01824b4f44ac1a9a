//! `mock-imds use FILE`: the file is read by who runs the command, and its content is served.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;
use support::http::exchange;
use support::{NOBODY, Sandbox, ServerProcess, is_root, skip};

use crate::orders::{done, done_json, says};

const USER_DATA: &str = "/latest/user-data";
const KIND: &str = "/latest/meta-data/instance-type";
const KEYS: &str = r#"{"Version": 1, "AccessKeyId": "AKIDSENT", "SecretAccessKey": "sent-secret"}"#;
const TEXT: &str = "[instance]\ninstance-type = \"c7g.large\"\nuser-data = { file = \"more/user-data\" }\n\
                    [metadata]\n\"meta-data/x\" = { file = \"x\" }\n\
                    [credentials]\nsource = \"file\"\nfile = \"keys.json\"\n";

/// As real keys require: with a token, and the host's address as its name.
fn get(server: &ServerProcess, path: &str) -> String {
    let ask = |line: &str, header: &str| {
        let head = format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{header}\r\n\r\n");
        exchange(server.address, head).body
    };
    let token = ask("PUT /latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60");
    ask(&format!("GET {path}"), &format!("X-aws-ec2-metadata-token: {token}"))
}

/// A scenario and its files, for the present user alone.
fn write_scenario(sandbox: &Sandbox) {
    fs::create_dir(sandbox.path("home")).expect("writable");
    fs::create_dir(sandbox.path("home/more")).expect("writable");
    for (name, content) in [
        ("mine.toml", TEXT),
        ("more/user-data", "#!/bin/sh\n"),
        ("x", "\u{0}\u{1}binary"),
        ("keys.json", KEYS),
    ] {
        let path = sandbox.write(&format!("home/{name}"), content);
        fs::set_permissions(path, Permissions::from_mode(0o600)).expect("ours");
    }
    fs::set_permissions(sandbox.path("home"), Permissions::from_mode(0o700)).expect("ours");
}

/// A service with a runtime directory.
fn service(sandbox: &Sandbox) -> ServerProcess {
    sandbox.serve_with(&["--scenario", "s.toml"], |command| {
        command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
    })
}

/// A server of nobody, which sees no file of the present user.
fn served_by_nobody(sandbox: &Sandbox) -> ServerProcess {
    fs::create_dir_all(sandbox.path("theirs")).expect("writable");
    chown(sandbox.path("theirs"), Some(NOBODY), Some(NOBODY)).expect("root may");
    let socket = sandbox.path("theirs/c.sock");
    let program = fs::File::open(support::program()).expect("cargo has built it");
    let program = format!("/proc/{}/fd/{}", std::process::id(), std::os::fd::AsRawFd::as_raw_fd(&program));
    let copy = sandbox.path("program");
    fs::copy(program, &copy).expect("writable");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--control", socket.to_str().expect("UTF-8")];
    let mut command = sandbox.prepared(&copy, &arguments);
    command.env("HOME", sandbox.path("theirs")).uid(NOBODY).gid(NOBODY);
    ServerProcess::start(command, sandbox.directory())
}

#[test]
fn the_content_is_sent_with_the_files_that_it_names() {
    if !is_root() {
        return skip("needs root, to run the server as another user");
    }
    let sandbox = Sandbox::new();
    write_scenario(&sandbox);
    let server = served_by_nobody(&sandbox);
    let control = sandbox.path("theirs/c.sock").display().to_string();
    let file = sandbox.path("home/mine.toml").display().to_string();
    let run = |arguments: &[&str]| sandbox.run(&[arguments, &["--control", &control]].concat());

    // The server itself cannot read it.
    run(&["use", "--by-path", "home/mine.toml"]).ended(78, &["permission denied"]);
    let found = run(&["use", "home/mine.toml"]);
    assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{found:#?}");
    says(&found.stdout, &[&format!("serving {file} until the next reload")]);
    let get = |path: &str| get(&server, path);
    assert_eq!((get(KIND), get(USER_DATA)), ("c7g.large".to_owned(), "#!/bin/sh\n".to_owned()));
    assert_eq!(get("/latest/meta-data/x"), "\u{0}\u{1}binary");
    says(&get("/latest/meta-data/iam/security-credentials/dev-role"), &["AKIDSENT", "sent-secret"]);
    let status: Value = serde_json::from_str(&run(&["status", "--json"]).stdout).expect("a status");
    assert_eq!((&status["scenario"]["file"], &status["scenario"]["sent"]), (&file.into(), &true.into()));
}

#[test]
fn what_the_caller_cannot_read_is_said_by_its_path() {
    if !is_root() {
        return skip("needs root, to run the command as another user");
    }
    let sandbox = Sandbox::new();
    write_scenario(&sandbox);
    let _server = served_by_nobody(&sandbox);
    let control = sandbox.path("theirs/c.sock").display().to_string();
    let home = sandbox.path("home").display().to_string();
    fs::set_permissions(&home, Permissions::from_mode(0o755)).expect("ours");
    fs::set_permissions(sandbox.path("home/mine.toml"), Permissions::from_mode(0o644)).expect("ours");
    let found = sandbox.run_as_nobody(&["use", "home/mine.toml", "--control", &control]);
    let expected = [
        format!("{home}/mine.toml:3:22: error: {home}/more/user-data cannot be read: permission denied"),
        "accepted: a regular file that you may read".to_owned(),
        format!("mine.toml:8:8: error: {home}/keys.json cannot be read: permission denied"),
    ];
    found.ended(78, &expected.each_ref().map(String::as_str));

    // Neither a file that is not there, nor a mistake in it, gets as far as that.
    sandbox
        .run_as_nobody(&["use", "home/none.toml", "--control", &control])
        .ended(78, &["none.toml: error: cannot be read"]);
}

#[test]
fn a_sent_scenario_is_kept_until_a_reload_and_so_are_its_secrets() {
    let sandbox = Sandbox::new();
    write_scenario(&sandbox);
    sandbox.write("s.toml", "");
    let server = service(&sandbox);
    done(&sandbox, &["use", "home/mine.toml"]);
    done(&sandbox, &["spot"]);
    let kept = sandbox.path("run/used.json");
    let mode = fs::metadata(&kept).expect("it is kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "found {mode:o}");
    server.signal(Signal::SIGKILL);
    server.wait();

    fs::remove_dir_all(sandbox.path("home")).expect("ours");
    let server = service(&sandbox);
    let get = |path: &str| get(&server, path);
    assert_eq!((get(KIND), get(USER_DATA)), ("c7g.large".to_owned(), "#!/bin/sh\n".to_owned()));
    says(&get("/latest/meta-data/spot/instance-action"), &["terminate"]);
    assert_eq!(done_json(&sandbox, &["status"])["scenario"]["used"], true);
    done(&sandbox, &["reload"]);
    assert_eq!(server.get(KIND).body, "m5.xlarge");
    assert!(!Path::new(&kept).exists(), "keys outlive their use");
}

#[test]
fn an_earlier_scenario_does_not_come_back() {
    let sandbox = Sandbox::new();
    write_scenario(&sandbox);
    sandbox.write("s.toml", "");
    sandbox.write("small.toml", "[instance]\ninstance-type = \"t3.nano\"\n");
    let server = service(&sandbox);
    done(&sandbox, &["use", "home/mine.toml"]);
    let earlier = fs::read(sandbox.path("run/used.json")).expect("it is kept");
    done(&sandbox, &["use", "small.toml"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    // As if the second one could not have been written.
    fs::write(sandbox.path("run/used.json"), earlier).expect("ours");
    let server = service(&sandbox);
    assert_eq!(server.get(KIND).body, "m5.xlarge", "what a reload would serve");
    server.says("the scenario that was sent is not the one that is kept");
}

#[test]
fn a_wrong_file_is_reported_by_the_callers_path() {
    let sandbox = Sandbox::new();
    sandbox.write("wrong.toml", "[instance]\ninstance-type = 3\nuser-data = { file = \"none\" }\n");
    let server = sandbox.serve(&[]);
    let path = sandbox.path("wrong.toml").display().to_string();
    let expected = [
        &*format!("{path}:2:17: error: instance.instance-type is an integer"),
        "\n  2 | instance-type = 3\n",
        &*format!("{path}:3:22: error: {} cannot be read: no such file", sandbox.path("none").display()),
        "rejected; still serving",
    ];
    sandbox.control(&["use", "wrong.toml"]).ended(78, &expected);
    sandbox.write("wrong.toml", "[instance]\nuser-data = \"x\"\n".to_owned() + &"#".repeat(1 << 20));
    sandbox.control(&["use", "wrong.toml"]).ended(78, &["1 MiB", "not sent; nothing has changed"]);
    let many: Vec<String> =
        (0..3).map(|n| format!("\"meta-data/x{n}\" = {{ file = \"large{n}\" }}\n")).collect();
    for n in 0..3 {
        sandbox.write(&format!("large{n}"), vec![n; 1 << 20]);
    }
    sandbox.write("wrong.toml", format!("[metadata]\n{}", many.concat()));
    sandbox.control(&["use", "wrong.toml"]).ended(78, &["at most 2 MiB together", "--by-path", "not sent"]);
    sandbox.control(&["use", "--by-path", "wrong.toml"]).ended(0, &[]);
    assert_eq!(server.get("/latest/meta-data/x2").body.len(), 1 << 20);
}
