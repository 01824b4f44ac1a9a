//! `mock-imds check` and `mock-imds schema`.

use std::path::PathBuf;

use clap::Args;

use super::examples;
use crate::schema::SchemaSubject;

/// `mock-imds check`.
#[derive(Debug, Args)]
#[command(after_help = examples::CHECK)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct CheckArgs {
    /// Scenario files to validate, or host.toml; - is the standard input. Or names of scenarios in the library
    #[arg(required = true, value_name = "NAME|FILE")]
    pub files: Vec<PathBuf>,
    /// Validate all files as host.toml [default: a file of that name, or with its table `host`]
    #[arg(long)]
    pub host: bool,
    /// Reject files with warnings, too
    #[arg(long, visible_alias = "deny-warnings")]
    pub strict: bool,
    /// Print the problems as JSON
    #[arg(long)]
    pub json: bool,
    /// Print the problems as SARIF 2.1.0, which code scanning services take
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
    /// The name of the standard input's file: for reports, and for the files that it names
    #[arg(long, value_name = "FILE")]
    pub stdin_name: Option<PathBuf>,
}

/// `mock-imds schema`.
#[derive(Debug, Args)]
#[command(after_help = examples::SCHEMA)]
pub(crate) struct SchemaArgs {
    /// The file that the schema is of
    #[arg(
        value_enum,
        value_name = "scenario|host",
        default_value = "scenario",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub subject: SchemaSubject,
}
