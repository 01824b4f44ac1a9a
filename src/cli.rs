//! The command line: one struct per subcommand.

mod change;
mod examples;
mod fault;
mod global;
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

/// EC2 Instance Metadata Service for developer machines.
#[derive(Debug, Parser)]
#[command(
    name = "mock-imds",
    version,
    propagate_version = true,
    max_term_width = 100,
    disable_help_flag = true,
    disable_version_flag = true,
    args = global::help_and_version(),
    mut_subcommands = global::add,
    after_help = examples::ROOT
)]
pub struct Cli {
    /// Log level: error, warn, info, debug or trace
    #[arg(
        long,
        global = true,
        help_heading = global::HEADING,
        display_order = 1000,
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
    /// Run the metadata service in the foreground
    Serve(ServeArgs),
    /// Validate scenario files
    Check(CheckArgs),
    /// Reload the scenario of the running server
    Reload(ReloadArgs),
    /// Show the status of the running server
    Status(StatusArgs),
    /// Print the value of a path, or the certificate of the identity document
    Show(ShowArgs),
    /// Switch to another scenario until the next reload
    Use(UseArgs),
    /// Issue a spot interruption notice
    Spot(SpotArgs),
    /// Issue a rebalance recommendation
    Rebalance(RebalanceArgs),
    /// Schedule or update a maintenance event
    Maintenance(Box<MaintenanceArgs>),
    /// Set the Auto Scaling target lifecycle state
    Lifecycle(LifecycleArgs),
    /// Inject a fault
    Fault(Box<FaultArgs>),
    /// Clear what events changed
    Clear(ClearArgs),
    /// Rotate the generated credentials
    Rotate(RotateArgs),
    /// Override the value of a path
    Set(SetArgs),
    /// Seek, pause or resume the clock of the scenario
    Clock(ClockArgs),
    /// List the requests that the running server received
    Requests(RequestsArgs),
    /// Wait for a request, exit with 1 if there is none
    Wait(WaitArgs),
    /// Record a metadata service as a scenario file
    Record(RecordArgs),
    /// Convert other programs' files to a scenario file
    Import(ImportArgs),
    /// Manage the link-local address and the nftables redirect (called by the systemd units)
    #[command(subcommand, after_help = examples::NET)]
    Net(NetCommand),
    /// Diagnose this host and print the commands that fix it
    Doctor(DoctorArgs),
    /// Run as amazon-ec2-metadata-mock: its commands, flags, environment, files and answers
    Aemm(AemmArgs),
}

/// `mock-imds serve`.
#[derive(Debug, Args)]
#[command(after_help = examples::SERVE)]
pub struct ServeArgs {
    /// Scenario file [default: the unit's scenario.toml, else ~/.config/mock-imds/scenario.toml, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Listen address, repeatable [default: 127.0.0.1:1338]. Sockets inherited from systemd take precedence
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    pub listen: Vec<SocketAddr>,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
    /// State directory, for the keys [default: the unit's, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Reload the scenario whenever its file changes, as SIGHUP does
    #[arg(long)]
    pub watch: bool,
    /// The library of scenarios
    #[arg(long, value_name = "DIR", hide = true)]
    pub library: Option<PathBuf>,
}

/// `mock-imds check`.
#[derive(Debug, Args)]
#[command(after_help = examples::CHECK)]
pub struct CheckArgs {
    /// Scenario files to validate
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `mock-imds show`: what to print.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = examples::SHOW)]
pub struct ShowArgs {
    /// What a server keeps.
    #[command(subcommand)]
    pub kept: Option<ShowArtifact>,
    /// Path, such as meta-data/instance-id; below latest unless it starts with a version
    #[arg(required = true, value_name = "PATH")]
    pub path: Option<String>,
    /// Answer as for a client with this address [default: a process of this host]
    #[arg(long, value_name = "ADDR", value_parser = ip)]
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
    /// Print the certificate that verifies the identity document, in PEM
    IdentityCertificate(IdentityCertificateArgs),
}

/// `mock-imds show identity-certificate`.
#[derive(Debug, Args)]
#[command(after_help = examples::IDENTITY_CERTIFICATE)]
pub struct IdentityCertificateArgs {
    /// Which signature below dynamic/instance-identity/ it verifies
    #[arg(default_value = "rsa2048", value_name = "LEAF", value_parser = ["rsa2048", "pkcs7", "signature"])]
    pub leaf: String,
    /// State directory of the server [default: /var/lib/mock-imds, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `mock-imds reload`.
#[derive(Debug, Args)]
#[command(after_help = examples::RELOAD)]
pub struct ReloadArgs {
    /// Keep the clock, and the changes made since the last load
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
#[command(after_help = examples::STATUS)]
pub struct StatusArgs {
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
    /// Keep running, and print the status again whenever it changes
    #[arg(long, short)]
    pub follow: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `mock-imds requests`.
#[derive(Debug, Args)]
#[command(after_help = examples::REQUESTS)]
pub struct RequestsArgs {
    /// Keep running, and print requests as they arrive
    #[arg(long, short)]
    pub follow: bool,
    /// Only requests for this path: * matches within a segment, ** any number of segments
    #[arg(long, value_name = "GLOB", value_parser = accepted::<PathGlob>)]
    pub path: Option<PathGlob>,
    /// Which requests.
    #[command(flatten)]
    pub filters: FilterArgs,
    /// Only the newest N [default: all that are kept; with --follow, 10]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print JSON, one line for each request
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds wait`.
#[derive(Debug, Args)]
#[command(after_help = examples::WAIT)]
pub struct WaitArgs {
    /// Path, with or without its version: * matches within a segment, ** any number of segments
    #[arg(value_parser = accepted::<PathGlob>)]
    pub path: PathGlob,
    /// Which requests.
    #[command(flatten)]
    pub filters: FilterArgs,
    /// Exit with 1 if such a request arrives, with 0 if none does
    #[arg(long)]
    pub never: bool,
    /// Consider requests from here on: start (all that are kept), now, or after the request of this number
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = accepted::<SinceFilter>)]
    pub since: SinceFilter,
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = length)]
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
    /// Only requests from these clients: addresses, networks, or "host" for processes of this host
    #[arg(long, value_name = "ADDR", value_parser = accepted::<CommaSeparated<ClientFilter>>)]
    pub client: Option<CommaSeparated<ClientFilter>>,
    /// Only requests with these statuses: 404, 4xx, or "none" for no response
    #[arg(long, value_name = "STATUS", value_parser = accepted::<CommaSeparated<OutcomeFilter>>)]
    pub status: Option<CommaSeparated<OutcomeFilter>>,
    /// Only requests with these methods: GET, PUT, ...
    #[arg(long, value_name = "METHOD", value_parser = accepted::<CommaSeparated<MethodFilter>>)]
    pub method: Option<CommaSeparated<MethodFilter>>,
    /// Only IMDSv1: requests without a token
    #[arg(long)]
    pub v1: bool,
    /// Only IMDSv2: requests with a token, or for one
    #[arg(long)]
    pub v2: bool,
}

/// Where the control socket is.
#[derive(Debug, Args)]
pub struct ControlArgs {
    /// Control socket [default: /run/mock-imds/control.sock, else one in your own directories]
    #[arg(id = "control", long, value_name = "PATH")]
    pub path: Option<PathBuf>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an address and a port, such as 127.0.0.1:1338 or [::1]:1338".to_owned())
}

fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "expected an IP address such as 172.17.0.2".to_owned())
}

fn accepted<T: FromStr<Err = Accepted>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|expected| format!("expected {expected}"))
}

fn length(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| format!("expected {DURATIONS}"))
}

/// `mock-imds net`: what to do with the address and the tables.
#[derive(Debug, Subcommand)]
pub enum NetCommand {
    /// Set up the network, keep it so, and remove everything on exit
    ///
    /// Adds 169.254.169.254/32 to lo and the nftables tables "inet mock-imds" and "arp mock-imds", which the kernel
    /// removes when the process ends. Restores whatever is removed meanwhile. SIGHUP applies a changed host.toml without
    /// a gap, SIGTERM removes everything.
    #[command(after_help = examples::NET_HOLD)]
    Hold(NetArgs),
    /// Set up the network and exit
    #[command(after_help = examples::NET_UP)]
    Up(NetArgs),
    /// Remove what `up` or `hold` added, if anything
    #[command(after_help = examples::NET_DOWN)]
    Down(NetDownArgs),
    /// Show what is set up, and by which process
    #[command(after_help = examples::NET_STATUS)]
    Status(NetStatusArgs),
}

/// `mock-imds net hold` and `mock-imds net up`.
#[derive(Debug, Args)]
pub struct NetArgs {
    /// Host configuration; only the default file may be missing
    #[arg(long, value_name = "FILE", default_value = settings::DEFAULT_PATH)]
    pub config: PathBuf,
    /// Runtime directory, for status.json and the record of what was added
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
    /// Runtime directory, with the record of what was added
    #[arg(long, value_name = "DIR", env = "RUNTIME_DIRECTORY", default_value = runtime::DEFAULT_DIRECTORY)]
    pub runtime: PathBuf,
}

/// `mock-imds net status`.
#[derive(Debug, Args)]
pub struct NetStatusArgs {
    /// Runtime directory, with status.json
    #[arg(long, value_name = "DIR", default_value = runtime::DEFAULT_DIRECTORY)]
    pub runtime: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `mock-imds doctor`.
#[derive(Debug, Args)]
#[command(after_help = examples::DOCTOR)]
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
