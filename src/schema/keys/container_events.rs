//! Changes of `[[event]]` at the endpoints of containers.

use super::ecs::NAME;
use crate::model::{
    ContainerHealth, EcsDesiredStatus, EcsStatus, EndpointAgent, ProtectionAnswer, ServiceAccount,
};
use crate::schema::form::{FileKey, Form, Literal, key, words};
use crate::schema::forms;

const ACCOUNT: Form = Form::loosely::<ServiceAccount>("^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9.-]{0,252}$");
const EXIT_CODE: Form = Form::Integer(0, 255);

/// The keys of an event.
pub(crate) const CONTAINER_EVENTS: &[FileKey] = &[
    key(
        "ecs-task",
        "",
        Form::Table(&[TASK]),
        r#"{ desired-status = "STOPPED", stop-timeout = "30s", exit-code = 137, known-status }. With "STOPPED" the task has an `ExecutionStoppedAt`; task and containers are known as "STOPPED" after the timeout. "RUNNING" takes it back. A stop of a task on Fargate Spot has no notice in metadata on AWS either."#,
    ),
    key(
        "ecs-container",
        "",
        Form::Table(&[CONTAINER]),
        r#"{ name, health = "UNHEALTHY", known-status = "STOPPED", exit-code = 1 }, or { name, restart = true }: another state of a container of the task; `name` may be left out where there is one. A container that does not run has no statistics."#,
    ),
    key(
        "task-protection",
        "",
        Form::Any(&[Form::Choice(words::<ProtectionAnswer>), Form::Table(&[PROTECTION])]),
        r#"What task protection answers from then on, as `protection` in `[ecs]`; or { enabled = true, for = "2h" }: the protection itself, as if it were set from outside. Whoever changed it last is right: this, or the task."#,
    ),
    key(
        "pod-identity",
        "",
        Form::Table(&[ASSOCIATION]),
        "{ association = false, service-account }: an association goes; { role, service-account }: it is with this role. association = true is as in `[pod-identity]` again.",
    ),
    key(
        "agent",
        "",
        Form::Any(&[Form::Only(Literal::Word("restart")), Form::Table(&[AGENT])]),
        r#""restart", or { endpoint = "ecs", down = "5s", credentials-ready-after = "10s" }. An agent restarts: connections are reset while it is down; then that of Amazon ECS has no credentials for a while (503), and that of EKS Pod Identity hands out new ones. Ids, paths and tokens stay as they are."#,
    ),
];

const TASK: &[FileKey] = &[
    key("desired-status", "", Form::Choice(words::<EcsDesiredStatus>), r#""RUNNING" or "STOPPED"."#),
    key("known-status", "", Form::Choice(words::<EcsStatus>), "That of the task, at once."),
    key("stop-timeout", r#""30s""#, Form::Duration, "From the stop to the end of the containers."),
    key("exit-code", "137", EXIT_CODE, "The exit code of the containers; 137 is that of SIGKILL."),
];

const CONTAINER: &[FileKey] = &[
    key("name", "", NAME, "The name of the container."),
    key("health", "", Form::Choice(words::<ContainerHealth>), "The outcome of its health check."),
    key("known-status", "", Form::Choice(words::<EcsStatus>), "Its status."),
    key("exit-code", "0", EXIT_CODE, "The exit code of one that has stopped."),
    key("restart", "false", Form::Boolean, "true: it is started again, and has a `RestartCount`."),
];

const PROTECTION: &[FileKey] = &[
    key("enabled", "", Form::Boolean, "Whether the task is protected from scale-in."),
    key("for", r#""2h""#, Form::Duration, r#"How long, from "1m" to "48h" by the scenario's clock."#),
];

const ASSOCIATION: &[FileKey] = &[
    key(
        "service-account",
        "",
        ACCOUNT,
        "NAMESPACE/NAME. Unless set, all that `[pod-identity.associations]` does not name.",
    ),
    key("association", "", Form::Boolean, "Whether there is an association."),
    key("role", "", forms::ROLE, "The role from then on."),
];

const AGENT: &[FileKey] = &[
    key(
        "endpoint",
        "",
        Form::Choice(words::<EndpointAgent>),
        r#""ecs" or "pod-identity"; both agents unless set."#,
    ),
    key("down", r#""5s""#, Form::Duration, "How long the agent does not answer."),
    key(
        "credentials-ready-after",
        r#""10s""#,
        Form::Duration,
        "How long from then on that of Amazon ECS has no credentials.",
    ),
];
