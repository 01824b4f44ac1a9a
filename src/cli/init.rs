//! `mock-imds init`.

use std::path::PathBuf;

use clap::Args;

use super::examples;

/// `mock-imds init`.
#[derive(Debug, Args)]
#[command(after_help = examples::INIT)]
pub(crate) struct InitArgs {
    /// File to write, or the directory to write it to [default: /etc/mock-imds]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Write host.toml, the guardian's configuration, in the place of scenario.toml
    #[arg(long, conflicts_with_all = ["instance_type", "availability_zone", "account_id", "http_tokens", "role"])]
    pub host: bool,
    /// Instance type, such as c7g.large
    #[arg(long, value_name = "TYPE")]
    pub instance_type: Option<String>,
    /// Availability zone, such as eu-west-1b; the region follows from it
    #[arg(long, value_name = "ZONE")]
    pub availability_zone: Option<String>,
    /// Account id: 12 digits
    #[arg(long, value_name = "ID")]
    pub account_id: Option<String>,
    /// Whether requests need a session token: optional or required
    #[arg(long, value_name = "TOKENS")]
    pub http_tokens: Option<String>,
    /// Name of the role whose credentials programs get
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// Ask nothing: without options the built-in instance [default: on a terminal, without options, ask for each]
    #[arg(long, short)]
    pub yes: bool,
}
