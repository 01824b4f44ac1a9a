//! `mock-imds net` and `mock-imds doctor`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

use super::control::ControlArgs;
use super::examples;
use super::parsers::switch;
use crate::host::{cloud, connection_faults, runtime, settings, takeover};

/// `mock-imds net`: what to do with the address and the tables.
#[derive(Debug, Subcommand)]
pub(crate) enum NetCommand {
    /// Set up the network, keep it so, and remove everything on exit
    ///
    /// Adds 169.254.169.254/32, or the addresses of the endpoints in host.toml, to lo and the nftables tables "inet
    /// mock-imds" and "arp mock-imds", which the kernel removes when the process ends. Restores whatever is removed
    /// meanwhile. SIGHUP applies a changed host.toml without a gap, SIGTERM removes everything.
    #[command(after_help = examples::NET_HOLD)]
    Hold(NetHoldArgs),
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
pub(crate) struct NetArgs {
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
    /// Start on a real cloud machine too, and hide its metadata, as with allow-takeover = true in the host configuration
    #[arg(long, env = takeover::VARIABLE, value_parser = switch, action = ArgAction::SetTrue)]
    pub allow_takeover: bool,
    /// Ordinary tables, as on a kernel that has no owned ones
    #[arg(long, hide = true)]
    pub ordinary_tables: bool,
}

/// `mock-imds net hold`.
#[derive(Debug, Args)]
pub(crate) struct NetHoldArgs {
    #[command(flatten)]
    pub net: NetArgs,
    /// Runtime directory of the server, where it lists the connections that this refuses or loses for its faults
    #[arg(long, value_name = "DIR", default_value = connection_faults::SERVER_DIRECTORY)]
    pub server_runtime: PathBuf,
}

/// `mock-imds net down`.
#[derive(Debug, Args)]
pub(crate) struct NetDownArgs {
    /// Runtime directory, with the record of what was added
    #[arg(long, value_name = "DIR", env = "RUNTIME_DIRECTORY", default_value = runtime::DEFAULT_DIRECTORY)]
    pub runtime: PathBuf,
}

/// `mock-imds net status`.
#[derive(Debug, Args)]
pub(crate) struct NetStatusArgs {
    /// Runtime directory, with status.json
    #[arg(long, value_name = "DIR", default_value = runtime::DEFAULT_DIRECTORY)]
    pub runtime: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where the machine's DMI strings are read
    #[arg(long, value_name = "DIR", env = "MOCK_IMDS_DMI_DIR", default_value = cloud::DMI, hide = true)]
    pub dmi: PathBuf,
    /// The host configuration
    #[arg(long, value_name = "FILE", default_value = settings::DEFAULT_PATH, hide = true)]
    pub config: PathBuf,
}

/// `mock-imds doctor`.
#[derive(Debug, Args)]
#[command(after_help = examples::DOCTOR)]
pub(crate) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
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
    #[arg(long, value_name = "DIR", env = "MOCK_IMDS_DMI_DIR", default_value = cloud::DMI, hide = true)]
    pub dmi: PathBuf,
}
