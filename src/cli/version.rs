//! `mock-imds version`.

use clap::Args;

use super::examples;

/// `mock-imds version`.
#[derive(Debug, Args)]
#[command(after_help = examples::VERSION)]
pub(crate) struct VersionArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
