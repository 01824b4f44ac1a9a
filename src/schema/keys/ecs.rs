//! `[ecs]` and its tables.

use super::service::CREDENTIALS;
use crate::model::{
    ContainerHealth, CredentialId, EcsName, LaunchType, NetworkMode, ProtectionAnswer, TaskId,
};
use crate::schema::form::{FileKey, Form, Literal, key, words};
use crate::schema::forms;

/// A name.
pub(super) const NAME: Form = Form::parsed::<EcsName>("^[A-Za-z0-9_-]{1,255}$");
const TASK_ID: Form = Form::parsed::<TaskId>("^[0-9a-f]{32}$");
const CREDENTIAL_ID: Form =
    Form::parsed::<CredentialId>("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$");
const MEBIBYTES: Form = Form::Integer(0, 100_000_000);
/// A role, or none.
pub(super) const ROLE: Form = Form::Any(&[forms::ROLE, Form::Only(Literal::False)]);

/// Facts of the task.
pub(crate) const ECS: &[FileKey] = &[
    key(
        "launch-type",
        r#""FARGATE""#,
        Form::Choice(words::<LaunchType>),
        r#""FARGATE", "EC2", "EXTERNAL" (ECS Anywhere) or "MANAGED_INSTANCES". It decides which fields the metadata has, and the forms of ids."#,
    ),
    key("cluster", r#""default""#, NAME, "The name of the cluster. On Fargate its ARN is shown."),
    key("family", r#""app""#, NAME, "The family of the task definition."),
    key("revision", "1", Form::Integer(1, 4_294_967_295), "Its revision."),
    key("service-name", "", NAME, "The service that the task belongs to."),
    key("task-id", "", TASK_ID, "32 hexadecimal digits. Follows from the instance id unless set."),
    key(
        "network-mode",
        r#""awsvpc""#,
        Form::Choice(words::<NetworkMode>),
        r#""awsvpc", "bridge" or "host"; the latter two not on Fargate. With ECS Anywhere, which has no "awsvpc", "bridge" unless set. Addresses and MAC address are those of the primary interface."#,
    ),
    key("cpu", "0.25", Form::Number(0.125, 192.0), "The vCPUs of the task."),
    key("memory", "512", MEBIBYTES, "The memory of the task in MiB."),
    key(
        "role",
        "",
        ROLE,
        "The task role. The role of the credentials unless set. false: the task has no role, and so no credentials.",
    ),
    key(
        "credential-id",
        "",
        CREDENTIAL_ID,
        "The UUID in the path of the credentials. Unless set it follows from the task; where credentials are real (see `[credentials]`), from the server's key too, so that nobody guesses it.",
    ),
    key(
        "credentials-ready-after",
        r#""0s""#,
        Form::Duration,
        "How long after the load the credentials are there. Until then they answer 503, as after a restart of the agent.",
    ),
    key(
        "fault-injection",
        "false",
        Form::Boolean,
        "true lets the task ask for network faults. They are remembered and answered; nothing is done to the network.",
    ),
    key(
        "protection",
        r#""allowed""#,
        Form::Choice(words::<ProtectionAnswer>),
        r#"What task protection answers: "allowed", "denied" (403), "blocked" (200 with a failure) or "slow" (504)."#,
    ),
    key(
        "throttle",
        "{ per-second = 40, burst = 60 }",
        Form::Any(&[Form::Table(&[RATE]), Form::Only(Literal::False)]),
        "The requests of a client to a path, above which it gets 429. false: no limit.",
    ),
    key(
        "stats",
        r#""steady""#,
        forms::STATS,
        r#"The statistics of the containers: "steady" counters that rise with the clock, "none", or a file, { file = "stats.json" }, with an object of each container's name and its statistics."#,
    ),
    key(
        "ephemeral-storage",
        "{ reserved = 20496, utilized = 261 }",
        Form::Table(&[STORAGE]),
        "The ephemeral storage on Fargate, in MiB.",
    ),
];

const RATE: &[FileKey] = &[
    key("per-second", "40", Form::Integer(1, 1_000_000), "Requests in a second."),
    key("burst", "60", Form::Integer(1, 1_000_000), "Requests at once."),
];

const STORAGE: &[FileKey] = &[
    key("reserved", "20496", MEBIBYTES, "What the task may use."),
    key("utilized", "261", MEBIBYTES, "What it uses."),
];

/// The tables of the task.
pub(crate) const ECS_TABLES: &[FileKey] = &[
    key(
        "tags",
        "",
        Form::map(forms::TAG, &Form::Text),
        "The tags of the task, in `taskWithTags`. Those of the container instance are the tags of `[instance]`.",
    ),
    key(
        "container",
        "",
        Form::Tables(&[CONTAINER]),
        r#"A container of the task. Repeat the table for more. One with the name "app" unless set."#,
    ),
    key(
        "credentials",
        "",
        Form::Table(&[CREDENTIALS]),
        r#"As `[credentials]`, for the task role, where its keys are others than those of the instance profile. "file" and "process" are not accepted here."#,
    ),
    key(
        "metadata",
        "",
        Form::map("^(?:task/[A-Za-z0-9]+|container/[A-Za-z0-9_-]{1,255}/[A-Za-z0-9]+)$", &FIELD),
        r#"Field = text: overrides a field of the metadata, "task/ServiceName" or "container/app/Health". Those that are no text, such as "container/app/Ports", are JSON. false removes it."#,
    ),
];

const FIELD: Form = Form::Any(&[Form::Text, Form::Only(Literal::False)]);

/// A container.
pub(crate) const CONTAINER: &[FileKey] = &[
    key("name", "", NAME, "The name in the task definition."),
    key("image", "", forms::LINE, "The image. NAME:latest unless set."),
    key(
        "clients",
        "",
        Form::List(&forms::CLIENT_ADDRESS),
        "Addresses of its processes, each of one container. In bridge mode the metadata shows the first IPv4 one; whom a client is served as, the clients of `[instances]` tell.",
    ),
    key(
        "health",
        "",
        Form::Choice(words::<ContainerHealth>),
        r#""HEALTHY" or "UNHEALTHY". Without it the container has no health check."#,
    ),
    key(
        "log",
        "",
        Form::Table(&[LOG]),
        r#"The log configuration: { driver = "awslogs", group = "/ecs/app" }."#,
    ),
];

const LOG: &[FileKey] = &[
    key("driver", "", forms::LINE, "The log driver."),
    key("group", "", forms::LINE, "The log group of awslogs. /ecs/FAMILY unless set."),
];
