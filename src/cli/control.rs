//! The options of every subcommand that asks a running server.

use std::path::PathBuf;

use clap::Args;

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct ControlArgs {
    /// Server to ask, if several run: its port, address and port, node, "system" for the packaged service, or the path of
    /// its control socket [default: the first one of your own, else the packaged service]
    #[arg(long, value_name = "SERVER", env = "MOCK_IMDS_SERVER", hide_env_values = true)]
    pub server: Option<String>,
    /// Control socket; takes precedence over --server
    #[arg(id = "control", long, value_name = "PATH")]
    pub path: Option<PathBuf>,
}
