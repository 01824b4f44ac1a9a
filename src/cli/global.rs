//! The options that every subcommand has, under a heading of their own at the end of each help text.

use clap::{Arg, ArgAction, Args, Command};

use crate::observe::Level;

/// The heading.
pub(super) const HEADING: &str = "Global options";

/// The options that are ours.
#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Log level: error, warn, info, debug or trace
    #[arg(
        long,
        global = true,
        help_heading = HEADING,
        display_order = 1000,
        value_enum,
        value_name = "LEVEL",
        env = "MOCK_IMDS_LOG",
        default_value = "info",
        hide_possible_values = true
    )]
    pub log_level: Level,
}

/// `--help` and `--version` below [`HEADING`]: clap's own can't be moved there.
pub(super) fn help_and_version() -> [Arg; 2] {
    let help = Arg::new("help").short('h').long("help").help("Print help").action(ArgAction::Help);
    let version = Arg::new("version").short('V').long("version").help("Print version");
    let version = version.action(ArgAction::Version);
    [help.display_order(1001), version.display_order(1002)].map(|option| option.help_heading(HEADING))
}

/// Replaces clap's options in a subcommand and those below it.
///
/// `mock-imds aemm` is left alone: its flags are those of amazon-ec2-metadata-mock.
pub(super) fn add(command: Command) -> Command {
    if command.get_name() == "aemm" { command } else { add_everywhere(command) }
}

fn add_everywhere(command: Command) -> Command {
    let command = command.disable_help_flag(true).disable_version_flag(true);
    command.args(help_and_version()).mut_subcommands(add_everywhere)
}
