//! `mock-imds conform`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::examples;
use super::parsers::{accepted, duration, target};
use crate::record::{Rate, Target};

#[derive(Debug, Args)]
#[command(after_help = examples::CONFORM)]
pub(crate) struct ConformArgs {
    /// URL of the metadata service; http:// may be left out
    #[arg(value_name = "URL", value_parser = target, required_unless_present = "list")]
    pub url: Option<Target>,
    /// What the service claims to be: ec2, aemm, or a file with the checks to skip
    #[arg(long, value_name = "NAME|FILE", default_value = "ec2")]
    pub profile: String,
    /// Verify the identity document's signatures with this PEM certificate; each of the three has one
    #[arg(long, value_name = "FILE")]
    pub certificate: Vec<PathBuf>,
    /// Make only the checks of this name or group; * stands for any characters
    #[arg(long, value_name = "PATTERN")]
    pub only: Vec<String>,
    /// List the checks, and ask nothing
    #[arg(long)]
    pub list: bool,
    /// Show passed and skipped checks, too
    #[arg(long, conflicts_with = "json")]
    pub verbose: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Write a JUnit report to this file, too; one that is there is replaced
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub junit: Option<PathBuf>,
    /// Requests per second
    #[arg(long, value_name = "N", default_value = "20", value_parser = accepted::<Rate>)]
    pub rate: Rate,
    /// End after this time
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub max_time: Duration,
}
