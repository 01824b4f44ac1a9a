//! `mock-imds conform`: what it says of this program, of one with planted faults, and on the command line.

mod command;
mod faults;
mod ours;
mod page;
mod stub;
mod stub_answers;
mod stub_tree;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;
use support::{Outcome, Sandbox};

/// What a report says: checks by how they ended.
struct Judged {
    /// Names of those that failed, with what was found.
    failed: BTreeMap<String, String>,
    passed: Vec<String>,
    skipped: usize,
    requests: u64,
    milliseconds: u64,
    outcome: Outcome,
}

/// Judgements at a time: most of each is waiting for tokens to expire, and for nothing to come.
const AT_ONCE: usize = 12;

/// Does the same with each item, some at a time.
fn at_once<T: Sync, R: Send>(items: &[T], judge: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || items.get(next.fetch_add(1, Ordering::Relaxed));
    let work = || std::iter::from_fn(take).map(&judge).collect::<Vec<_>>();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("its assertions hold")).collect()
    })
}

/// Judges the service at an address, as fast as it answers.
fn judge(sandbox: &Sandbox, address: impl Display, more: &[&str]) -> Judged {
    let address = address.to_string();
    let arguments = ["conform", &address, "--json", "--rate", "1000"];
    let outcome = sandbox.run(&arguments.iter().chain(more).copied().collect::<Vec<_>>());
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("expected a report as JSON, found {error}: {outcome}"));
    let (mut failed, mut passed, mut skipped) = (BTreeMap::new(), vec![], 0);
    for check in report["checks"].as_array().into_iter().flatten() {
        let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
        match check["outcome"].as_str() {
            Some("failed") => {
                let (asked, expected, found) = (text("asked"), text("expected"), text("found"));
                failed.insert(text("name"), format!("{asked}: expected {expected}, found {found}"));
            }
            Some("passed") => passed.push(text("name")),
            _ => skipped += 1,
        }
    }
    let number = |key: &str| report[key].as_u64().expect("a number");
    let (requests, milliseconds) = (number("requests"), number("milliseconds"));
    Judged { failed, passed, skipped, requests, milliseconds, outcome }
}
