//! `mock-imds audit`: how each client uses the service, and whether it would work with IMDSv2 only.

mod analysis;
mod view;

use std::io;

use jiff::tz::TimeZone;

use super::print::{print_line, to_pretty_json, warn};
use super::server_choice;
use crate::cli::AuditArgs;
use crate::clock;
use crate::control::RequestQuery;
use crate::control::api::RequestLine;
use crate::exit::{ExitStatus, Failure};
use crate::journal::{CAPACITY, CommaSeparated, EndpointFilter, RequestFilter, RequestRecord};
use crate::model::Service;
use crate::terminal::Terminal;
use analysis::Audit;

pub(crate) fn exec(args: &AuditArgs) -> Result<(), Failure> {
    let client = server_choice::client(&args.control)?;
    // The others have no tokens of sessions.
    let endpoint = Some(CommaSeparated(vec![EndpointFilter(Service::Imds)]));
    let filter = RequestFilter { client: args.client.clone(), endpoint, ..RequestFilter::default() };
    let page = client.requests(&RequestQuery { filter, ..RequestQuery::default() })?;
    let records = page.lines.into_iter().filter_map(|line| match line {
        RequestLine::Entry(record) => Some(record),
        RequestLine::Missed { .. } => None,
    });
    let records: Vec<RequestRecord> = records.collect();
    let audit = Audit::of(&records);
    if args.json {
        print_line(&to_pretty_json(&audit));
    } else {
        let terminal = Terminal::of(&io::stdout());
        let lines = view::lines(&audit, terminal.columns, clock::now(), &TimeZone::system());
        let lines: Vec<String> = lines.iter().map(|line| terminal.render(line)).collect();
        print_line(&lines.join("\n"));
    }
    if page.next > u64::try_from(CAPACITY).unwrap_or(u64::MAX) {
        warn(&format!("only the last {CAPACITY} requests of this server are kept, and were looked at"));
    }
    match audit.would_break {
        broken if broken > 0 && args.require_v2 => {
            let clients = if broken == 1 { "1 client".to_owned() } else { format!("{broken} clients") };
            let sentence = format!("{clients} would not work with http-tokens = \"required\"");
            Err(Failure::new(ExitStatus::No, sentence))
        }
        _ if args.require_v2 && audit.unknown == audit.clients.len() => Err(Failure::new(
            ExitStatus::No,
            "no client has sent a request that tells whether it works with http-tokens = \"required\": let the programs run \
             before this command, and ask the server that they ask",
        )),
        _ => Ok(()),
    }
}
