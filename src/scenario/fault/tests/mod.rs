//! `[[fault]]`: what is read of it, and what is said of it.

mod problems;
mod what_is_read;

use std::path::Path;

use super::*;
use crate::config::SourceText;
use crate::scenario;

fn outcome(text: &str) -> (Vec<Fault>, String) {
    match scenario::read(&SourceText::new("test.toml", text), Path::new("")) {
        Ok((scenario, report)) => (scenario.faults, report.to_string()),
        Err(report) => (vec![], report.to_string()),
    }
}

/// The fault of a table that is good.
fn fault(keys: &str) -> Fault {
    let (mut faults, report) = outcome(&format!("[[fault]]\n{keys}\n"));
    assert_eq!((faults.len(), report.as_str()), (1, ""), "expected one good fault of:\n{keys}");
    faults.remove(0)
}
