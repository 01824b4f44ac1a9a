//! `mock-imds requests`: the requests that clients have sent.

use std::io;

use jiff::tz::TimeZone;

use super::follow;
use super::print::{to_json, try_print_line, warn};
use super::server_choice;
use crate::cli::{FilterArgs, RequestsArgs};
use crate::control::api::{RequestLine, ServiceStatus};
use crate::control::{LONGEST_WAIT, RequestPage, RequestQuery};
use crate::exit::Failure;
use crate::imds::Protocol;
use crate::journal::{CommaSeparated, RequestFilter, RequestFormat, RequestLines, SinceFilter};
use crate::model::{PathGlob, Timestamp};
use crate::terminal::Terminal;

/// The number of earlier requests that `--follow` begins with, as journalctl and tail do.
const FOLLOW_LIMIT: usize = 10;

/// With `--follow` the end is SIGINT, or a server that does not come back.
pub(crate) fn exec(args: &RequestsArgs) -> Result<(), Failure> {
    let client = server_choice::client(&args.control)?;
    let limit = args.limit.or(args.follow.then_some(FOLLOW_LIMIT));
    let mut lookup =
        RequestQuery { filter: filter(&args.filters, args.path.clone()), limit, ..RequestQuery::default() };
    let mut printer = RequestPrinter::new(args.json, args.format.clone());
    if !args.follow {
        return printer.print(&client.requests(&lookup)?).or(Ok(()));
    }
    let mut server = server_id(&client.status()?);
    let mut found = client.requests(&lookup)?;
    while printer.print(&found).is_ok() {
        let mut from = found.next;
        lookup = RequestQuery {
            since: Some(SinceFilter::Number(from)),
            limit: None,
            wait: LONGEST_WAIT,
            ..lookup
        };
        found = loop {
            match client.requests(&lookup) {
                Ok(found) => break found,
                Err(failure) => {
                    let back = server_id(&follow::wait_for_server(&client, failure)?);
                    // A restarted server's journal begins anew.
                    from = if back == server { from } else { 0 };
                    server = back;
                    lookup.since = Some(SinceFilter::Number(from));
                }
            }
        };
    }
    Ok(())
}

/// The identity of a server process: after a restart it is another one.
fn server_id(status: &ServiceStatus) -> (u32, Timestamp) {
    (status.pid, status.started_at)
}

/// Lines for stdout.
pub(super) struct RequestPrinter {
    style: PrintStyle,
    zone: TimeZone,
}

enum PrintStyle {
    Json,
    Format(RequestFormat),
    Columns(RequestLines),
}

impl RequestPrinter {
    pub(super) fn new(as_json: bool, format: Option<RequestFormat>) -> Self {
        let zone = TimeZone::system();
        let columns = || RequestLines::new(Terminal::of(&io::stdout()), zone.clone());
        let style = match format {
            _ if as_json => PrintStyle::Json,
            Some(format) => PrintStyle::Format(format),
            None => PrintStyle::Columns(columns()),
        };
        Self { style, zone }
    }

    fn print(&mut self, found: &RequestPage) -> io::Result<()> {
        found.lines.iter().try_for_each(|line| match (&self.style, line) {
            // Whoever chose the form reads nothing else on stdout.
            (PrintStyle::Format(_), RequestLine::Missed { .. }) => {
                warn(&self.line(line));
                Ok(())
            }
            _ => try_print_line(&self.line(line)),
        })
    }

    pub(super) fn line(&mut self, line: &RequestLine) -> String {
        match (&mut self.style, line) {
            (PrintStyle::Json, line) => to_json(line),
            (PrintStyle::Format(format), RequestLine::Entry(record)) => format.line(record, &self.zone),
            (PrintStyle::Columns(lines), RequestLine::Entry(record)) => {
                lines.next(record, Terminal::of(&io::stdout()))
            }
            (_, RequestLine::Missed { missed }) => {
                let requests = if *missed == 1 { "request, which was" } else { "requests, which were" };
                format!("-- missed {missed} {requests} overwritten --")
            }
        }
    }
}

pub(super) fn filter(args: &FilterArgs, path: Option<PathGlob>) -> RequestFilter {
    let v1 = args.v1.then_some([Protocol::V1].as_slice());
    let v2 = args.v2.then_some([Protocol::V2, Protocol::Token].as_slice());
    let protocols = [v1, v2].into_iter().flatten().flatten().copied().collect();
    RequestFilter {
        client: args.client.clone(),
        path,
        status: args.status.clone(),
        method: args.method.clone(),
        endpoint: args.endpoint.clone(),
        protocol: (args.v1 || args.v2).then_some(CommaSeparated(protocols)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, CliCommand};

    #[test]
    fn the_command_line_makes_the_filter() {
        let filter_of = |arguments: &[&str]| {
            let line = ["mock-imds", "requests"].iter().chain(arguments);
            let CliCommand::Requests(args) = Cli::parse_from(line).command else { unreachable!() };
            filter(&args.filters, args.path).parameters().collect::<Vec<_>>()
        };
        assert_eq!(filter_of(&[]), []);
        assert_eq!(filter_of(&["--v1"]), [("v", "v1".to_owned())]);
        assert_eq!(filter_of(&["--v2"]), [("v", "v2,token".to_owned())]);
        let all = ["--client", "host,10.0.0.0/8", "--path", "**", "--status", "4xx", "--method", "put"];
        let values = ["host,10.0.0.0/8", "**", "4xx", "PUT"].map(str::to_owned);
        assert!(filter_of(&all).into_iter().map(|(_, value)| value).eq(values));
    }
}
