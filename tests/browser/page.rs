//! A visit of the attacker's page, and what the page got.

use serde_json::Value;
use support::host::{Host, SERVICE};

use crate::attacker::Attacker;
use crate::browser::{Browser, chromium};

/// What the page got, by the names of its attempts: a status and a body, or the browser's error.
pub(crate) struct Found(pub(crate) Value);

/// Lets the browser visit the page on a host whose service plays this scenario. Gives what the page got, and the
/// requests that the service received. `None`, after saying why, where there can't be such a host or browser.
pub(crate) fn visit(scenario: &str) -> Option<(Found, Vec<Value>)> {
    let program = chromium()?;
    let host = Host::new()?;
    host.configure("");
    let _guardian = host.hold();
    let file = host.write("scenario.toml", scenario);
    let _server = host.serve_with(SERVICE, &format!("--control c.sock --scenario {}", file.display()));
    let attacker = Attacker::start();
    let browser = Browser::start(&program, &host, "http://www.evil.example/attack");
    let report = attacker.report(|| browser.log());
    let found = serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {report}"));
    let requests = host.run(&format!("{} requests --json --control c.sock", support::program().display()));
    let requests = requests.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    Some((Found(found), requests))
}
