//! `mock-imds init`: a file to start from, never over what is there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use support::{PtyProcess, Sandbox, is_root};

#[test]
fn a_starter_file_is_written_and_valid() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "mine.toml"]).ended(0, &[]);
    sandbox.run(&["check", "mine.toml"]).ended(0, &[]);
    fs::create_dir(sandbox.path("etc")).expect("writable");
    let host = sandbox.run(&["init", "--host", "etc"]);
    assert_eq!(
        (host.code, host.stdout.lines().next()),
        (Some(0), Some("etc/host.toml: written")),
        "{host:#?}"
    );
    assert!(host.stdout.contains("mock-imds net up --config etc/host.toml"), "{host:#?}");
    let mode = fs::metadata(sandbox.path("etc/host.toml")).expect("it was written").permissions().mode();
    assert_eq!(mode & 0o7777, 0o644, "others may read what holds no secret");
    assert_eq!(fs::read_dir(sandbox.path("etc")).expect("readable").count(), 1, "nothing is left beside it");
}

#[test]
fn what_is_there_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.toml", "mine");
    symlink("/nonexistent/folder/scenario.toml", sandbox.path("link.toml")).expect("writable");
    sandbox.run(&["init", "mine.toml"]).ended(73, &["mine.toml is there already"]);
    assert_eq!(fs::read_to_string(sandbox.path("mine.toml")).expect("there"), "mine");
    sandbox.run(&["init", "link.toml"]).ended(73, &["link.toml is there already"]);
    assert!(sandbox.path("link.toml").is_symlink(), "a link is the administrator's");
    sandbox.run(&["init", "none/mine.toml"]).ended(73, &["there is no directory none"]);
    if !is_root() {
        fs::create_dir(sandbox.path("closed")).expect("writable");
        fs::set_permissions(sandbox.path("closed"), Permissions::from_mode(0o555)).expect("ours");
        sandbox.run(&["init", "closed"]).ended(77, &["closed/scenario.toml cannot be written"]);
    }
}

/// The file is not missing, as its owner sees it: the folder that it leads to is.
#[test]
fn a_dangling_link_says_where_it_leads() {
    let sandbox = Sandbox::new();
    symlink("/nonexistent/folder/scenario.toml", sandbox.path("link.toml")).expect("writable");
    sandbox.run(&["check", "link.toml"]).ended(
        78,
        &[
            "link.toml: error: is a link to /nonexistent/folder/scenario.toml, which is not there",
            "mount or make",
        ],
    );
}

/// Answers that a scenario could not have are asked for again, and empty ones keep the default.
#[test]
fn on_a_terminal_it_asks() {
    let sandbox = Sandbox::new();
    let mut init = PtyProcess::start(&sandbox, (80, 24), &[], &["init", "mine.toml"]);
    init.shows("mine.toml is new.");
    init.shows("Instance type [m5.xlarge]: ");
    init.press("c7g large\r");
    init.shows("accepted: FAMILY.SIZE");
    init.press("c7g.large\r");
    init.shows("Availability zone [us-east-1a]: ");
    init.press("\r");
    init.shows("Account id [123456789012]: ");
    init.press("\r");
    init.shows("optional or required [optional]: ");
    init.press("required\r");
    init.shows("Role whose credentials programs get [dev-role]: ");
    init.press("\r");
    assert_eq!(init.wait().code(), Some(0), "{}", init.screen());
    let written = fs::read_to_string(sandbox.path("mine.toml")).expect("it was written");
    let set: Vec<&str> = written.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let expected =
        ["[instance]", "instance-type = \"c7g.large\"", "[metadata-options]", "http-tokens = \"required\""];
    assert_eq!(set, expected, "{written}");
    sandbox.run(&["check", "--strict", "mine.toml"]).ended(0, &[]);
}

#[test]
fn nobody_answers_for_nothing_and_the_end_of_the_answers_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("there.toml", "mine");
    let mut there = PtyProcess::start(&sandbox, (80, 24), &[], &["init", "there.toml"]);
    assert_eq!(there.wait().code(), Some(73), "{}", there.screen());
    assert!(!there.screen().contains("Instance type"), "{}", there.screen());
    let mut ended = PtyProcess::start(&sandbox, (80, 24), &[], &["init", "mine.toml"]);
    ended.shows("Instance type");
    ended.press("\u{4}");
    assert_eq!(ended.wait().code(), Some(1), "{}", ended.screen());
    assert!(!sandbox.path("mine.toml").exists(), "nothing is written without the answers");
    let mut unasked = PtyProcess::start(&sandbox, (80, 24), &[], &["init", "--yes", "mine.toml"]);
    assert_eq!(unasked.wait().code(), Some(0), "{}", unasked.screen());
}

#[test]
fn options_say_what_the_file_has() {
    let sandbox = Sandbox::new();
    let options = ["--availability-zone", "eu-west-1b", "--account-id", "210987654321", "--role", "web-role"];
    sandbox.run(&[&["init", "mine.toml"], &options[..]].concat()).ended(0, &[]);
    let written = fs::read_to_string(sandbox.path("mine.toml")).expect("it was written");
    for line in ["availability-zone = \"eu-west-1b\"", "account-id = \"210987654321\"", "role = \"web-role\""]
    {
        assert!(written.lines().any(|found| found == line), "expected {line} in\n{written}");
    }
    let wrong = sandbox.run(&["init", "other.toml", "--instance-type", "c7g large"]);
    wrong.ended(64, &["--instance-type \"c7g large\"", "accepted: FAMILY.SIZE"]);
    assert!(!sandbox.path("other.toml").exists(), "{wrong:#?}");
    sandbox.run(&["init", "--host", "--role", "x", "host.toml"]).ended(64, &["cannot be used with"]);
}
