//! `mock-imds check FILE…`: validates scenario files.

use std::path::Path;
use std::time::Duration;

use super::print::{print_line, warn};
use crate::cli::CheckArgs;
use crate::config::Report;
use crate::exit::{ExitStatus, Failure};
use crate::files;
use crate::scenario;

/// The time for one file and those that it names.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// Validates every file, even if another one is rejected.
pub(crate) fn exec(check: &CheckArgs) -> Result<(), Failure> {
    let mut rejected = 0;
    for file in &check.files {
        let path = file.clone();
        let load = move || scenario::load(&path);
        match files::within(TIME_LIMIT, load).unwrap_or_else(|| Err(too_slow(file))) {
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

fn too_slow(file: &Path) -> Report {
    let found = format!("could not be read within {} s", TIME_LIMIT.as_secs());
    Report::whole(file.display().to_string(), found, "check the file system that it is on")
}
