//! The command line: one struct per subcommand.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// An EC2 Instance Metadata Service for developer machines.
#[derive(Debug, Parser)]
#[command(name = "mock-imds", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Host networking: the link-local address and the nftables redirect (the units call it)
    #[command(subcommand)]
    Net(Net),
}

/// `mock-imds net`: what to do with the address and the table.
#[derive(Debug, Subcommand)]
pub enum Net {
    /// Set up the network, watch over it, and take it down at the end
    Hold(NetArgs),
    /// Set up the network and leave it so
    Up(NetArgs),
    /// Remove what `up` or `hold` added
    Down(NetArgs),
    /// Say what is set up, and by whom
    Status(NetStatus),
}

/// Where the guardian's files are.
#[derive(Debug, Args)]
pub struct NetArgs {
    /// The host configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/mock-imds/host.toml")]
    pub config: PathBuf,
    /// Where the record of what was added and status.json live
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
