//! The command line: one struct per subcommand.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::observe::Level;

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
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve instance metadata
    Serve(Serve),
    /// Judge scenario files as a server would: every problem at once
    Check(Check),
    /// Make a running server load its scenario anew
    Reload(Reload),
    /// Say what a running server does
    Status(Status),
    /// Print what verifies the identity document
    #[command(subcommand)]
    Show(Show),
    /// Host networking: the link-local address and the nftables redirect (the units call it)
    #[command(subcommand)]
    Net(Net),
}

/// `mock-imds serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// What to serve [default: the unit's scenario.toml, else ~/.config/mock-imds/scenario.toml, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Where to listen; may be given several times [default: 127.0.0.1:1338]. Inherited sockets win
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    pub listen: Vec<SocketAddr>,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: Control,
    /// Where keys live [default: the unit's state directory, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `mock-imds check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `mock-imds show`: what to print.
#[derive(Debug, Subcommand)]
pub enum Show {
    /// The certificate that verifies a signature of the identity document, in PEM
    IdentityCertificate(IdentityCertificate),
}

/// `mock-imds show identity-certificate`.
#[derive(Debug, Args)]
pub struct IdentityCertificate {
    /// The leaf of dynamic/instance-identity/ that it verifies: rsa2048, pkcs7 or signature
    #[arg(default_value = "rsa2048", value_name = "LEAF", value_parser = ["rsa2048", "pkcs7", "signature"])]
    pub leaf: String,
    /// The server's state directory [default: /var/lib/mock-imds, else ~/.local/state/mock-imds]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `mock-imds reload`.
#[derive(Debug, Args)]
pub struct Reload {
    /// Where the control socket is.
    #[command(flatten)]
    pub control: Control,
}

/// `mock-imds status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Where the control socket is.
    #[command(flatten)]
    pub control: Control,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Where the control socket is.
#[derive(Debug, Args)]
pub struct Control {
    /// The control socket [default: /run/mock-imds/control.sock, else one in the user's own directories]
    #[arg(long = "control", value_name = "PATH")]
    pub path: Option<PathBuf>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "accepted: an address and a port, as 127.0.0.1:1338 or [::1]:1338".to_owned())
}

/// `mock-imds net`: what to do with the address and the tables.
#[derive(Debug, Subcommand)]
pub enum Net {
    /// Set up the network, watch over it, and take it down at the end
    ///
    /// Adds 169.254.169.254/32 to lo and the nftables tables "inet mock-imds" and "arp mock-imds", which the kernel
    /// removes when the process ends. Restores what somebody removes. SIGHUP applies a changed host.toml without a gap,
    /// SIGTERM takes everything down.
    Hold(NetArgs),
    /// Set up the network and leave it so
    Up(NetArgs),
    /// Remove what `up` or `hold` added; quiet when there is nothing
    Down(NetDown),
    /// Say what is set up, and by whom
    Status(NetStatus),
}

/// `mock-imds net hold` and `mock-imds net up`.
#[derive(Debug, Args)]
pub struct NetArgs {
    /// The host configuration; only the default file may be missing
    #[arg(long, value_name = "FILE", default_value = "/etc/mock-imds/host.toml")]
    pub config: PathBuf,
    /// Where the record of what was added and status.json live
    #[arg(long, value_name = "DIR", env = "RUNTIME_DIRECTORY", default_value = "/run/mock-imds-net")]
    pub runtime: PathBuf,
    /// Where the machine's DMI strings are read, to tell a real cloud machine
    #[arg(
        long,
        value_name = "DIR",
        env = "MOCK_IMDS_DMI_DIR",
        default_value = "/sys/class/dmi/id",
        hide = true
    )]
    pub dmi: PathBuf,
    /// Ordinary tables, as on a kernel that has no owned ones
    #[arg(long, hide = true)]
    pub ordinary_tables: bool,
}

/// `mock-imds net down`.
#[derive(Debug, Args)]
pub struct NetDown {
    /// Where the record of what was added lives
    #[arg(long, value_name = "DIR", env = "RUNTIME_DIRECTORY", default_value = "/run/mock-imds-net")]
    pub runtime: PathBuf,
}

/// `mock-imds net status`.
#[derive(Debug, Args)]
pub struct NetStatus {
    /// Where status.json lives
    #[arg(long, value_name = "DIR", default_value = "/run/mock-imds-net")]
    pub runtime: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
