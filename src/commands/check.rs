//! `mock-imds check FILE…`: validates scenario files. Those of the packaged service are read as its user reads them.

use std::path::Path;
use std::time::Duration;

use super::print::{print_line, warn};
use super::service_user::{ServiceUser, USER};
use crate::cli::CheckArgs;
use crate::config::Report;
use crate::exit::{ExitStatus, Failure};
use crate::files;
use crate::model::{CredentialSource, Scenario};
use crate::scenario;

/// The time for one file and those that it names.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// Validates every file, even if another one is rejected.
pub(crate) fn exec(check: &CheckArgs) -> Result<(), Failure> {
    let mut rejected = 0;
    let mut as_service = false;
    for file in &check.files {
        let load = || {
            let path = file.clone();
            let loaded = files::within(TIME_LIMIT, move || scenario::load(&path));
            loaded.unwrap_or_else(|| Err(too_slow(file)))
        };
        let seen = ServiceUser::of_scenario(file).and_then(|user| user.see(load));
        let seen_by_service = seen.is_some();
        as_service |= seen_by_service;
        match seen.unwrap_or_else(load) {
            Ok((scenario, warnings)) => {
                if !warnings.problems.is_empty() {
                    warn(&warnings.to_string());
                }
                if seen_by_service {
                    warn_of_hidden(file, &scenario);
                }
                print_line(&format!("{}: ok", file.display()));
            }
            Err(report) => {
                rejected += 1;
                warn(&report.to_string());
            }
        }
    }
    let reader = if as_service {
        format!("; it was read as the user {USER}, like the service does")
    } else {
        String::new()
    };
    match (rejected, check.files.len()) {
        (0, _) => Ok(()),
        (1, 1) => Err(Failure::new(ExitStatus::Config, format!("the file is rejected{reader}"))),
        (rejected, all) => {
            Err(Failure::new(ExitStatus::Config, format!("{rejected} of {all} files rejected")))
        }
    }
}

/// Warns of a credential source where the service's unit lets it see nothing.
fn warn_of_hidden(file: &Path, scenario: &Scenario) {
    let source = scenario.instance.credentials.as_ref().map(|credentials| &credentials.source);
    let path = match source {
        Some(CredentialSource::File(path)) => path.as_path(),
        Some(CredentialSource::Process { command, .. }) => {
            Path::new(command.first().map_or("", String::as_str))
        }
        Some(CredentialSource::Generated | CredentialSource::Static(_)) | None => return,
    };
    if let Some(directory) = ServiceUser::hides(path) {
        let found =
            format!("warning: the service does not see {}: its unit hides {directory}", path.display());
        let help = "put it into /etc/mock-imds, or open the directory by a drop-in of mock-imds.service";
        warn(&format!("{}: {found}\n  {help}", file.display()));
    }
}

fn too_slow(file: &Path) -> Report {
    let found = format!("could not be read within {} s", TIME_LIMIT.as_secs());
    Report::whole(file.display().to_string(), found, "check the file system that it is on")
}
