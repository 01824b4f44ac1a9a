//! The output of subcommands: results to stdout, warnings and reports to stderr.

use std::io::{self, Write as _};

use serde::Serialize;

use super::flags;
use crate::config::io_error_text;
use crate::control::api::{Rejected, RejectedProblem};
use crate::exit::{ExitStatus, Failure};

/// Prints the server's reply to an order: as JSON, or the warnings and then the sentence that `describe` gives.
pub(super) fn print_reply<T: Serialize>(
    reply: Result<T, Rejected>,
    as_json: bool,
    describe: impl FnOnce(&T) -> (String, String),
) -> Result<(), Rejected> {
    match reply {
        Ok(accepted) if as_json => print_line(&to_json(&accepted)),
        Ok(accepted) => {
            let (report, sentence) = describe(&accepted);
            if !report.is_empty() {
                warn(&report);
            }
            print_line(&sentence);
        }
        Err(rejected) => {
            if as_json {
                print_line(&to_json(&rejected));
            } else {
                warn(&rejected.report);
            }
            return Err(rejected);
        }
    }
    Ok(())
}

/// [`print_reply`] for an event or a fault, in the words of the command line; 64 if what was typed is wrong.
pub(super) fn print_reply_in_flags<T: Serialize>(
    reply: Result<T, Rejected>,
    as_json: bool,
    warnings_and_message: impl FnOnce(&T) -> (&[RejectedProblem], &str),
) -> Result<(), Failure> {
    let reply = if as_json { reply } else { reply.map_err(flags::in_flags) };
    let printed = print_reply(reply, as_json, |accepted| {
        let (warnings, message) = warnings_and_message(accepted);
        (flags::report(warnings), message.to_owned())
    });
    printed.map_err(|rejected| Failure::new(flags::status(&rejected), "rejected; nothing has changed"))
}

/// The failure of an order that was rejected, and left everything as it was.
pub(super) fn nothing_changed(_: Rejected) -> Failure {
    Failure::new(ExitStatus::Config, "rejected; nothing has changed")
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

/// Prints a warning or a report to stderr.
pub(super) fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
