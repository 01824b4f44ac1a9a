//! What events do to a task of Amazon ECS, to a pod's association, and to the agents that answer for them.

use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::ecs::{ContainerHealth, ProtectionAnswer};
use super::ids::{EcsName, RoleName};
use super::pod_identity::ServiceAccount;
use super::service::Service;

/// A change that is visible at the endpoints of containers alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerChange {
    /// Of the task.
    Task(TaskChange),
    /// Of one container.
    Container(ContainerStateChange),
    /// Of the task's protection from scale-in.
    Protection(ProtectionChange),
    /// Of a service account's association with a role.
    Association(AssociationChange),
    /// An agent restarts.
    AgentRestart(AgentRestart),
}

/// The status of a task or a container. Source: Amazon ECS developer guide, "Amazon ECS task lifecycle".
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "UPPERCASE")]
pub enum EcsStatus {
    /// It waits for resources.
    Pending,
    /// It is made, and not started.
    Created,
    /// It runs.
    Running,
    /// It has stopped.
    Stopped,
}

/// The status that a task is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "UPPERCASE")]
pub enum EcsDesiredStatus {
    /// It is to run.
    Running,
    /// It is to stop.
    Stopped,
}

/// A service whose agent may restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum EndpointAgent {
    /// That of Amazon ECS.
    Ecs,
    /// That of EKS Pod Identity.
    PodIdentity,
}

impl EndpointAgent {
    /// The service that it answers for.
    pub(crate) fn service(self) -> Service {
        match self {
            Self::Ecs => Service::Ecs,
            Self::PodIdentity => Service::PodIdentity,
        }
    }
}

/// Another desired or known status of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskChange {
    /// The desired status.
    pub desired: Option<EcsDesiredStatus>,
    /// The known status. Unless set, a task that is to stop has stopped after the timeout.
    pub known: Option<EcsStatus>,
    /// The duration from the order to stop to the end of the containers.
    pub stop_timeout: Duration,
    /// The exit code of containers that a stop ends.
    pub exit_code: u8,
}

/// Another state of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerStateChange {
    /// Its name in the task definition.
    pub name: EcsName,
    /// The outcome of its health check.
    pub health: Option<ContainerHealth>,
    /// The known status.
    pub known: Option<EcsStatus>,
    /// The exit code of one that has stopped; 0 unless set.
    pub exit_code: Option<u8>,
    /// It is started again, by its restart policy.
    pub restarts: bool,
}

/// Another protection, or another answer about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProtectionChange {
    /// What the endpoint answers.
    pub answer: Option<ProtectionAnswer>,
    /// Whether the task is protected, as if somebody else had set it.
    pub enabled: Option<bool>,
    /// The duration of the protection.
    pub span: Duration,
}

/// Another association of a service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociationChange {
    /// The service account; `None`: those that no other association names.
    pub account: Option<ServiceAccount>,
    /// What becomes of the association.
    pub association: Association,
}

/// The association of a service account with a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Association {
    /// That of the scenario.
    OfScenario,
    /// With this role.
    With(RoleName),
    /// None.
    None,
}

/// A restart of an agent, or of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentRestart {
    /// The agent; `None`: both.
    pub agent: Option<EndpointAgent>,
    /// The duration for which it does not answer.
    pub down: Duration,
    /// The duration from then on for which the agent of Amazon ECS has no credentials.
    pub credentials_ready_after: Duration,
}

impl AgentRestart {
    /// Whether the agent of this service restarts.
    pub(crate) fn concerns(&self, service: Service) -> bool {
        service != Service::Imds && self.agent.is_none_or(|only| only.service() == service)
    }
}

impl ContainerChange {
    /// The delays after which it changes what is visible.
    pub(crate) fn stages(&self) -> Vec<Duration> {
        match self {
            Self::Task(change) if change.stops() => vec![change.stop_timeout],
            Self::Protection(change) if change.enabled == Some(true) => vec![change.span],
            Self::AgentRestart(restart) => {
                vec![restart.down, restart.down.saturating_add(restart.credentials_ready_after)]
            }
            _ => vec![],
        }
    }

    /// The services whose answers it changes.
    pub(crate) fn services(&self) -> &'static [Service] {
        const ECS: &[Service] = &[Service::Ecs];
        const PODS: &[Service] = &[Service::PodIdentity];
        match self {
            Self::Task(_) | Self::Container(_) | Self::Protection(_) => ECS,
            Self::Association(_) => PODS,
            Self::AgentRestart(restart) => match restart.agent {
                Some(EndpointAgent::Ecs) => ECS,
                Some(EndpointAgent::PodIdentity) => PODS,
                None => &[Service::Ecs, Service::PodIdentity],
            },
        }
    }
}

impl TaskChange {
    /// Whether the task is to stop.
    pub(super) fn stops(&self) -> bool {
        self.desired == Some(EcsDesiredStatus::Stopped)
    }
}
