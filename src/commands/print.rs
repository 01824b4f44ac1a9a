//! The output of subcommands: results to stdout, warnings and reports to stderr.

use std::io::{self, Write as _};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::flags;
use crate::clock::now;
use crate::control::OrderError;
use crate::control::api::{AcceptedOrder, Rejected};
use crate::exit::{ExitStatus, Failure};
use crate::files::io_error_text;
use crate::terminal::{Terminal, fitted, local_instants};

/// Prints the server's reply to an order: as JSON, or the warnings and then the sentence that `describe` gives. The
/// failure of an order that was rejected is the caller's.
pub(super) fn print_reply<T: Serialize>(
    reply: Result<T, OrderError>,
    as_json: bool,
    describe: impl FnOnce(&T) -> (String, String),
    rejection: impl FnOnce(&Rejected) -> Failure,
) -> Result<(), Failure> {
    match reply {
        Ok(accepted) if as_json => print_line(&to_json(&accepted)),
        Ok(accepted) => {
            let (report, sentence) = describe(&accepted);
            if !report.is_empty() {
                warn(&report);
            }
            print_sentence(&sentence, 2);
        }
        Err(OrderError::Failed(failure)) => return Err(failure),
        Err(OrderError::Rejected(rejected)) => {
            if as_json {
                print_line(&to_json(&rejected));
            } else {
                warn(&rejected.report);
            }
            let failure = rejection(&rejected);
            return Err(Failure { place: failure.place.or_else(|| rejected.place()), ..failure });
        }
    }
    Ok(())
}

/// [`print_reply`] for an event or a fault, in the words of the command line; 64 if what was typed is wrong.
pub(super) fn print_reply_in_flags(
    reply: Result<AcceptedOrder, OrderError>,
    as_json: bool,
) -> Result<(), Failure> {
    let reply = reply.map_err(|error| in_flags(error, as_json));
    let describe = |accepted: &AcceptedOrder| (flags::report(&accepted.problems), accepted.message.clone());
    print_reply(reply, as_json, describe, |rejected| {
        let failure = Failure::new(flags::status(rejected), "rejected; nothing has changed");
        match flags::option(&rejected.problems) {
            Some(option) => failure.at(option),
            None => failure,
        }
    })
}

/// A rejection in the words of the command line; as JSON it is the server's.
pub(super) fn in_flags(error: OrderError, as_json: bool) -> OrderError {
    match error {
        OrderError::Rejected(rejected) if !as_json => OrderError::Rejected(flags::in_flags(rejected)),
        error => error,
    }
}

/// Writes the bytes to stdout as they are. A reader that has gone (`| head`) is no failure; a full disk is one.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let sentence = format!("standard output cannot be written: {}", io_error_text(&error));
            Err(Failure::new(ExitStatus::Unavailable, sentence))
        }
        _ => Ok(()),
    }
}

/// Prints a sentence, or an entry of a list, to stdout: a terminal gets lines that it need not break, the further ones indented,
/// and times of its zone beside those in UTC.
pub(super) fn print_sentence(text: &str, indent: usize) {
    let terminal = Terminal::of(&io::stdout());
    if terminal.columns.is_none() {
        return print_line(text);
    }
    let spoken = local_instants(text, now(), &TimeZone::system());
    // What divides no time divides no words, either.
    print_line(&fitted(&spoken, terminal.columns, indent).replace('\u{a0}', " "));
}

/// Prints a line to stdout. A reader that has gone (`| head`) is no failure.
pub(super) fn print_line(text: &str) {
    let _ = try_print_line(text);
}

/// [`print_line`] for a command that follows: an error means that nobody reads any more.
pub(super) fn try_print_line(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the API's types have string keys only")
}

pub(super) fn to_pretty_json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("the API's types have string keys only")
}

/// Prints a warning or a report to stderr.
pub(super) fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{}", fitted(text, Terminal::of(&io::stderr()).columns, 2));
}
