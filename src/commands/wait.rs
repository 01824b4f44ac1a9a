//! `mock-imds wait`: waits for a request, or for none, within a time.

use std::time::Duration;

use super::print::print_line;
use super::server_choice;
use crate::cli::WaitArgs;
use crate::commands::requests::{RequestPrinter, filter};
use crate::control::api::RequestLine;
use crate::control::{LONGEST_WAIT, RequestQuery};
use crate::exit::{ExitStatus, Failure};
use crate::journal::SinceFilter;

pub(crate) fn exec(args: &WaitArgs) -> Result<(), Failure> {
    let (found, missed) = first(args)?;
    if let Some(line) = &found {
        print_line(&RequestPrinter::new(args.json, None).line(line));
    }
    let span = format!("{:?}", args.within);
    let overwritten = format!("{missed} requests were overwritten before they could be looked at");
    match (found, args.never) {
        (Some(_), true) => Err(Failure::new(
            ExitStatus::No,
            format!("a request for {} arrived in spite of --never", args.path),
        )),
        (None, true) if missed > 0 => {
            Err(Failure::new(ExitStatus::Unavailable, format!("cannot tell whether one came: {overwritten}")))
        }
        (None, false) => {
            let more = if missed > 0 { format!("; {overwritten}") } else { String::new() };
            let sentence = format!("no matching request for {} came within {span}{more}", args.path);
            Err(Failure::new(ExitStatus::No, sentence))
        }
        (Some(_), false) | (None, true) => Ok(()),
    }
}

/// The first such request, and the number of those that were overwritten before.
fn first(args: &WaitArgs) -> Result<(Option<RequestLine>, u64), Failure> {
    let client = server_choice::client(&args.control)?;
    let filter = filter(&args.filters, Some(args.path.clone()));
    let mut lookup = RequestQuery { filter, since: Some(args.since), limit: Some(1), wait: Duration::ZERO };
    let (mut left, mut missed) = (args.within, 0);
    loop {
        lookup.wait = left.min(LONGEST_WAIT);
        let found = client.requests(&lookup)?;
        let nothing = found.lines.is_empty();
        for line in found.lines {
            match line {
                RequestLine::Missed { missed: more } => missed += more,
                entry @ RequestLine::Entry(_) => return Ok((Some(entry), missed)),
            }
        }
        if nothing {
            // The server answers with nothing only after it has waited as long as it was asked to.
            left -= lookup.wait;
            if left.is_zero() {
                return Ok((None, missed));
            }
        }
        lookup.since = Some(SinceFilter::Number(found.next));
    }
}
