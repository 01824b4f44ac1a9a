//! `mock-imds check FILE…`: validates scenario files and host.toml. Those of the packaged service are read as its user
//! reads them.

mod input;
mod json;
mod sarif;

use std::path::Path;
use std::time::Duration;

use super::print::{print_line, warn};
use super::service_user::{ServiceUser, USER};
use crate::cli::CheckArgs;
use crate::config::{Problem, Report, Severity};
use crate::exit::{ExitStatus, Failure};
use crate::files;
use crate::model::{CredentialSource, Scenario};
use input::{CheckedFile, Input, Subject};

/// The time for one file and those that it names.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// Validates every file, even if another one is rejected.
pub(crate) fn exec(check: &CheckArgs) -> Result<(), Failure> {
    let mut checked = vec![];
    let mut as_service = false;
    for input in input::all(check)? {
        let (file, seen_by_service) = examine(&input, check);
        as_service |= seen_by_service;
        if !check.json && !check.sarif {
            print_file(&file);
        }
        checked.push(file);
    }
    if check.json {
        print_line(&json::text(&checked));
    } else if check.sarif {
        print_line(&sarif::text(&checked));
    }
    let reader = if as_service {
        format!("; it was read as the user {USER}, like the service does")
    } else {
        String::new()
    };
    let only_warnings = checked.iter().filter(|file| file.rejected).all(|file| !file.report.has_errors());
    let why = if only_warnings { ": --strict rejects warnings" } else { "" };
    let rejected: Vec<&CheckedFile> = checked.iter().filter(|file| file.rejected).collect();
    let Some(first) = rejected.first() else { return Ok(()) };
    let sentence = match (rejected.len(), checked.len()) {
        (1, 1) => format!("the file is rejected{why}{reader}"),
        (rejected, all) => format!("{rejected} of {all} files rejected{why}"),
    };
    Err(Failure::new(ExitStatus::Config, sentence).at(first.report.place()))
}

fn print_file(file: &CheckedFile) {
    let CheckedFile { report, rejected, .. } = file;
    if !report.problems.is_empty() {
        warn(&report.to_string());
    }
    if !rejected {
        print_line(&format!("{}: ok", report.file));
    }
}

/// Reads a file, and whether it was read as the service's user.
fn examine(input: &Input, check: &CheckArgs) -> (CheckedFile, bool) {
    let host = check.host;
    let load = || {
        let read = input.clone();
        files::within(TIME_LIMIT, move || read.load(host))
            .unwrap_or_else(|| (Subject::of_name(input.path(), host), Err(too_slow(&input.name()))))
    };
    let seen = input.file().and_then(ServiceUser::of_scenario).and_then(|user| user.see(load));
    let seen_by_service = seen.is_some();
    let (subject, outcome) = seen.unwrap_or_else(load);
    let (report, accepted) = match outcome {
        Ok((scenario, mut warnings)) => {
            if let Some(scenario) = &scenario {
                let problem = if seen_by_service { hidden(scenario) } else { needs_guardian(scenario) };
                warnings.problems.extend(problem);
            }
            let accepted = warnings.problems.is_empty() || !check.strict;
            (warnings, accepted)
        }
        Err(report) => (report, false),
    };
    // A report without a problem need not have the name of its file.
    let report = Report { file: input.name(), ..report };
    (CheckedFile { report, subject, rejected: !accepted }, seen_by_service)
}

/// A warning of a credential source where the service's unit lets it see nothing.
fn hidden(scenario: &Scenario) -> Option<Problem> {
    let source = scenario.instance.credentials.as_ref().map(|credentials| &credentials.source);
    let path = match source {
        Some(CredentialSource::File(path)) => path.as_path(),
        Some(CredentialSource::Process { command, .. }) => {
            Path::new(command.first().map_or("", String::as_str))
        }
        Some(CredentialSource::Generated | CredentialSource::Static(_)) | None => return None,
    };
    let directory = ServiceUser::hides(path)?;
    Some(Problem {
        severity: Severity::Warning,
        span: None,
        found: format!("the service does not see {}: its unit hides {directory}", path.display()),
        help: vec![
            "put it into /etc/mock-imds, or open the directory by a drop-in of mock-imds.service".to_owned(),
        ],
    })
}

/// A warning of a fault that not every server carries out, where it is not known which one gets the scenario.
fn needs_guardian(scenario: &Scenario) -> Option<Problem> {
    let fault = scenario.faults.iter().find(|fault| fault.effect.connection().is_some())?;
    Some(Problem {
        severity: Severity::Warning,
        span: None,
        found: format!("{} has connection, which a server in the foreground rejects", fault.name),
        help: vec!["accepted: by mock-imds.service, beside the guardian of the host's network".to_owned()],
    })
}

fn too_slow(file: &str) -> Report {
    let found = format!("could not be read within {} s", TIME_LIMIT.as_secs());
    Report::whole(file, found, "check the file system that it is on")
}
