//! The view: who gets what of it, what it costs, and its metrics in a real Prometheus. `tests/browser` has the page.

mod access;
mod docs;
mod limits;
mod live;
mod plain;
mod prometheus;
mod start;
mod use_content;
mod verbs;

use support::{Sandbox, ServerProcess, ViewProcess};

/// A server of this scenario, and a view of it.
fn viewed(scenario: &str) -> (Sandbox, ServerProcess, ViewProcess) {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", scenario);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let view = ViewProcess::start(&sandbox, &[]);
    (sandbox, server, view)
}
