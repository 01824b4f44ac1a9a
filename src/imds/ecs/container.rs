//! A container as the metadata shows it.

use std::collections::BTreeMap;

use super::facts::{ListedContainer, MetadataVersion, TaskFacts, instant};
use super::network::networks;
use super::overrides::override_container;
use crate::imds::ordered_json::{Json, Members};
use crate::model::{ContainerHealth, EcsContainer, EcsStatus, LaunchType, StringEnum as _};

/// The least share of a container's CPU, in units of 1/1024 vCPU: the kernel takes no less.
const LEAST_CPU: u32 = 2;

pub(super) fn container(facts: &TaskFacts<'_>, container: &ListedContainer<'_>) -> Members {
    let TaskFacts { task, ids, .. } = facts;
    let (name, config) = (container.name, container.config);
    let is_own = config.is_some();
    let is_v4 = facts.version == MetadataVersion::V4;
    let log = config.and_then(|config| config.log.as_ref()).filter(|_| is_v4);
    let running = if is_own { "RUNNING" } else { "RESOURCES_PROVISIONED" };
    let status = |status: EcsStatus| if status == EcsStatus::Running { running } else { status.as_str() };
    let known = facts.known_of(container).map_or(running, status);
    let finished = facts.finished(container);
    let limits = Members::default().with("CPU", LEAST_CPU);
    let on_fargate = task.launch_type == LaunchType::Fargate;
    let limits = if on_fargate { limits } else { limits.with("Memory", 0_u32) };
    let mut members = Members::default()
        .with("DockerId", ids.docker_id(name))
        .with("Name", name)
        .with("DockerName", ids.docker_name(name))
        .with("Image", container.image)
        .with("ImageID", if is_own { ids.image_id(container.image) } else { String::new() })
        .with("Labels", labels(facts, name))
        .with("DesiredStatus", status(facts.desired_status()))
        .with("KnownStatus", known)
        .with_some("ExitCode", finished.filter(|_| is_own).map(|(_, code)| u32::from(code)))
        .with("Limits", limits)
        .with("CreatedAt", facts.created_at(container))
        .with_some("StartedAt", facts.started_at(container))
        .with_some("FinishedAt", finished.map(|(at, _)| instant(at, 733_148)))
        .with("Type", if is_own { "NORMAL" } else { "CNI_PAUSE" })
        .with_some("Health", health(facts, container))
        .with_some("LogDriver", log.map(|log| log.driver.as_str()))
        .with_some("LogOptions", config.filter(|_| is_v4).and_then(|config| log_options(facts, config)))
        .with_some("ContainerARN", is_v4.then(|| ids.container_arn(name)))
        .with("Networks", networks(facts, container))
        .with_some("Snapshotter", (is_v4 && on_fargate).then_some("overlayfs"))
        .with_some("RestartCount", facts.restarts(container).filter(|_| is_v4));
    if is_own {
        override_container(&mut members, task, name);
    }
    members
}

fn labels(facts: &TaskFacts<'_>, name: &str) -> Json {
    let TaskFacts { task, ids, .. } = facts;
    let cluster = cluster(facts);
    let label = |key: &str, value: String| (format!("com.amazonaws.ecs.{key}"), Json::Text(value));
    let labels = [
        label("cluster", cluster),
        label("container-name", name.to_owned()),
        label("task-arn", ids.task_arn()),
        label("task-definition-family", task.family.to_string()),
        label("task-definition-version", task.revision.to_string()),
    ];
    Json::Object(labels.into_iter().collect())
}

/// The cluster: its name, or on Fargate its ARN.
pub(super) fn cluster(facts: &TaskFacts<'_>) -> String {
    if facts.task.launch_type.has_task_prefixed_ids() {
        facts.ids.cluster_arn()
    } else {
        facts.task.cluster.to_string()
    }
}

/// Its keys are in lower case, unlike all others.
fn health(facts: &TaskFacts<'_>, container: &ListedContainer<'_>) -> Option<Members> {
    let (health, since) = facts.health(container)?;
    let members = Members::default().with("status", health.as_str()).with("statusSince", since);
    Some(match health {
        ContainerHealth::Healthy => members,
        ContainerHealth::Unhealthy => members.with("exitCode", 1_u32),
    })
}

fn log_options(facts: &TaskFacts<'_>, config: &EcsContainer) -> Option<Json> {
    let log = config.log.as_ref().filter(|log| log.driver == "awslogs")?;
    let group = log.group.clone().unwrap_or_else(|| format!("/ecs/{}", facts.task.family));
    let stream = format!("ecs/{}/{}", config.name, facts.ids.task_id());
    let options: BTreeMap<&str, String> = [
        ("awslogs-create-group", "true".to_owned()),
        ("awslogs-group", group),
        ("awslogs-region", facts.instance.region().to_string()),
        ("awslogs-stream", stream),
    ]
    .into();
    let options = options.into_iter().map(|(key, value)| (key.to_owned(), Json::Text(value)));
    Some(Json::Object(options.collect()))
}
