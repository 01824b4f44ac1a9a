//! `mock-imds init`: a file to start from, never over what is there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use support::{Sandbox, is_root};

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
