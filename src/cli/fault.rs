//! `mock-imds fault`.

use clap::{ArgGroup, Args, Subcommand};

use super::control::ControlArgs;
use super::examples;
use super::fault_flags::FaultFlags;
use super::parsers::accepted;
use crate::model::FaultName;
use crate::model::fault::EffectKey;

/// `mock-imds fault`.
#[derive(Debug, Args)]
#[command(
    after_help = examples::FAULT,
    override_usage = "mock-imds fault <EFFECT>... [OPTIONS]\n       mock-imds fault list|set|remove ...",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
#[command(group = ArgGroup::new("effect").multiple(true).required(true).args(EffectKey::names()).args(["body-text", "clear"]))]
pub(crate) struct FaultArgs {
    #[command(subcommand)]
    pub command: Option<FaultCommand>,
    /// Name; a fault that has it is replaced, one of the scenario too [default: a free one, such as injected-1]
    #[arg(long, value_name = "FAULT", value_parser = accepted::<FaultName>)]
    pub name: Option<FaultName>,
    #[command(flatten)]
    pub flags: FaultFlags,
    /// Take back all orders about faults: those of the scenario are in force again as it has them
    #[arg(long, conflicts_with_all = EffectKey::names().chain(["body-text"]))]
    pub clear: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// What else is done with faults.
#[derive(Debug, Subcommand)]
pub(crate) enum FaultCommand {
    /// List the faults: what they hit, how often, where they come from, and the time left
    List(FaultListArgs),
    /// Change a fault, one of the scenario too; what is not given stays as it is
    Set(Box<FaultSetArgs>),
    /// Remove faults, those of the scenario too, until the next load
    Remove(FaultRemoveArgs),
}

/// `mock-imds fault list`.
#[derive(Debug, Args)]
#[command(after_help = examples::FAULT_LIST)]
pub(crate) struct FaultListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds fault set`.
#[derive(Debug, Args)]
#[command(after_help = examples::FAULT_SET)]
pub(crate) struct FaultSetArgs {
    /// Name of the fault
    #[arg(value_name = "FAULT", value_parser = accepted::<FaultName>)]
    pub name: FaultName,
    #[command(flatten)]
    pub flags: FaultFlags,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds fault remove`.
#[derive(Debug, Args)]
#[command(after_help = examples::FAULT_REMOVE)]
pub(crate) struct FaultRemoveArgs {
    /// Names of faults
    #[arg(value_name = "FAULT", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Remove all of them
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}
