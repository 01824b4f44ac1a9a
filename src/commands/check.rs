//! `mock-imds check FILE…`: validates scenario files.

use super::print::{print_line, warn};
use crate::cli::CheckArgs;
use crate::exit::{ExitStatus, Failure};
use crate::scenario;

/// Validates every file, even if another one is rejected.
pub(crate) fn exec(check: &CheckArgs) -> Result<(), Failure> {
    let mut rejected = 0;
    for file in &check.files {
        match scenario::load(file) {
            Ok((_, warnings)) => {
                if !warnings.problems.is_empty() {
                    warn(&warnings.to_string());
                }
                print_line(&format!("{}: ok", file.display()));
            }
            Err(report) => {
                rejected += 1;
                warn(&report.to_string());
            }
        }
    }
    match (rejected, check.files.len()) {
        (0, _) => Ok(()),
        (1, 1) => Err(Failure::new(ExitStatus::Config, "the file is rejected")),
        (rejected, all) => {
            Err(Failure::new(ExitStatus::Config, format!("{rejected} of {all} files rejected")))
        }
    }
}
