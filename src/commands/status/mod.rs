//! `mock-imds status`: the status of the running server, at one glance.

mod containers;
mod network;
mod rows;
mod snapshot;
mod timeline;
mod view;
mod watch;

use std::io;

use super::guardian_unit;
use super::print::{print_line, to_pretty_json};
use super::server_choice;
use crate::cli::StatusArgs as Args;
use crate::exit::{self, Failure};
use crate::terminal::Terminal;
use snapshot::Snapshot;

pub(crate) fn exec(args: &Args) -> Result<(), Failure> {
    let client = server_choice::client(&args.control)?;
    let status = client.status().map_err(|failure| explain(args, failure))?;
    if args.follow {
        return watch::exec(client, status, args.json);
    }
    if args.json {
        print_line(&to_pretty_json(&status));
    } else {
        let terminal = Terminal::of(&io::stdout());
        print_line(&view::text(&Snapshot::take(&client, status), terminal));
    }
    Ok(())
}

/// Where the packaged service does not run because its guardian refuses this host, starting it again is no help.
fn explain(args: &Args, failure: Failure) -> Failure {
    let reason = match failure.status {
        exit::ExitStatus::Unavailable if args.control.path.is_none() && args.control.server.is_none() => {
            guardian_unit::failure()
        }
        _ => None,
    };
    match reason {
        Some(reason) => Failure { message: format!("no mock-imds server listens: {reason}"), ..failure },
        None => failure,
    }
}
