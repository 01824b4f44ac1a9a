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
    #[arg(long)]
    pub host: bool,
}
