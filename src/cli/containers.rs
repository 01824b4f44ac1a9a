//! The verbs that change what containers meet: the task of Amazon ECS, associations of EKS Pod Identity, and their agents.

use clap::{Args, Subcommand, ValueEnum};

use super::change::TimingArgs;
use super::parsers::{accepted, duration_text, number, variant_of};
use crate::model::{self, EcsName, RoleName, ServiceAccount};

const ECS_EXAMPLES: &str = "\
Examples:
  mock-imds ecs stop --timeout 10s
  mock-imds ecs container app --health UNHEALTHY
  mock-imds ecs container app --stopped --exit-code 1 --in 30s
  mock-imds ecs protection blocked
  mock-imds ecs restart-agent --down 5s";

const POD_IDENTITY_EXAMPLES: &str = "\
Examples:
  mock-imds pod-identity remove
  mock-imds pod-identity associate other-role --service-account shop/web
  mock-imds pod-identity restart-agent";

const STOP_EXAMPLES: &str = "\
Examples:
  mock-imds ecs stop --timeout 10s --exit-code 0";
const RUN_EXAMPLES: &str = "\
Examples:
  mock-imds ecs run";
const CONTAINER_EXAMPLES: &str = "\
Examples:
  mock-imds ecs container app --stopped --exit-code 1";
const PROTECTION_EXAMPLES: &str = "\
Examples:
  mock-imds ecs protection on --for 1h";
const ECS_AGENT_EXAMPLES: &str = "\
Examples:
  mock-imds ecs restart-agent --down 2s --credentials-ready-after 5s";
const POD_AGENT_EXAMPLES: &str = "\
Examples:
  mock-imds pod-identity restart-agent --down 2s";
const ASSOCIATE_EXAMPLES: &str = "\
Examples:
  mock-imds pod-identity associate other-role";
const REMOVE_EXAMPLES: &str = "\
Examples:
  mock-imds pod-identity remove --service-account shop/web";
const RESTORE_EXAMPLES: &str = "\
Examples:
  mock-imds pod-identity restore";

/// `mock-imds ecs`.
#[derive(Debug, Args)]
#[command(after_help = ECS_EXAMPLES)]
pub(crate) struct EcsArgs {
    #[command(subcommand)]
    pub change: EcsCommand,
}

/// What happens to a task of Amazon ECS.
#[derive(Debug, Subcommand)]
pub(crate) enum EcsCommand {
    /// Stop the task: its containers end after a timeout
    Stop(TaskStopArgs),
    /// Run a task that was stopped again
    Run(TaskRunArgs),
    /// Change the state of a container
    Container(Box<ContainerArgs>),
    /// Set what task protection answers, or the protection itself
    Protection(ProtectionArgs),
    /// Restart the agent: connections are reset, and then it has no credentials for a while
    RestartAgent(EcsAgentArgs),
}

/// `mock-imds ecs stop`.
#[derive(Debug, Args)]
#[command(after_help = STOP_EXAMPLES)]
pub(crate) struct TaskStopArgs {
    /// From the stop to the end of the containers
    #[arg(long, value_name = "DURATION", value_parser = duration_text, default_value = "30s")]
    pub timeout: String,
    /// Exit code of the containers; 137 is that of SIGKILL
    #[arg(long, value_name = "CODE", value_parser = number::<u8>(0..=255), default_value_t = 137)]
    pub exit_code: u8,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds ecs run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct TaskRunArgs {
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds ecs container`.
#[derive(Debug, Args)]
#[command(
    // What clap would write is wider than a terminal.
    override_usage = "mock-imds ecs container <NAME> --health <HEALTH> [OPTIONS]\n       mock-imds ecs container <NAME> --stopped|--restart [OPTIONS]",
    after_help = CONTAINER_EXAMPLES
)]
#[group(id = "state", required = true, multiple = true, args = ["health", "stopped", "restart"])]
pub(crate) struct ContainerArgs {
    /// Name of the container
    #[arg(value_name = "NAME", value_parser = accepted::<EcsName>)]
    pub name: EcsName,
    /// Outcome of its health check
    #[arg(long, value_name = "HEALTH", value_parser = variant_of::<model::ContainerHealth>())]
    pub health: Option<String>,
    /// It has stopped
    #[arg(long, conflicts_with = "restart")]
    pub stopped: bool,
    /// Exit code of one that has stopped [default: 0]
    #[arg(long, value_name = "CODE", value_parser = number::<u8>(0..=255), requires = "stopped")]
    pub exit_code: Option<u8>,
    /// It is started again, by its restart policy
    #[arg(long)]
    pub restart: bool,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds ecs protection`.
#[derive(Debug, Args)]
#[command(after_help = PROTECTION_EXAMPLES)]
pub(crate) struct ProtectionArgs {
    /// What the endpoint answers from now on, or on and off: the protection itself, as if it were set from outside
    #[arg(value_name = "ANSWER")]
    pub answer: ProtectionArg,
    /// How long it is on [default: 2h]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration_text)]
    pub span: Option<String>,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// An answer of task protection, or its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtectionArg {
    On,
    Off,
    Allowed,
    Denied,
    Blocked,
    Slow,
}

/// `mock-imds ecs restart-agent`.
#[derive(Debug, Args)]
#[command(after_help = ECS_AGENT_EXAMPLES)]
pub(crate) struct EcsAgentArgs {
    /// How long the agent does not answer
    #[arg(long, value_name = "DURATION", value_parser = duration_text, default_value = "5s")]
    pub down: String,
    /// How long from then on it has no credentials: 503
    #[arg(long, value_name = "DURATION", value_parser = duration_text, default_value = "10s")]
    pub credentials_ready_after: String,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds pod-identity`.
#[derive(Debug, Args)]
#[command(after_help = POD_IDENTITY_EXAMPLES)]
pub(crate) struct PodIdentityArgs {
    #[command(subcommand)]
    pub change: PodIdentityCommand,
}

/// What happens to an association of EKS Pod Identity.
#[derive(Debug, Subcommand)]
pub(crate) enum PodIdentityCommand {
    /// Associate a service account with a role
    Associate(AssociateArgs),
    /// Remove an association
    #[command(after_help = REMOVE_EXAMPLES)]
    Remove(AccountArgs),
    /// Have an association as in the scenario again
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(AccountArgs),
    /// Restart the agent: connections are reset, and then it hands out new credentials
    RestartAgent(PodAgentArgs),
}

/// `mock-imds pod-identity associate`.
#[derive(Debug, Args)]
#[command(after_help = ASSOCIATE_EXAMPLES)]
pub(crate) struct AssociateArgs {
    /// Role
    #[arg(value_name = "ROLE", value_parser = accepted::<RoleName>)]
    pub role: RoleName,
    #[command(flatten)]
    pub account: AccountArgs,
}

/// The service account of an association.
#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    /// NAMESPACE/NAME [default: all that have no association of their own]
    #[arg(long, value_name = "ACCOUNT", value_parser = accepted::<ServiceAccount>)]
    pub service_account: Option<ServiceAccount>,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds pod-identity restart-agent`.
#[derive(Debug, Args)]
#[command(after_help = POD_AGENT_EXAMPLES)]
pub(crate) struct PodAgentArgs {
    /// How long the agent does not answer
    #[arg(long, value_name = "DURATION", value_parser = duration_text, default_value = "5s")]
    pub down: String,
    #[command(flatten)]
    pub timing: TimingArgs,
}
