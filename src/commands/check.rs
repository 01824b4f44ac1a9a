//! `mock-imds check FILE…`: validates scenario files. Those of the packaged service are read as its user reads them.

use std::path::Path;

use super::print::{print_line, warn};
use super::service_user::{ServiceUser, USER};
use crate::cli::CheckArgs;
use crate::exit::{ExitStatus, Failure};
use crate::model::{CredentialSource, Scenario};
use crate::scenario;

/// Validates every file, even if another one is rejected.
pub(crate) fn exec(check: &CheckArgs) -> Result<(), Failure> {
    let mut rejected = 0;
    let mut as_service = false;
    for file in &check.files {
        let user = ServiceUser::of_scenario(file);
        let read = user.as_ref().and_then(|user| user.see(|| scenario::load(file)));
        let seen_by_service = read.is_some();
        as_service |= seen_by_service;
        match read.unwrap_or_else(|| scenario::load(file)) {
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
