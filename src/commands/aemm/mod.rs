//! `mock-imds aemm …`, and the same when the program is called `ec2-metadata-mock`.

mod listen;
mod scenario;
mod source;
mod watch;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process;

use clap::ValueEnum as _;
use libc::c_int;
use signal_hook::low_level::emulate_default_handler;
use tokio::sync::watch::channel;

use crate::aemm::{self, AemmCommand, AemmMode, EarlyExit, Invocation, ParsedCommand, Placeholders};
use crate::daemon::{self, DaemonOptions, DropInServer};
use crate::exit::{ExitStatus, Failure};
use crate::observe::{self, Level};
use source::ConfigSource;

pub(in crate::commands) use source::read;

/// The name that is no hint at anything else.
const OWN_NAME: &str = "mock-imds";
/// Log levels unless `MOCK_IMDS_LOG` sets one: the lines of this module, and a line for each request.
const LOG_LEVELS: &[(&str, Level)] =
    &[(module_path!(), Level::Info), ("mock_imds::server::request", Level::Debug)];

/// Says as what the program is called, whatever its name is.
const VARIABLE: &str = "MOCK_IMDS_AS";
/// Its only value.
const AEMM: &str = "aemm";

/// Tells whether the program was called as amazon-ec2-metadata-mock; releases of that add the platform to the name.
///
/// # Errors
/// The variable has another value than the one that it may have.
pub(crate) fn is_called(arguments: &[OsString]) -> Result<bool, Failure> {
    match env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        Some(value) if value == AEMM => return Ok(true),
        Some(value) => {
            let found = format!(
                "{VARIABLE} is {:?}; accepted: \"{AEMM}\", or leave it unset",
                value.to_string_lossy()
            );
            return Err(Failure::new(ExitStatus::Usage, found));
        }
        None => {}
    }
    Ok(called(arguments).is_some_and(|name| name.starts_with(aemm::NAME)))
}

/// A sentence for somebody who gave the program another name and the original's arguments.
pub(crate) fn hint(arguments: &[OsString]) -> Option<String> {
    let name = called(arguments).filter(|name| name != OWN_NAME)?;
    Some(format!(
        "called {name}: with {VARIABLE}={AEMM} in the environment, or as `mock-imds {AEMM}`, it takes the arguments of \
         amazon-ec2-metadata-mock"
    ))
}

/// The name of the program's file.
fn called(arguments: &[OsString]) -> Option<String> {
    let name = arguments.first().and_then(|program| Path::new(program).file_name())?;
    Some(name.to_string_lossy().into_owned())
}

pub(crate) fn exec(words: &[OsString]) -> u8 {
    let level = env::var("MOCK_IMDS_LOG").ok().and_then(|level| Level::from_str(&level, true).ok());
    observe::start_dated(level, LOG_LEVELS);
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let served = serve(&words);
    observe::flush();
    match served {
        Ok(signal) => end_by(signal),
        Err(exit) => {
            // A reader that has gone (`| head`) is no failure.
            let _ = write!(io::stdout(), "{}", exit.stdout).and_then(|()| io::stdout().flush());
            let _ = write!(io::stderr(), "{}", exit.stderr);
            exit.status
        }
    }
}

/// Exits as a process without a handler for the signal does.
fn end_by(signal: c_int) -> u8 {
    // The kernel lets no signal end the first process of a container.
    if process::id() != 1 {
        let _ = emulate_default_handler(signal);
    }
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// Serves until a signal comes, and returns that; or the output and status of an earlier exit.
fn serve(words: &[String]) -> Result<c_int, EarlyExit> {
    let run = match aemm::parse(words) {
        Ok(Invocation::Run(run)) => run,
        Ok(Invocation::Help(command)) => return Err(EarlyExit::answer(aemm::help(command))),
        Ok(Invocation::Version) => return Err(EarlyExit::answer(aemm::VERSION)),
        Err(misread) => return Err(EarlyExit::misread(&misread)),
    };
    let source = ConfigSource::find(&run)?;
    let (mode, title) = match run.command {
        AemmCommand::Root => (AemmMode::All, "ec2-metadata-mock for all mocks"),
        AemmCommand::Spot => (AemmMode::Spot, "ec2-metadata-mock for EC2 Spot interruption notice"),
        AemmCommand::Events => (AemmMode::Events, "ec2-metadata-mock for EC2 Events"),
        AemmCommand::AsgLifecycle => (AemmMode::AsgLifecycle, "ec2-metadata-mock for EC2 ASG Lifecycle"),
        AemmCommand::Help => return Err(help_on(&run.words)),
    };
    let wrong = |reasons: &str| EarlyExit::wrong(run.command, reasons);
    let settings = source.settings();
    let config = aemm::decode(&settings, mode).map_err(|reasons| wrong(&reasons))?;
    if config.file.save {
        source.save(&settings);
    }
    let problems = aemm::validate::problems(&config);
    if !problems.is_empty() {
        return Err(wrong(&problems.join("\n")));
    }
    tracing::info!("Initiating {title} on port {}", config.server.port);
    print_flags(&run);
    aemm::user_data(&config).map_err(|reason| EarlyExit::user_data(&reason))?;
    let listeners = listen::at(&config.server).map_err(|reason| EarlyExit::panic(&reason))?;
    let placeholders = Placeholders::of(&config.metadata);
    let (sender, scenarios) = channel(scenario::compile(&placeholders, config.clone()));
    if config.file.watch {
        watch::start(source, config, sender);
    }
    let drop_in = Some(DropInServer { scenarios, listeners });
    daemon::run(DaemonOptions { drop_in, ..DaemonOptions::default() })
        .map_err(|failure| EarlyExit::panic(&failure.message))
}

/// `help COMMAND`
fn help_on(words: &[String]) -> EarlyExit {
    let found = words.iter().try_fold(AemmCommand::Root, |command, word| command.below(word));
    if let Some(command) = found {
        return EarlyExit::answer(aemm::help(command));
    }
    let topic = words.join(" ");
    let stderr = format!("Unknown help topic [`{topic}`]\n{}", aemm::usage(AemmCommand::Root));
    EarlyExit { stderr, ..EarlyExit::default() }
}

fn print_flags(run: &ParsedCommand) {
    if run.flags.is_empty() {
        return;
    }
    let line = |(name, value): (&&str, &serde_json::Value)| format!("{name}: {}\n", aemm::plain(value));
    let lines: String = run.flags.iter().map(line).collect();
    observe::print(&format!("\nFlags:\n{lines}\n"));
}
