//! The command line: one struct per subcommand.

mod change;
mod fault;
mod import;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::config::{DURATIONS, parse_duration};
use crate::host::{cloud, runtime, settings};
use crate::journal::{ClientFilter, CommaSeparated, MethodFilter, OutcomeFilter, SinceFilter};
use crate::model::{Accepted, PathGlob};
use crate::observe::Level;

pub(crate) use change::{
    ClearArgs, ClockArgs, ClockCommand, LifecycleArgs, MaintenanceArgs, RebalanceArgs, RotateArgs,
    ScheduleArgs, SetArgs, SpotArgs, UseArgs,
};
pub(crate) use fault::FaultArgs;
pub(crate) use import::{
    AemmArgs, ImportAemmArgs, ImportArgs, ImportDumpArgs, ImportFormat, ImportMode, OutputArgs, RecordArgs,
    SecretsArgs,
};

/// An EC2 Instance Metadata Service for developer machines.
#[derive(Debug, Parser)]
#[command(name = "mock-imds", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// How much is logged
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "LEVEL",
        env = "MOCK_IMDS_LOG",
        default_value = "info",
        hide_possible_values = true
    )]
    pub log_level: Level,
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Serve instance metadata
    Serve(ServeArgs),
    /// Judge scenario files as a server would: every problem at once
    Check(CheckArgs),
    /// Make a running server load its scenario anew
    Reload(ReloadArgs),
    /// Say what a running server does
    Status(StatusArgs),
    /// Print what the service answers now, or what verifies the identity document
    Show(ShowArgs),
    /// Serve another scenario until the next reload
    Use(UseArgs),
    /// Announce a spot interruption
    Spot(SpotArgs),
    /// Recommend a rebalance
    Rebalance(RebalanceArgs),
    /// Schedule a maintenance event, or change one
    Maintenance(Box<MaintenanceArgs>),
    /// Say what the Auto Scaling group prepares
    Lifecycle(LifecycleArgs),
    /// Have something go wrong
    Fault(Box<FaultArgs>),
    /// Take back what events did
    Clear(ClearArgs),
    /// Make new generated credentials
    Rotate(RotateArgs),
    /// Have the last word on a path
    Set(SetArgs),
    /// Move the scenario's clock
    Clock(ClockArgs),
    /// List the requests of a running server's clients
    Requests(RequestsArgs),
    /// Wait for a request; exit with 1 if it does not come
    Wait(WaitArgs),
    /// Write the scenario that answers as a real service does
    Record(RecordArgs),
    /// Write the scenario of what other programs have
    Import(ImportArgs),
    /// Host networking: the link-local address and the nftables redirect (the units call it)
    #[command(subcommand)]
    Net(NetCommand),
    /// Find what is wrong on this host, and say the command that mends it
    Doctor(DoctorArgs),
    /// Be amazon-ec2-metadata-mock: its commands, flags, environment, files and answers
    Aemm(AemmArgs),
}

/// `mock-imds serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// What to serve [default: the unit's scenario.toml, else ~/.config/mock-imds/scenario.toml, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Where to listen; may be given several times [default: 127.0.0.1:1338]. Inherited sockets win
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    pub listen: Vec<SocketAddr>,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
    /// Where keys live [default: the unit's state directory, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Load the scenario anew whenever its file changes, as SIGHUP does
    #[arg(long)]
    pub watch: bool,
    /// The library of scenarios
    #[arg(long, value_name = "DIR", hide = true)]
    pub library: Option<PathBuf>,
}

/// `mock-imds check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `mock-imds show`: what to print.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ShowArgs {
    /// What a server keeps.
    #[command(subcommand)]
    pub kept: Option<ShowArtifact>,
    /// A path, such as meta-data/instance-id; without a version it is that of latest
    #[arg(required = true, value_name = "PATH")]
    pub path: Option<String>,
    /// Who asks [default: a process of this host]
    #[arg(long, value_name = "ADDR")]
    pub client: Option<IpAddr>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
}

/// What a server keeps and shows.
#[derive(Debug, Subcommand)]
pub enum ShowArtifact {
    /// The certificate that verifies a signature of the identity document, in PEM
    IdentityCertificate(IdentityCertificateArgs),
}

/// `mock-imds show identity-certificate`.
#[derive(Debug, Args)]
pub struct IdentityCertificateArgs {
    /// The leaf of dynamic/instance-identity/ that it verifies: rsa2048, pkcs7 or signature
    #[arg(default_value = "rsa2048", value_name = "LEAF", value_parser = ["rsa2048", "pkcs7", "signature"])]
    pub leaf: String,
    /// The server's state directory [default: /var/lib/mock-imds, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `mock-imds reload`.
#[derive(Debug, Args)]
pub struct ReloadArgs {
    /// Keep the scenario's clock and what was changed since the last load
    #[arg(long)]
    pub keep: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
    /// Go on and print it again when it has changed
    #[arg(long, short)]
    pub follow: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `mock-imds requests`.
#[derive(Debug, Args)]
pub struct RequestsArgs {
    /// Go on and print requests as they come
    #[arg(long, short)]
    pub follow: bool,
    /// Only those for a path: * is anything within a segment, ** any segments
    #[arg(long, value_name = "GLOB", value_parser = accepted::<PathGlob>)]
    pub path: Option<PathGlob>,
    /// Which requests.
    #[command(flatten)]
    pub filters: FilterArgs,
    /// The newest N at most [default: all that are kept; with --follow, 10]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print JSON, a line for each
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// A path, with or without its version: * is anything within a segment, ** any segments
    #[arg(value_parser = accepted::<PathGlob>)]
    pub path: PathGlob,
    /// Which requests.
    #[command(flatten)]
    pub filters: FilterArgs,
    /// The other way round: exit with 1 if such a request comes
    #[arg(long)]
    pub never: bool,
    /// From where on requests count: start (all that are kept), now, or the number of one
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = accepted::<SinceFilter>)]
    pub since: SinceFilter,
    /// How long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = length)]
    pub within: Duration,
    /// Print the request as JSON
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
}

/// Which requests.
#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Only those of clients: addresses, networks, or "host" for the processes of this host
    #[arg(long, value_name = "ADDR", value_parser = accepted::<CommaSeparated<ClientFilter>>)]
    pub client: Option<CommaSeparated<ClientFilter>>,
    /// Only those with a status: 404, 4xx, or "none" for no answer
    #[arg(long, value_name = "STATUS", value_parser = accepted::<CommaSeparated<OutcomeFilter>>)]
    pub status: Option<CommaSeparated<OutcomeFilter>>,
    /// Only those by a method: GET, PUT, ...
    #[arg(long, value_name = "METHOD", value_parser = accepted::<CommaSeparated<MethodFilter>>)]
    pub method: Option<CommaSeparated<MethodFilter>>,
    /// Only those of IMDSv1: without a token
    #[arg(long)]
    pub v1: bool,
    /// Only those of IMDSv2: with a token, or for one
    #[arg(long)]
    pub v2: bool,
}

/// Where the control socket is.
#[derive(Debug, Args)]
pub struct ControlArgs {
    /// The control socket [default: /run/mock-imds/control.sock, else one in the user's own directories]
    #[arg(id = "control", long, value_name = "PATH")]
    pub path: Option<PathBuf>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "accepted: an address and a port, as 127.0.0.1:1338 or [::1]:1338".to_owned())
}

fn accepted<T: FromStr<Err = Accepted>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|expected| format!("accepted: {expected}"))
}

fn length(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| format!("accepted: {DURATIONS}"))
}

/// `mock-imds net`: what to do with the address and the tables.
#[derive(Debug, Subcommand)]
pub enum NetCommand {
    /// Set up the network, watch over it, and take it down at the end
    ///
    /// Adds 169.254.169.254/32 to lo and the nftables tables "inet mock-imds" and "arp mock-imds", which the kernel
    /// removes when the process ends. Restores what somebody removes. SIGHUP applies a changed host.toml without a gap,
    /// SIGTERM takes everything down.
    Hold(NetArgs),
    /// Set up the network and leave it so
    Up(NetArgs),
    /// Remove what `up` or `hold` added; quiet when there is nothing
    Down(NetDownArgs),
    /// Say what is set up, and by whom
    Status(NetStatusArgs),
}

/// `mock-imds net hold` and `mock-imds net up`.
#[derive(Debug, Args)]
pub struct NetArgs {
    /// The host configuration; only the default file may be missing
    #[arg(long, value_name = "FILE", default_value = settings::DEFAULT_PATH)]
    pub config: PathBuf,
    /// Where the record of what was added and status.json live
    #[arg(long, value_name = "DIR", env = "RUNTIME_DIRECTORY", default_value = runtime::DEFAULT_DIRECTORY)]
    pub runtime: PathBuf,
    /// Where the machine's DMI strings are read, to tell a real cloud machine
    #[arg(
        long,
        value_name = "DIR",
        env = "MOCK_IMDS_DMI_DIR",
        default_value = cloud::DMI,
        hide = true
    )]
    pub dmi: PathBuf,
    /// Ordinary tables, as on a kernel that has no owned ones
    #[arg(long, hide = true)]
    pub ordinary_tables: bool,
}

/// `mock-imds net down`.
#[derive(Debug, Args)]
pub struct NetDownArgs {
    /// Where the record of what was added lives
    #[arg(long, value_name = "DIR", env = "RUNTIME_DIRECTORY", default_value = runtime::DEFAULT_DIRECTORY)]
    pub runtime: PathBuf,
}

/// `mock-imds net status`.
#[derive(Debug, Args)]
pub struct NetStatusArgs {
    /// Where status.json lives
    #[arg(long, value_name = "DIR", default_value = runtime::DEFAULT_DIRECTORY)]
    pub runtime: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `mock-imds doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
    /// The root of the files that are looked at
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    pub root: PathBuf,
    /// Where status.json lives
    #[arg(long, value_name = "DIR", default_value = runtime::DEFAULT_DIRECTORY, hide = true)]
    pub runtime: PathBuf,
    /// The host configuration
    #[arg(long, value_name = "FILE", default_value = settings::DEFAULT_PATH, hide = true)]
    pub config: PathBuf,
    /// Where the machine's DMI strings are read
    #[arg(long, value_name = "DIR", default_value = cloud::DMI, hide = true)]
    pub dmi: PathBuf,
}
