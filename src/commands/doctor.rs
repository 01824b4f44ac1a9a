//! `mock-imds doctor`.

use super::print::{print_line, print_sentence};
use super::server_choice;
use crate::cli::DoctorArgs;
use crate::control::api::ScenarioStatus;
use crate::doctor::examine;
use crate::doctor::facts::ServerState;
use crate::doctor::gather::{GatherOptions, gather};
use crate::exit::{ExitStatus, Failure};

/// Columns before what a finding says.
const TEXT: usize = 23;

/// Fails with 1 when there is a problem.
pub(crate) fn exec(args: &DoctorArgs) -> Result<(), Failure> {
    let options = GatherOptions {
        root: args.root.clone(),
        runtime: args.runtime.clone(),
        config: args.config.clone(),
        dmi: args.dmi.clone(),
    };
    let report = examine(&gather(&options, server(args)));
    if args.json {
        let text = serde_json::to_string_pretty(&report);
        print_line(&text.map_err(|error| Failure::new(ExitStatus::Software, error.to_string()))?);
    } else {
        print_sentence(&report.to_string(), TEXT);
    }
    // The report is the message.
    if report.healthy { Ok(()) } else { Err(Failure::new(ExitStatus::No, "")) }
}

fn server(args: &DoctorArgs) -> ServerState {
    match server_choice::client(&args.control).and_then(|client| client.status()) {
        Ok(status) => ServerState::Running {
            version: status.version,
            pid: status.pid,
            serving: serving(&status.scenario),
            instance: status.scenario.instance_id,
            credential_failure: status.credentials.and_then(|credentials| credentials.failure),
        },
        Err(failure) if failure.status == ExitStatus::NoPermission => ServerState::NoPermission,
        Err(failure) => ServerState::NoAnswer(failure.message),
    }
}

/// What the server serves, for a sentence about a file that it does not serve.
fn serving(scenario: &ScenarioStatus) -> String {
    match &scenario.fallback {
        Some(fallback) => fallback.serving.name().to_owned(),
        None if scenario.file.is_some() => "what it loaded before".to_owned(),
        None => scenario.name(),
    }
}
