//! The verbs that change a running server.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::ControlArgs;
use crate::config::{DURATIONS, parse_duration};
use crate::model;
use crate::model::StringEnum;

/// When a change happens, and to whom.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// That much later, on the scenario's clock [default: now]
    #[arg(long = "in", value_name = "TIME", value_parser = span, conflicts_with = "at")]
    pub within: Option<String>,
    /// At an instant, in RFC 3339
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub at: Option<String>,
    /// To the instance of this name [default: to all]
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds spot`.
#[derive(Debug, Args)]
pub struct SpotArgs {
    /// What will be done
    #[arg(long, value_name = "ACTION", value_parser = variant_of::<model::SpotAction>(), default_value = "terminate")]
    pub action: String,
    /// How long before it is done the notice comes [default: 2m; 0s to hibernate]
    #[arg(long, value_name = "TIME", value_parser = span, conflicts_with = "time")]
    pub notice: Option<String>,
    /// When it is done, in RFC 3339
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub time: Option<String>,
    /// What the service does then: go on, or reset every connection
    #[arg(long, value_name = "THEN", value_parser = variant_of::<model::AfterNotice>(), default_value = "stay")]
    pub then: String,
    /// When, and to whom.
    #[command(flatten)]
    pub occasion: ScheduleArgs,
}

/// `mock-imds rebalance`.
#[derive(Debug, Args)]
pub struct RebalanceArgs {
    /// When, and to whom.
    #[command(flatten)]
    pub occasion: ScheduleArgs,
}

/// `mock-imds maintenance`.
#[derive(Debug, Args)]
pub struct MaintenanceArgs {
    /// The event's id; a known one changes that event [default: a new one]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Its kind [default: system-reboot]
    #[arg(long, value_name = "CODE", value_parser = variant_of::<model::MaintenanceCode>())]
    pub code: Option<String>,
    /// How far it is
    #[arg(long, value_name = "STATE", value_parser = variant_of::<model::MaintenanceState>(), default_value = "active")]
    pub state: String,
    /// What is said of it
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// When it may begin: a length of time, or an instant in RFC 3339 [default: in a week]
    #[arg(long, value_name = "WHEN", value_parser = due)]
    pub not_before: Option<String>,
    /// When it ends at the latest
    #[arg(long, value_name = "WHEN", value_parser = due)]
    pub not_after: Option<String>,
    /// When it must begin
    #[arg(long, value_name = "WHEN", value_parser = due)]
    pub not_before_deadline: Option<String>,
    /// When, and to whom.
    #[command(flatten)]
    pub occasion: ScheduleArgs,
}

/// `mock-imds lifecycle`.
#[derive(Debug, Args)]
pub struct LifecycleArgs {
    /// The target lifecycle state
    #[arg(value_name = "STATE", value_parser = variant_of::<model::TargetLifecycleState>())]
    pub state: String,
    /// When, and to whom.
    #[command(flatten)]
    pub occasion: ScheduleArgs,
}

/// `mock-imds clear`.
#[derive(Debug, Args)]
pub struct ClearArgs {
    /// What to take back
    #[arg(value_name = "WHAT", value_parser = variant_of::<model::ClearTarget>(), default_value = "all")]
    pub what: Vec<String>,
    /// When, and to whom.
    #[command(flatten)]
    pub occasion: ScheduleArgs,
}

/// `mock-imds rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// When, and to whom.
    #[command(flatten)]
    pub occasion: ScheduleArgs,
}

/// `mock-imds set`.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// A path below the version, as meta-data/public-ipv4
    #[arg(value_name = "PATH")]
    pub path: String,
    /// What it answers
    #[arg(value_name = "VALUE", required_unless_present_any = ["file", "remove", "unset"])]
    pub value: Option<String>,
    /// A file that holds what it answers
    #[arg(long, value_name = "FILE", conflicts_with = "value")]
    pub file: Option<PathBuf>,
    /// It answers 404, and so does what is below it
    #[arg(long, conflicts_with_all = ["value", "file"])]
    pub remove: bool,
    /// It answers what the scenario says again
    #[arg(long, conflicts_with_all = ["value", "file", "remove"])]
    pub unset: bool,
    /// When, and to whom.
    #[command(flatten)]
    pub occasion: ScheduleArgs,
}

/// `mock-imds clock`.
#[derive(Debug, Args)]
pub struct ClockArgs {
    /// How to move it.
    #[command(subcommand)]
    pub movement: ClockCommand,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The control socket [default: /run/mock-imds/control.sock, else one in the user's own directories]
    #[arg(long, value_name = "PATH", global = true)]
    pub control: Option<PathBuf>,
}

/// How to move the clock.
#[derive(Debug, Subcommand)]
pub enum ClockCommand {
    /// To a place of the timeline: 1m30s from loading, +30s on, -30s back
    Seek {
        /// Where to
        #[arg(value_name = "TIME", value_parser = place, allow_hyphen_values = true)]
        to: String,
    },
    /// Stand still
    Pause,
    /// Go on
    Resume,
}

/// `mock-imds use`.
#[derive(Debug, Args)]
pub struct UseArgs {
    /// A name of the library, or a file: a word with a slash or .toml in it
    #[arg(value_name = "NAME|FILE", required_unless_present = "list")]
    pub scenario: Option<String>,
    /// List the library; no server is needed
    #[arg(long, conflicts_with = "scenario")]
    pub list: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The library of scenarios
    #[arg(long, value_name = "DIR", hide = true)]
    pub library: Option<PathBuf>,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
}

/// Takes the strings of `T` and no other.
pub(super) fn variant_of<T>() -> impl clap::builder::TypedValueParser<Value = String>
where
    T: StringEnum,
{
    PossibleValuesParser::new(T::VARIANTS.iter().map(|variant| (*variant).into()))
}

pub(super) fn span(text: &str) -> Result<String, String> {
    parse_duration(text).map(|_: Duration| text.to_owned()).ok_or_else(|| format!("accepted: {DURATIONS}"))
}

pub(super) fn instant(text: &str) -> Result<String, String> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    parsed
        .map(|_| text.to_owned())
        .map_err(|_| "accepted: an RFC 3339 instant such as 2024-01-15T09:30:00Z".to_owned())
}

fn due(text: &str) -> Result<String, String> {
    span(text).or_else(|accepted| {
        instant(text).map_err(|_| format!("{accepted}, or an RFC 3339 instant such as 2024-01-15T09:30:00Z"))
    })
}

fn place(text: &str) -> Result<String, String> {
    let span_of = text.strip_prefix(['+', '-']).unwrap_or(text);
    span(span_of).map(|_| text.to_owned()).map_err(|accepted| {
        format!("{accepted}, from the loading on; with + or - before it, from where the clock is")
    })
}
