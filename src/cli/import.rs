//! What is brought over from other programs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `mock-imds import FORMAT FILE`.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// A configuration file of amazon-ec2-metadata-mock
    Aemm(ImportAemm),
}

/// `mock-imds import aemm`.
#[derive(Debug, Args)]
pub struct ImportAemm {
    /// The file: JSON, YAML, TOML, properties, env or ini, as its name ends
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to write the scenario [default: to stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `mock-imds aemm`: the words are not ours to read.
#[derive(Debug, Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub struct Aemm {
    /// What amazon-ec2-metadata-mock would be told; --help lists it
    #[arg(value_name = "WORDS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}
