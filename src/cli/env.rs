//! `mock-imds env`.

use clap::{Args, ValueEnum};

use super::control::ControlArgs;
use super::examples;

/// `mock-imds env`.
#[derive(Debug, Args)]
#[command(after_help = examples::ENV)]
pub(crate) struct EnvArgs {
    /// The endpoint that programs are to find
    #[arg(value_enum)]
    pub endpoint: EndpointArg,
    /// Container of the task, by its name [default: the first one]
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// Named instance of the scenario [default: the one that processes of this host meet]
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// How to write the variables
    #[arg(long, value_enum, default_value_t = EnvFormat::Env)]
    pub format: EnvFormat,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// An endpoint, as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EndpointArg {
    /// The EC2 Instance Metadata Service
    Imds,
    /// Credentials and task metadata of Amazon ECS
    Ecs,
    /// EKS Pod Identity
    PodIdentity,
}

/// The form of the variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvFormat {
    /// KEY=VALUE, as `docker run` reads it from a file
    Env,
    /// For `eval` in a shell
    Export,
    /// An object
    Json,
    /// A part of a service of a compose file
    Compose,
    /// A part of a container and of its pod
    Kubernetes,
}
