//! One file per subcommand, each one `exec`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::{Cli, CliCommand, ImportFormat};
use crate::config::plain;
use crate::control::OrderError;
use crate::control::api::{AcceptedOrder, Rejected};
use crate::exit::{self, ExitStatus, Failure};
use crate::observe;

pub mod aemm;
pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod clock;
pub(crate) mod doctor;
pub(crate) mod fault;
mod flags;
mod follow;
pub(crate) mod import_aemm;
pub(crate) mod import_dump;
pub(crate) mod net;
mod output;
pub(crate) mod record;
pub(crate) mod reload;
pub(crate) mod requests;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod status;
mod transcript;
pub(crate) mod use_scenario;
pub(crate) mod wait;

/// Runs the subcommand, and says how it ended.
pub fn exec(cli: Cli) -> ExitCode {
    if let CliCommand::Aemm(aemm) = &cli.command {
        return aemm::exec(&aemm.words);
    }
    observe::start(cli.log_level);
    exit::code(carry_out(cli.command))
}

fn carry_out(command: CliCommand) -> Result<(), Failure> {
    match command {
        CliCommand::Serve(serve) => serve::exec(serve),
        CliCommand::Check(check) => check::exec(&check),
        CliCommand::Reload(reload) => reload::exec(&reload),
        CliCommand::Status(status) => status::exec(&status),
        CliCommand::Show(show) => show::exec(&show),
        CliCommand::Use(asked) => use_scenario::exec(&asked),
        CliCommand::Spot(spot) => change::exec(&spot.occasion, change::spot(&spot)),
        CliCommand::Rebalance(rebalance) => change::exec(&rebalance.occasion, change::rebalance()),
        CliCommand::Maintenance(asked) => change::exec(&asked.occasion, change::maintenance(&asked)),
        CliCommand::Lifecycle(asked) => change::exec(&asked.occasion, change::lifecycle(&asked)),
        CliCommand::Fault(fault) => fault::exec(&fault),
        CliCommand::Clear(clear) => change::exec(&clear.occasion, change::clear(&clear)),
        CliCommand::Rotate(rotate) => change::exec(&rotate.occasion, change::rotate()),
        CliCommand::Set(set) => change::exec(&set.occasion, change::set(&set)?),
        CliCommand::Clock(clock) => clock::exec(&clock),
        CliCommand::Requests(requests) => requests::exec(&requests),
        CliCommand::Wait(wait) => wait::exec(&wait),
        CliCommand::Record(record) => record::exec(&record),
        CliCommand::Import(import) => match import.format {
            ImportFormat::Aemm(asked) => import_aemm::exec(&asked),
            ImportFormat::Dump(asked) => import_dump::exec(&asked),
        },
        CliCommand::Net(net) => net::exec(&net),
        CliCommand::Doctor(doctor) => doctor::exec(&doctor),
        CliCommand::Aemm(_) => Ok(()),
    }
}

/// Prints the outcome of an order: as JSON, or its warnings and then its sentence, which `words` gives. The failure of
/// one that was rejected is the caller's.
fn tell<T: Serialize>(
    outcome: Result<T, OrderError>,
    as_json: bool,
    words: impl FnOnce(&T) -> (String, String),
    rejected: impl FnOnce(&Rejected) -> Failure,
) -> Result<(), Failure> {
    match outcome {
        Ok(done) if as_json => say(&json(&done)),
        Ok(done) => {
            let (report, sentence) = words(&done);
            if !report.is_empty() {
                warn(&report);
            }
            say(&sentence);
        }
        Err(OrderError::Failed(failure)) => return Err(failure),
        Err(OrderError::Rejected(rejection)) => {
            if as_json {
                say(&json(&rejection));
            } else {
                warn(&rejection.report);
            }
            return Err(rejected(&rejection));
        }
    }
    Ok(())
}

/// Prints the answer to an event or a fault in the words of the command line, or fails with 64 if what was typed is
/// wrong. JSON is the server's answer as it is.
fn tell_in_flags(outcome: Result<AcceptedOrder, OrderError>, as_json: bool) -> Result<(), Failure> {
    let outcome = outcome.map_err(|error| match error {
        OrderError::Rejected(rejected) if !as_json => OrderError::Rejected(flags::in_flags(rejected)),
        error => error,
    });
    let words = |added: &AcceptedOrder| (flags::report(&added.problems), added.message.clone());
    tell(outcome, as_json, words, |rejected| {
        Failure::new(flags::status(rejected), "rejected; nothing has changed")
    })
}

/// Writes the very bytes to stdout. A reader that has gone (`| head`) is no failure; a full disk is one.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let sentence = format!("standard output cannot be written: {}", plain(&error));
            Err(Failure::new(ExitStatus::Unavailable, sentence))
        }
        _ => Ok(()),
    }
}

/// Prints the answer to stdout. A reader that has gone (`| head`) is no failure.
fn say(text: &str) {
    let _ = try_say(text);
}

/// The same for one that goes on: an error means that nobody reads any more.
fn try_say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// A value as JSON, on one line.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the API's types have string keys only")
}

/// Prints a report to stderr.
fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
