//! `mock-imds record`, `mock-imds import` and `mock-imds aemm`: what is brought over.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::examples;
use super::parsers::{accepted, duration, endpoint, target};
use crate::ec2_api::ApiEndpoint;
use crate::record::{Rate, Target};

/// `mock-imds record`.
#[derive(Debug, Args)]
#[command(after_help = examples::RECORD)]
pub(crate) struct RecordArgs {
    /// URL of the metadata service; http:// may be left out
    #[arg(value_name = "URL", default_value = "http://169.254.169.254", value_parser = target)]
    pub url: Target,
    /// Requests per second
    #[arg(long, value_name = "N", default_value = "5", value_parser = accepted::<Rate>)]
    pub rate: Rate,
    /// End after this time with what was recorded until then
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub max_time: Duration,
    #[command(flatten)]
    pub secrets: SecretsArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `mock-imds import`: of a file whose kind is found out, or of a kind that is named.
#[derive(Debug, Args)]
#[command(after_help = examples::IMPORT, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct ImportArgs {
    /// File or directory of any kind that `mock-imds import` reads
    #[arg(value_name = "DIR|FILE", required = true)]
    pub path: Option<PathBuf>,
    #[command(flatten)]
    pub aemm: AemmFileArgs,
    #[command(flatten)]
    pub list: InstanceListArgs,
    #[command(flatten)]
    pub secrets: SecretsArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(subcommand)]
    pub format: Option<ImportFormat>,
}

/// The kinds.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFormat {
    /// Convert a configuration file of amazon-ec2-metadata-mock
    Aemm(ImportAemmArgs),
    /// Convert what was kept of a metadata service: a dump, a JSON tree, facts of a tool
    Dump(ImportDumpArgs),
    /// Convert what an emulator's EC2 API says of an instance
    Ec2(ImportEc2Args),
}

/// `mock-imds import aemm`.
#[derive(Debug, Args)]
#[command(after_help = examples::IMPORT_AEMM)]
pub(crate) struct ImportAemmArgs {
    /// Configuration file; its extension tells the format
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub aemm: AemmFileArgs,
    #[command(flatten)]
    pub secrets: CredentialsArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How a configuration file of amazon-ec2-metadata-mock is converted.
#[derive(Debug, Args)]
pub(crate) struct AemmFileArgs {
    /// The ec2-metadata-mock command that it was used with: with its notices. Without it: those that the file mentions
    #[arg(long, value_name = "COMMAND", value_enum)]
    pub mode: Option<ImportMode>,
    /// Answer as the original does, path by path, instead of saying what the file says
    #[arg(long)]
    pub exact: bool,
}

/// What amazon-ec2-metadata-mock plays besides the static tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportMode {
    /// No command: everything
    All,
    /// The spot interruption and the rebalance recommendation
    Spot,
    /// The scheduled event
    Events,
    /// The target lifecycle state
    #[value(name = "asglifecycle")]
    AsgLifecycle,
}

/// `mock-imds import dump`.
#[derive(Debug, Args)]
#[command(after_help = examples::IMPORT_DUMP)]
pub(crate) struct ImportDumpArgs {
    /// Directory with one file for each path, or a file
    #[arg(value_name = "DIR|FILE")]
    pub path: PathBuf,
    #[command(flatten)]
    pub list: InstanceListArgs,
    #[command(flatten)]
    pub secrets: SecretsArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which instance of a list is taken.
#[derive(Debug, Args)]
pub(crate) struct InstanceListArgs {
    /// Of the output of `aws ec2 describe-instances`: the instance with this id instead of the first
    #[arg(long, value_name = "ID")]
    pub instance: Option<String>,
}

/// `mock-imds import ec2`.
#[derive(Debug, Args)]
#[command(after_help = examples::IMPORT_EC2)]
pub(crate) struct ImportEc2Args {
    /// Instance id
    #[arg(value_name = "ID")]
    pub instance: String,
    /// URL of the API, on this host or in a private network; http:// may be left out
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub endpoint: ApiEndpoint,
    /// Region of the instance [default: that of the environment, else us-east-1]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Send the request without a signature instead of with the keys of the environment
    #[arg(long)]
    pub no_sign_request: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Whether credentials are taken along.
#[derive(Debug, Args)]
pub(crate) struct CredentialsArgs {
    /// Include the real credentials of the role
    #[arg(long)]
    pub with_credentials: bool,
}

/// Which secrets are taken along.
#[derive(Debug, Args)]
pub(crate) struct SecretsArgs {
    #[command(flatten)]
    pub credentials: CredentialsArgs,
    /// Include the user data
    #[arg(long)]
    pub with_user_data: bool,
}

/// Where a scenario goes.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Scenario file to write [default: standard output]
    #[arg(id = "output", short = 'o', long = "output", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    pub force: bool,
}

/// `mock-imds aemm`: the words are not ours to read.
#[derive(Debug, Args)]
#[command(disable_help_flag = true, disable_version_flag = true, after_help = examples::AEMM)]
pub(crate) struct AemmArgs {
    /// Arguments of amazon-ec2-metadata-mock; see mock-imds aemm --help
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}
