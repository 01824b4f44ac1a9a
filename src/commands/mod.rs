//! The subcommands: a file for each, with one `exec`.

use std::io;

use crate::cli::{Cli, CliCommand};
use crate::exit::{self, Failure, FailureForm};
use crate::observe;
use crate::terminal::{Terminal, fitted};

pub(crate) mod aemm;
mod audit;
mod change;
mod check;
mod clear;
mod clock;
mod conform;
mod conform_table;
mod containers;
mod doctor;
mod env;
mod event_loop;
mod fault;
mod flags;
mod follow;
mod guardian_unit;
mod import;
mod import_aemm;
mod import_dump;
mod import_ec2;
mod init;
mod interface;
mod layout;
mod metrics;
mod net;
mod output;
mod print;
mod progress;
mod record;
mod record_progress;
mod reload;
mod requests;
mod schema;
mod serve;
mod server_choice;
mod service_user;
mod show;
mod status;
mod transcript;
mod use_scenario;
mod version;
mod view;
mod wait;

pub(crate) fn exec(cli: Cli, form: FailureForm) -> u8 {
    if let CliCommand::Aemm(aemm) = &cli.command {
        return aemm::exec(&aemm.words);
    }
    observe::start(cli.global.log_level);
    let result = run(cli.command);
    let is_read = observe::flush();
    match result {
        // Who does not read the log reads no last sentence either, and would keep the process from its end.
        Err(failure) if !is_read => failure.status as u8,
        result => exit::code(result.map_err(|failure| for_terminal(failure, form)), form),
    }
}

/// The failure in lines that a terminal need not break.
fn for_terminal(failure: Failure, form: FailureForm) -> Failure {
    let columns = Terminal::of(&io::stderr()).columns;
    if form == FailureForm::Json || columns.is_none() {
        return failure;
    }
    let Failure { message, report, .. } = &failure;
    // Room for the program's name before it.
    let name = "mock-imds: ";
    let named = fitted(&format!("{name}{message}"), columns, 2);
    let message = named.strip_prefix(name).map_or_else(|| message.clone(), str::to_owned);
    let report = report.as_ref().map(|report| fitted(report, columns, 2));
    Failure { message, report, ..failure }
}

fn run(command: CliCommand) -> Result<(), Failure> {
    match command {
        CliCommand::Serve(serve) => serve::exec(serve),
        CliCommand::Check(check) => check::exec(&check),
        CliCommand::Schema(schema) => schema::exec(&schema),
        CliCommand::Init(init) => init::exec(&init),
        CliCommand::Reload(reload) => reload::exec(&reload),
        CliCommand::Status(status) => status::exec(&status),
        CliCommand::Metrics(args) => metrics::exec(&args),
        CliCommand::View(args) => view::exec(args),
        CliCommand::Show(show) => show::exec(&show),
        CliCommand::Env(args) => env::exec(&args),
        CliCommand::Use(args) => use_scenario::exec(&args),
        CliCommand::Spot(spot) => change::exec(&spot.timing, change::spot(&spot)),
        CliCommand::Rebalance(rebalance) => change::exec(&rebalance.timing, change::rebalance()),
        CliCommand::Maintenance(event) => change::exec(&event.timing, change::maintenance(&event)),
        CliCommand::Lifecycle(state) => change::exec(&state.timing, change::lifecycle(&state)),
        CliCommand::Fault(fault) => fault::exec(&fault),
        CliCommand::Clear(clear) => clear::exec(&clear),
        CliCommand::Rotate(rotate) => change::exec(&rotate.timing, change::rotate()),
        CliCommand::Interface(args) => interface::exec(&args),
        CliCommand::Profile(args) => interface::profile(&args),
        CliCommand::StopStart(args) => interface::stop_start(&args),
        CliCommand::Ecs(args) => containers::ecs(&args),
        CliCommand::PodIdentity(args) => containers::pod_identity(&args),
        CliCommand::Set(set) => change::exec(&set.timing, change::set(&set)?),
        CliCommand::Clock(clock) => clock::exec(&clock),
        CliCommand::Requests(requests) => requests::exec(&requests),
        CliCommand::Audit(audit) => audit::exec(&audit),
        CliCommand::Wait(wait) => wait::exec(&wait),
        CliCommand::Record(record) => record::exec(&record),
        CliCommand::Conform(args) => conform::exec(&args),
        CliCommand::Import(import) => import::exec(&import),
        CliCommand::Net(net) => net::exec(&net),
        CliCommand::Doctor(doctor) => doctor::exec(&doctor),
        CliCommand::Version(args) => version::exec(&args),
        CliCommand::Aemm(_) => Ok(()),
    }
}
