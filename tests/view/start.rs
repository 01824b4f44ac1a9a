//! Starts, and the token.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use support::{Sandbox, ViewProcess};

use crate::viewed;

#[test]
fn the_token_stays_over_starts_and_is_for_the_user_alone() {
    let (sandbox, _server, view) = viewed("");
    let file = sandbox.path("view.token");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    let token = view.token.clone();
    view.kept_the_token(sandbox.directory());
    let again = ViewProcess::start(&sandbox, &[]);
    assert_eq!(again.token, token);
    let path = file.to_str().expect("the path is UTF-8");
    let address = again.process.address;
    let ask = |sandbox: &Sandbox| {
        sandbox.run(&["view", "--url", "--listen", &address.to_string(), "--token-file", path])
    };
    assert_eq!(ask(&sandbox).text(), format!("http://{address}/#token={token}"));
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&file, Some(65_534), None).expect("root may");
        let refused = ask(&sandbox);
        assert!(!refused.stdout.contains(&token), "the token of another user's view: {refused:?}");
        std::os::unix::fs::chown(&file, Some(0), None).expect("root may");
    }
    again.kept_the_token(sandbox.directory());
    let refused = ask(&sandbox);
    refused.ended(69, &["no view listens at", "--listen"]);
    assert!(!refused.stdout.contains(&token), "{refused:?}");
}

#[test]
fn mistakes_are_said_with_what_to_do() {
    let (sandbox, _server, view) = viewed("");
    let port = view.process.address.to_string();
    sandbox.control(&["view", "--listen", &port]).ended(69, &["is in use", "--url", "--listen"]);
    sandbox.run(&["view", "--url", "--token-file", "none"]).ended(69, &["none", "start a view with"]);
    sandbox.write("odd", "hunter2");
    let odd = sandbox.control(&["view", "--listen", "0", "--token-file", "odd"]);
    odd.ended(73, &["odd", "is no token", "remove it"]);
    assert!(!odd.stderr.contains("hunter2"), "{odd:?}");
    if nix::unistd::geteuid().is_root() {
        let token = sandbox.path("closed.token").display().to_string();
        let denied = sandbox.run_as_nobody(&["view", "--listen", "0", "--token-file", &token]);
        denied.ended(77, &["closed.token", "permission denied", "--token-file names another one"]);
    }
    sandbox.run(&["view", "--listen", "nonsense"]).ended(64, &["expected an address and a port"]);
}

#[test]
fn a_signal_ends_it_with_0() {
    let sandbox = Sandbox::new();
    let view = ViewProcess::start(&sandbox, &[]);
    let outcome = view.process.stop();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}
