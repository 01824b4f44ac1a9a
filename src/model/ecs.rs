//! The task of Amazon ECS that a client is in: what its credentials and its metadata follow from.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::credentials::Credentials;
use super::ids::{Accepted, CredentialId, EcsName, RoleName, TagKey, TaskId};

/// A task and its containers. What is `None` follows from the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsTask {
    /// What the task runs on; decides which fields its metadata has, and the forms of ids.
    pub launch_type: LaunchType,
    /// The name of the cluster.
    pub cluster: EcsName,
    /// The family of the task definition.
    pub family: EcsName,
    /// The revision of the task definition, from 1.
    pub revision: u32,
    /// The service that the task belongs to.
    pub service_name: Option<EcsName>,
    /// The id of the task; follows from the instance id unless set.
    pub task_id: Option<TaskId>,
    /// The network mode of the task definition.
    pub network_mode: NetworkMode,
    /// The CPU of the task, in units of 1/1024 vCPU.
    pub cpu_units: u32,
    /// The memory of the task, in MiB.
    pub memory: u32,
    /// The task role.
    pub role: EndpointRole,
    /// The id in the path of the credentials; follows from the task unless set.
    pub credential_id: Option<CredentialId>,
    /// The duration from the scenario's load until the credentials are there.
    pub credentials_ready_after: Duration,
    /// The tags of the task.
    pub tags: BTreeMap<TagKey, String>,
    /// Whether the task may ask for network faults.
    pub fault_injection: bool,
    /// What the task protection endpoint answers.
    pub protection: ProtectionAnswer,
    /// The requests that a client may send to a path; `None`: as many as it likes.
    pub throttle: Option<RequestRate>,
    /// The source of the containers' statistics.
    pub stats: TaskStats,
    /// The ephemeral storage of a task on Fargate.
    pub ephemeral_storage: EphemeralStorage,
    /// The containers: at least one, each name once.
    pub containers: Vec<EcsContainer>,
    /// The credentials of the task role, where they are not those of the instance profile.
    pub credentials: Option<Credentials>,
    /// Fields of the metadata that are not what they would be: `task/FIELD` or `container/NAME/FIELD` → text, or `None` for
    /// a field that is absent.
    pub metadata: BTreeMap<String, Option<String>>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsContainer {
    /// The name in the task definition.
    pub name: EcsName,
    /// The image.
    pub image: String,
    /// The addresses of its processes.
    pub clients: Vec<IpAddr>,
    /// The outcome of its health check, if it has one.
    pub health: Option<ContainerHealth>,
    /// The log configuration, if it has one.
    pub log: Option<ContainerLog>,
}

/// The log configuration of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerLog {
    /// The log driver.
    pub driver: String,
    /// The log group, of the driver awslogs.
    pub group: Option<String>,
}

/// What a task runs on. Source: Amazon ECS developer guide, task metadata endpoint version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum LaunchType {
    /// Fargate.
    #[strum(serialize = "FARGATE")]
    Fargate,
    /// An EC2 instance of the account.
    #[strum(serialize = "EC2")]
    Ec2,
    /// ECS Anywhere.
    #[strum(serialize = "EXTERNAL")]
    External,
    /// ECS Managed Instances.
    #[strum(serialize = "MANAGED_INSTANCES")]
    ManagedInstances,
}

/// The network mode of a task definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum NetworkMode {
    /// A network interface of its own.
    Awsvpc,
    /// Docker's bridge.
    Bridge,
    /// The network of the host.
    Host,
}

/// The role whose credentials an endpoint hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointRole {
    /// The role of the credentials that are served.
    OfCredentials,
    /// This one.
    Named(RoleName),
    /// None: there are no credentials.
    None,
}

/// What the task protection endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum ProtectionAnswer {
    /// It does what it is asked for.
    Allowed,
    /// The task has no role: 403.
    Denied,
    /// A deployment is in the way: 200 with a failure.
    Blocked,
    /// ECS takes too long: 504.
    Slow,
}

/// Requests of one client for one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// Requests in a second.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// The source of the statistics of a task's containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskStats {
    /// Counters that rise evenly with the time.
    Steady,
    /// There are none.
    None,
    /// Container name → its statistics, as JSON.
    Fixed(Arc<BTreeMap<String, String>>),
}

/// The ephemeral storage of a task on Fargate, in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EphemeralStorage {
    /// What the task may use.
    pub reserved: u32,
    /// What it uses.
    pub utilized: u32,
}

/// The outcome of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum ContainerHealth {
    /// It succeeded.
    #[strum(serialize = "HEALTHY")]
    Healthy,
    /// It failed.
    #[strum(serialize = "UNHEALTHY")]
    Unhealthy,
}

impl Default for EcsTask {
    fn default() -> Self {
        Self {
            launch_type: LaunchType::Fargate,
            cluster: EcsName::fixed("default"),
            family: EcsName::fixed("app"),
            revision: 1,
            service_name: None,
            task_id: None,
            network_mode: NetworkMode::Awsvpc,
            cpu_units: 256,
            memory: 512,
            role: EndpointRole::OfCredentials,
            credential_id: None,
            credentials_ready_after: Duration::ZERO,
            tags: BTreeMap::new(),
            fault_injection: false,
            protection: ProtectionAnswer::Allowed,
            throttle: Some(RequestRate::AGENT),
            stats: TaskStats::Steady,
            // 20 GiB, as Fargate shows them.
            ephemeral_storage: EphemeralStorage { reserved: 20_496, utilized: 261 },
            containers: vec![EcsContainer::named(EcsName::fixed("app"))],
            credentials: None,
            metadata: BTreeMap::new(),
        }
    }
}

impl EcsTask {
    /// The task as another instance inherits it: its ids are those of that one.
    #[must_use]
    pub(crate) fn without_identity(&self) -> Self {
        Self { task_id: None, credential_id: None, ..self.clone() }
    }

    /// Whether the task has a network interface of its own.
    pub(crate) fn has_interface(&self) -> bool {
        self.network_mode == NetworkMode::Awsvpc
    }
}

impl EcsContainer {
    /// A container of this name, with an image of it.
    pub(crate) fn named(name: EcsName) -> Self {
        Self { image: format!("{name}:latest"), name, clients: vec![], health: None, log: None }
    }
}

impl LaunchType {
    /// Whether the ids of containers are those of Fargate: the task's, and ten digits.
    pub(crate) fn has_task_prefixed_ids(self) -> bool {
        matches!(self, Self::Fargate | Self::ManagedInstances)
    }
}

impl RequestRate {
    /// The limit of the agent unless it is configured.
    pub(crate) const AGENT: Self = Self { per_second: 40, burst: 60 };
    /// The same of the agent of EKS Pod Identity.
    pub(crate) const POD_AGENT: Self = Self { per_second: 1000, burst: 500 };

    /// The time from one request to the next.
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }
}

/// A field of the metadata: `task/ServiceName`, `container/app/Health`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MetadataField(String);

impl FromStr for MetadataField {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        let is_field =
            |field: &str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let parts: Vec<&str> = text.split('/').collect();
        let fits = match *parts.as_slice() {
            ["task", field] => is_field(field),
            ["container", name, field] => name.parse::<EcsName>().is_ok() && is_field(field),
            _ => false,
        };
        let accepted =
            "task/FIELD or container/NAME/FIELD, such as \"task/ServiceName\" or \"container/app/Health\"";
        if fits { Ok(Self(text.to_owned())) } else { Err(Accepted(accepted)) }
    }
}

impl fmt::Display for MetadataField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
