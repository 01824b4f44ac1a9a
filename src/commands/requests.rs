//! `mock-imds requests`: who asked what.

use std::io;

use crate::cli::{Filters, Requests};
use crate::commands::{follow, json, try_say};
use crate::control::api::{Line, Status};
use crate::control::{Client, Found, LONGEST_WAIT, Lookup};
use crate::exit::Failure;
use crate::imds::Protocol;
use crate::journal::{Filter, List, Since};
use crate::model::{PathGlob, Timestamp};

/// How many earlier ones `--follow` begins with, as journalctl and tail do.
const BEFORE: usize = 10;

/// Runs the subcommand. What follows has no end but SIGINT's, and that of a server which does not come back.
pub fn exec(args: &Requests) -> Result<(), Failure> {
    let client = Client::new(args.control.path.as_deref());
    let limit = args.limit.or(args.follow.then_some(BEFORE));
    let mut lookup = Lookup { filter: filter(&args.filters, args.path.clone()), limit, ..Lookup::default() };
    if !args.follow {
        return print(&client.requests(&lookup)?, args.json).or(Ok(()));
    }
    let mut server = of(&client.status()?);
    let mut found = client.requests(&lookup)?;
    while print(&found, args.json).is_ok() {
        let mut from = found.next;
        lookup = Lookup { since: Some(Since::Number(from)), limit: None, wait: LONGEST_WAIT, ..lookup };
        found = loop {
            match client.requests(&lookup) {
                Ok(found) => break found,
                Err(failure) => {
                    let back = of(&follow::back(&client, failure)?);
                    // Another one's journal begins anew.
                    from = if back == server { from } else { 0 };
                    server = back;
                    lookup.since = Some(Since::Number(from));
                }
            }
        };
    }
    Ok(())
}

/// What tells a server from the one before it.
fn of(status: &Status) -> (u32, Timestamp) {
    (status.pid, status.started_at)
}

fn print(found: &Found, as_json: bool) -> io::Result<()> {
    found.lines.iter().try_for_each(|line| try_say(&text(line, as_json)))
}

/// A line as people or programs read it.
pub(super) fn text(line: &Line, as_json: bool) -> String {
    match line {
        line if as_json => json(line),
        Line::Entry(entry) => entry.to_string(),
        Line::Missed { missed } => format!("-- missed {missed} requests, which were overwritten --"),
    }
}

/// What the command line says.
pub(super) fn filter(args: &Filters, path: Option<PathGlob>) -> Filter {
    let v1 = args.v1.then_some([Protocol::V1].as_slice());
    let v2 = args.v2.then_some([Protocol::V2, Protocol::Token].as_slice());
    let protocols = [v1, v2].into_iter().flatten().flatten().copied().collect();
    Filter {
        client: args.client.clone(),
        path,
        status: args.status.clone(),
        method: args.method.clone(),
        protocol: (args.v1 || args.v2).then_some(List(protocols)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn the_command_line_makes_the_filter() {
        let filter_of = |arguments: &[&str]| {
            let line = ["mock-imds", "requests"].iter().chain(arguments);
            let Command::Requests(args) = Cli::parse_from(line).command else { unreachable!() };
            filter(&args.filters, args.path).parts().collect::<Vec<_>>()
        };
        assert_eq!(filter_of(&[]), []);
        assert_eq!(filter_of(&["--v1"]), [("v", "v1".to_owned())]);
        assert_eq!(filter_of(&["--v2"]), [("v", "v2,token".to_owned())]);
        let all = ["--client", "host,10.0.0.0/8", "--path", "**", "--status", "4xx", "--method", "put"];
        let values = ["host,10.0.0.0/8", "**", "4xx", "PUT"].map(str::to_owned);
        assert!(filter_of(&all).into_iter().map(|(_, value)| value).eq(values));
    }
}
