//! The verbs that change a running server.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::control::ControlArgs;
use super::examples;
use super::parsers::{
    clock_position, duration_or_instant, duration_text, instant, ip, number, variant_of, variant_of_or,
    word_of,
};
use crate::model::{self, MOST_CLIENTS};

/// When a change happens, and to whom.
#[derive(Debug, Args)]
pub(crate) struct TimingArgs {
    /// Delay, on the scenario's clock [default: now]
    #[arg(long = "in", value_name = "DURATION", value_parser = duration_text, conflicts_with = "at")]
    pub within: Option<String>,
    /// Time at which it happens, in RFC 3339
    #[arg(long, value_name = "TIMESTAMP", value_parser = instant)]
    pub at: Option<String>,
    /// Only for the instance of this name [default: all instances]
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// Only for the instance that the client with this address meets
    #[arg(long, value_name = "ADDR", value_parser = ip, conflicts_with = "instance")]
    pub client: Option<IpAddr>,
    /// Only the first N clients that ask for a path of spot, events or autoscaling see it
    #[arg(long, value_name = "N", value_parser = number::<u32>(1..=MOST_CLIENTS))]
    pub first_n_clients: Option<u32>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds spot`.
#[derive(Debug, Args)]
#[command(after_help = examples::SPOT)]
pub(crate) struct SpotArgs {
    /// What happens to the instance
    #[arg(long, value_name = "ACTION", value_parser = variant_of::<model::SpotAction>(), default_value = "terminate")]
    pub action: String,
    /// Time between the notice and the interruption [default: 2m; 0s to hibernate]
    #[arg(long, value_name = "DURATION", value_parser = duration_text, conflicts_with = "time")]
    pub notice: Option<String>,
    /// Time of the interruption, in RFC 3339
    #[arg(long, value_name = "TIMESTAMP", value_parser = instant)]
    pub time: Option<String>,
    /// What the service does after the interruption: keep answering, or reset every connection
    #[arg(long, value_name = "THEN", value_parser = variant_of::<model::AfterNotice>(), default_value = "stay")]
    pub then: String,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds rebalance`.
#[derive(Debug, Args)]
#[command(after_help = examples::REBALANCE)]
pub(crate) struct RebalanceArgs {
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds maintenance`.
#[derive(Debug, Args)]
#[command(after_help = examples::MAINTENANCE)]
pub(crate) struct MaintenanceArgs {
    /// Event id; the id of an existing event updates it [default: a new one]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Event code [default: system-reboot]
    #[arg(long, value_name = "CODE", value_parser = word_of::<model::MaintenanceCode>())]
    pub code: Option<String>,
    /// State of the event
    #[arg(long, value_name = "STATE", value_parser = word_of::<model::MaintenanceState>(), default_value = "active")]
    pub state: String,
    /// Description
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Earliest start: a duration from the event on, or a time in RFC 3339 [default: in a week]
    #[arg(long, value_name = "WHEN", value_parser = duration_or_instant)]
    pub not_before: Option<String>,
    /// Latest end
    #[arg(long, value_name = "WHEN", value_parser = duration_or_instant)]
    pub not_after: Option<String>,
    /// Latest start
    #[arg(long, value_name = "WHEN", value_parser = duration_or_instant)]
    pub not_before_deadline: Option<String>,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds lifecycle`.
#[derive(Debug, Args)]
#[command(after_help = examples::LIFECYCLE)]
pub(crate) struct LifecycleArgs {
    /// Target lifecycle state
    #[arg(value_name = "STATE", value_parser = variant_of::<model::TargetLifecycleState>())]
    pub state: String,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds clear`.
#[derive(Debug, Args)]
#[command(after_help = examples::CLEAR)]
pub(crate) struct ClearArgs {
    /// What to clear: all takes back everything that was ordered since the load, pending events, faults and use
    /// included, and ends every notice and change in force; faults and pending take back only those; the others end
    /// what events changed of one kind. What the file still has to come stays, and so do its faults and the clock.
    /// With --in, --at or --instance, all only ends what is in force then, or for that instance
    #[arg(value_name = "WHAT", value_parser = variant_of_or::<model::ClearTarget>(&["faults", "pending"]), default_value = "all")]
    pub what: Vec<String>,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds rotate`.
#[derive(Debug, Args)]
#[command(after_help = examples::ROTATE)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds set`.
#[derive(Debug, Args)]
#[command(after_help = examples::SET)]
pub(crate) struct SetArgs {
    /// Path below the version, such as meta-data/public-ipv4
    #[arg(value_name = "PATH")]
    pub path: String,
    /// New value
    #[arg(value_name = "VALUE", required_unless_present_any = ["file", "remove", "unset"])]
    pub value: Option<String>,
    /// Read the new value from this file
    #[arg(long, value_name = "FILE", conflicts_with = "value")]
    pub file: Option<PathBuf>,
    /// Answer 404, also for everything below the path
    #[arg(long, conflicts_with_all = ["value", "file"])]
    pub remove: bool,
    /// Remove the override: answer from the scenario again
    #[arg(long, conflicts_with_all = ["value", "file", "remove"])]
    pub unset: bool,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds clock`.
#[derive(Debug, Args)]
#[command(after_help = examples::CLOCK)]
pub(crate) struct ClockArgs {
    #[command(subcommand)]
    pub movement: ClockCommand,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Server to ask, if several run: its port, address and port, node, "system" for the packaged service, or the path of
    /// its control socket [default: the first one of your own, else the packaged service]
    #[arg(long, value_name = "SERVER", env = "MOCK_IMDS_SERVER", hide_env_values = true, global = true)]
    pub server: Option<String>,
    /// Control socket; takes precedence over --server
    #[arg(long, value_name = "PATH", global = true)]
    pub control: Option<PathBuf>,
}

/// How to move the clock.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Move to a position on the timeline: 1m30s after the load, +30s forward, -30s back
    #[command(after_help = examples::CLOCK_SEEK)]
    Seek {
        /// Duration since the load; with + or -, from the current position
        #[arg(value_name = "DURATION", value_parser = clock_position, allow_hyphen_values = true)]
        to: String,
    },
    /// Pause the clock
    #[command(after_help = examples::CLOCK_PAUSE)]
    Pause,
    /// Resume the clock
    #[command(after_help = examples::CLOCK_RESUME)]
    Resume,
}

/// `mock-imds use`.
#[derive(Debug, Args)]
#[command(after_help = examples::USE)]
pub(crate) struct UseArgs {
    /// Name of a scenario in the library, or a file (has a slash or .toml in its name), which needs to be readable for you
    #[arg(value_name = "NAME|FILE", required_unless_present = "list")]
    pub scenario: Option<String>,
    /// Have the server read the file itself: as its own user, by this path, and again after a restart [default: its content
    /// is sent, with the files that it names]
    #[arg(long, requires = "scenario")]
    pub by_path: bool,
    /// List the library (needs no running server)
    #[arg(long, conflicts_with = "scenario")]
    pub list: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The library of scenarios
    #[arg(long, value_name = "DIR", hide = true)]
    pub library: Option<PathBuf>,
    #[command(flatten)]
    pub control: ControlArgs,
}
