//! `mock-imds serve`, `show`, `reload`, `status` and `metrics`.

use std::net::IpAddr;
use std::os::fd::RawFd;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::control::ControlArgs;
use super::examples;
use super::parsers::{accepted, endpoint_address, inherited_descriptor, ip};
use crate::model::{ListenEndpoint, NodeName};

/// `mock-imds serve`.
#[derive(Debug, Default, Args)]
#[command(after_help = examples::SERVE)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ServeArgs {
    /// Scenario file, or name of a scenario in the library [default: the unit's scenario.toml, else
    /// ~/.config/mock-imds/scenario.toml, else the built-in one]
    #[arg(long, value_name = "NAME|FILE")]
    pub scenario: Option<PathBuf>,
    /// The same as --scenario
    #[arg(value_name = "NAME|FILE", conflicts_with = "scenario")]
    pub file: Option<PathBuf>,
    /// Listen address, repeatable [default: 127.0.0.1:1338]; a port alone is one of 127.0.0.1. With ecs=, pod-identity= or
    /// imds= before it only that endpoint is served there. Sockets inherited from systemd take precedence
    #[arg(long, value_name = "[ENDPOINT=]ADDR:PORT", value_parser = endpoint_address)]
    pub listen: Vec<ListenEndpoint>,
    /// Control socket [default: in the unit's directory, else in your own; by the port beside another server of yours]
    #[arg(long, value_name = "PATH")]
    pub control: Option<PathBuf>,
    /// State directory, for the keys [default: the unit's, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Print no line for each request, which a terminal gets at the log level info
    #[arg(long, short)]
    pub quiet: bool,
    /// Reload the scenario whenever its file changes, as SIGHUP does
    #[arg(long)]
    pub watch: bool,
    /// What to serve if the scenario is rejected at the start: last-good, the last scenario that was read without a
    /// mistake, else the built-in one [default: nothing, exit with 78]
    #[arg(long, value_name = "SCENARIO")]
    pub fallback: Option<FallbackArg>,
    /// Fail where no guardian has set up the network, with its reason; for the unit
    #[arg(long, hide = true)]
    pub require_network: bool,
    /// Play the EC2 instance of this node: the one of `[instances]` that names it in `nodes`, else `[instance]`; its
    /// identity follows from the name
    #[arg(long, value_name = "NAME", env = "MOCK_IMDS_NODE", value_parser = accepted::<NodeName>)]
    pub node: Option<NodeName>,
    /// Private address of the node's instance, repeatable or separated by commas [default: one that follows from the name]
    #[arg(
        long,
        value_name = "ADDR",
        env = "MOCK_IMDS_NODE_ADDRESSES",
        requires = "node",
        value_delimiter = ',',
        value_parser = ip
    )]
    pub node_address: Vec<IpAddr>,
    /// Print a line of JSON instead of a sentence when it serves: its URL, control socket, process id and instance
    #[arg(long)]
    pub ready_json: bool,
    /// Write that line to this inherited file descriptor, and close it
    #[arg(long, value_name = "N", value_parser = inherited_descriptor)]
    pub ready_fd: Option<RawFd>,
    /// End, as on SIGTERM, when standard input reaches its end: with a pipe, when the program that started it has ended
    #[arg(long)]
    pub until_stdin_closes: bool,
    /// The library of scenarios
    #[arg(long, value_name = "DIR", hide = true)]
    pub library: Option<PathBuf>,
}

/// What to serve in the place of a rejected scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FallbackArg {
    LastGood,
}

/// `mock-imds show`: what to print.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = examples::SHOW)]
pub(crate) struct ShowArgs {
    #[command(subcommand)]
    pub artifact: Option<ShowArtifact>,
    /// Path, such as meta-data/instance-id; below latest unless it starts with a version, or is of another endpoint: ecs/,
    /// pod-identity/
    #[arg(required_unless_present = "scenario", value_name = "PATH")]
    pub path: Option<String>,
    /// Answer as for a client with this address [default: a process of this host]
    #[arg(long, value_name = "ADDR", value_parser = ip)]
    pub client: Option<IpAddr>,
    /// Print a scenario of the library, to start from (needs no running server)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["path", "client", "json"])]
    pub scenario: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// What a server keeps and shows.
#[derive(Debug, Subcommand)]
pub(crate) enum ShowArtifact {
    /// Print the certificate that verifies the identity document, in PEM
    IdentityCertificate(IdentityCertificateArgs),
}

/// `mock-imds show identity-certificate`.
#[derive(Debug, Args)]
#[command(after_help = examples::IDENTITY_CERTIFICATE)]
pub(crate) struct IdentityCertificateArgs {
    /// Which signature below dynamic/instance-identity/ it verifies
    #[arg(default_value = "rsa2048", value_name = "LEAF", value_parser = ["rsa2048", "pkcs7", "signature"])]
    pub leaf: String,
    /// State directory of the server [default: /var/lib/mock-imds, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `mock-imds reload`.
#[derive(Debug, Args)]
#[command(after_help = examples::RELOAD)]
pub(crate) struct ReloadArgs {
    /// Keep the clock, and the changes made since the last load
    #[arg(long)]
    pub keep: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds status`.
#[derive(Debug, Args)]
#[command(after_help = examples::STATUS)]
pub(crate) struct StatusArgs {
    /// Keep running: on a terminal redraw the status in place until q, else print it again whenever it changes
    #[arg(long, short)]
    pub follow: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds metrics`.
#[derive(Debug, Args)]
#[command(after_help = examples::METRICS)]
pub(crate) struct MetricsArgs {
    #[command(flatten)]
    pub control: ControlArgs,
}
