//! `mock-imds doctor`: what is wrong on this host, and the command that mends it.

use crate::cli::Doctor;
use crate::commands::say;
use crate::control::Client;
use crate::exit::{Failure, Status};
use crate::host::doctor::examine;
use crate::host::doctor::facts::Server;
use crate::host::doctor::gather::{Options, gather};

/// Runs the subcommand; 1 when there is something to mend.
pub fn exec(args: &Doctor) -> Result<(), Failure> {
    let options = Options {
        root: args.root.clone(),
        runtime: args.runtime.clone(),
        config: args.config.clone(),
        dmi: args.dmi.clone(),
    };
    let report = examine(&gather(&options, server(args)));
    if args.json {
        let text = serde_json::to_string_pretty(&report);
        say(&text.map_err(|error| Failure::new(Status::Software, error.to_string()))?);
    } else {
        say(&report.to_string());
    }
    // The report is the message.
    if report.healthy { Ok(()) } else { Err(Failure::new(Status::No, "")) }
}

fn server(args: &Doctor) -> Server {
    match Client::new(args.control.path.as_deref()).status() {
        Ok(status) => {
            Server::Runs { version: status.version, pid: status.pid, instance: status.scenario.instance_id }
        }
        Err(failure) if failure.status == Status::NoPermission => Server::Closed,
        Err(failure) => Server::Silent(failure.message),
    }
}
