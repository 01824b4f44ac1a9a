//! What users of amazon-ec2-metadata-mock can observe, as a table of cases: `cases/*.toml`.
//!
//! The table says what the original does. It runs against any program that claims the same:
//!
//! ```sh
//! cargo test --test drop-in                                              # ours
//! MOCK_IMDS_DROP_IN=/usr/local/bin/ec2-metadata-mock cargo test --test drop-in
//! CASE='a part of the name' cargo test --test drop-in                    # some
//! ```
//!
//! | in a case | means |
//! |---|---|
//! | `deviation` | we differ on purpose, and why; another program skips the case |
//! | `ignored` | we fail it, and why; once it passes, the run fails until the mark is gone |
#![allow(clippy::print_stdout, reason = "the report")]

mod bare;
mod called;
mod case;
mod expect;
mod files;
mod import;
mod native;
mod play;
mod port;
mod program;
mod quick_restart;
mod round_trip;
mod unread;
mod wire;

use std::collections::BTreeSet;
use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use case::Case;
use program::Program;

/// Cases at one time. They wait for processes more than they compute.
const AT_ONCE: usize = 8;
/// The least that the table holds: a table that was not found has none.
const LEAST: usize = 120;

#[test]
fn every_case_holds() {
    let (program, filter) = (Program::chosen(), env::var("CASE").ok());
    let all = case::all();
    assert!(all.len() >= LEAST, "expected at least {LEAST} cases, found {}", all.len());
    let names: BTreeSet<&str> = all.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "two cases have one name");
    let chosen: Vec<&Case> =
        all.iter().filter(|case| filter.as_ref().is_none_or(|part| case.name.contains(part))).collect();
    assert!(!chosen.is_empty(), "no case has {filter:?} in its name");
    let skipped = chosen.iter().filter(|case| program.skips(case)).count();

    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(failure) = verdict(case, &program) {
                        failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort();
    println!("{} of {} cases hold, {skipped} skipped", chosen.len() - failures.len() - skipped, chosen.len());
    assert!(failures.is_empty(), "{} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
}

/// What is wrong, and how to see it again.
fn verdict(case: &Case, program: &Program) -> Option<String> {
    if program.skips(case) {
        return None;
    }
    let outcome = play::play(case, program);
    // What we fail, another program may hold.
    let ignored = case.ignored.as_ref().filter(|_| matches!(program, Program::Ours));
    let what = match (ignored, outcome) {
        (None, Ok(())) | (Some(_), Err(_)) => return None,
        (None, Err(what)) => what,
        (Some(why), Ok(())) => format!("it passes; take away: ignored = {why:?}"),
    };
    let Case { name, file, .. } = case;
    Some(format!("{file}: {name}\n{what}\nrerun: CASE='{name}' cargo test --test drop-in"))
}
