//! The option of every subcommand that asks the running server.

use std::path::PathBuf;

use clap::Args;

/// Where the control socket is.
#[derive(Debug, Args)]
pub(crate) struct ControlArgs {
    /// Control socket [default: /run/mock-imds/control.sock, else one in your own directories]
    #[arg(id = "control", long, value_name = "PATH")]
    pub path: Option<PathBuf>,
}
