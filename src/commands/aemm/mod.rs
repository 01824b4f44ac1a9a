//! `mock-imds aemm …`, and the same when the program is called `ec2-metadata-mock`.

mod listen;
mod source;
mod watch;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{self, ExitCode};
use std::sync::Arc;

use clap::ValueEnum as _;
use libc::c_int;
use signal_hook::low_level::emulate_default_handler;
use tokio::sync::watch as hand;

use crate::aemm::{
    self, AemmCommand, AemmConfig, AemmMode, AemmSettings, CompiledConfig, EarlyExit, Invocation,
    ParsedCommand, Placeholders,
};
use crate::daemon::{self, DaemonOptions, DropInServer};
use crate::observe::{self, Level};
use source::ConfigSource;

pub(in crate::commands) use source::read;

/// What is told unless `MOCK_IMDS_LOG` says otherwise: the lines of this module, and a line for each request.
const SAID: &[(&str, Level)] = &[(module_path!(), Level::Info), ("mock_imds::server::request", Level::Debug)];

/// Whether the program was called by the name of the other one; its releases add the platform to the name.
pub(crate) fn is_called(arguments: &[OsString]) -> bool {
    let name = arguments.first().and_then(|program| Path::new(program).file_name());
    name.is_some_and(|name| name.to_string_lossy().starts_with(aemm::NAME))
}

/// Runs what these words ask for.
pub(crate) fn exec(words: &[OsString]) -> ExitCode {
    let level = env::var("MOCK_IMDS_LOG").ok().and_then(|level| Level::from_str(&level, true).ok());
    observe::start_dated(level, SAID);
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match play(&words) {
        Ok(signal) => end_by(signal),
        Err(ending) => {
            // A reader that has gone (`| head`) is no failure.
            let _ = write!(io::stdout(), "{}", ending.stdout).and_then(|()| io::stdout().flush());
            let _ = write!(io::stderr(), "{}", ending.stderr);
            ExitCode::from(ending.status)
        }
    }
}

/// Ends as if nobody had caught the signal.
fn end_by(signal: c_int) -> ExitCode {
    // The kernel lets no signal end the first process of a container.
    if process::id() != 1 {
        let _ = emulate_default_handler(signal);
    }
    ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX))
}

/// Serves until a signal comes, and gives that; or says how it ended before.
fn play(words: &[String]) -> Result<c_int, EarlyExit> {
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
    let (hand, scenarios) = hand::channel(scenario_with(&placeholders, config.clone()));
    if config.file.watch {
        watch::start(source, config, hand);
    }
    let stand_in = Some(DropInServer { scenarios, listeners });
    daemon::run(DaemonOptions { stand_in, ..DaemonOptions::default() })
        .map_err(|failure| EarlyExit::panic(&failure.message))
}

/// What is served of a configuration.
fn scenario_with(placeholders: &Placeholders, mut config: AemmConfig) -> Arc<str> {
    placeholders.fill(&mut config.metadata);
    let CompiledConfig { toml, not_carried } = aemm::compile(&config);
    for what in not_carried {
        tracing::warn!("Warning: {what}");
    }
    toml.into()
}

/// `help`, with the words of a command behind it.
fn help_on(words: &[String]) -> EarlyExit {
    let found = words.iter().try_fold(AemmCommand::Root, |command, word| command.below(word));
    if let Some(command) = found {
        return EarlyExit::answer(aemm::help(command));
    }
    let topic = words.join(" ");
    let stderr = format!("Unknown help topic [`{topic}`]\n{}", aemm::usage(AemmCommand::Root));
    EarlyExit { stderr, ..EarlyExit::default() }
}

/// Says which flags were given.
fn print_flags(run: &ParsedCommand) {
    if run.flags.is_empty() {
        return;
    }
    let line = |(name, value): (&&str, &serde_json::Value)| format!("{name}: {}\n", aemm::plain(value));
    let lines: String = run.flags.iter().map(line).collect();
    print(&format!("\nFlags:\n{lines}\n"));
}

/// Prints to stdout at once: whoever waits for a line has it.
fn print(text: &str) {
    let _ = write!(io::stdout(), "{text}").and_then(|()| io::stdout().flush());
}

impl ConfigSource {
    /// Writes the settings in force to a file of their own.
    fn save(&self, settings: &AemmSettings) {
        let place = aemm::save_config::place(self.home.as_deref());
        match source::write(&place, &aemm::save_config::text(settings)) {
            Ok(()) => {
                print(&format!(
                    "Successfully saved final configuration to local file  {}\n",
                    place.display()
                ));
            }
            Err(error) => tracing::warn!(
                "Warning: Failed to save final configuration to local file {}: {error}",
                place.display()
            ),
        }
    }
}
