//! Orders to a running server, and what comes of them.

use serde_json::Value;
use support::{Outcome, Sandbox, ServerProcess};

pub const SPOT: &str = "/latest/meta-data/spot/instance-action";
pub const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";
pub const PUBLIC: &str = "/latest/meta-data/public-ipv4";

/// A server of this scenario.
pub fn served(scenario: &str) -> (Sandbox, ServerProcess) {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", scenario);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    (sandbox, server)
}

/// Runs a verb that is accepted.
#[track_caller]
pub fn done(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let found = sandbox.control(arguments);
    assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{arguments:?} gave {found:#?}");
    found.stdout
}

/// The same, with its answer in JSON.
#[track_caller]
pub fn done_json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let text = done(sandbox, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("expected JSON, found {error} in {text}"))
}

#[track_caller]
pub fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "expected {part:?}, found {text:?}");
    }
}

pub fn status(server: &ServerProcess, path: &str) -> u16 {
    server.get(path).status
}

/// An order that the server rejected: with 64 if what was typed is wrong, with 78 if there is no room for it.
pub fn rejected(found: &Outcome, code: i32, parts: &[&str]) {
    found.ended(code, parts);
    found.ended(code, &["mock-imds: rejected; nothing has changed"]);
    assert_eq!(found.stdout, "");
}
