//! A task as the metadata shows it.

use std::collections::BTreeMap;

use super::container::{cluster, container};
use super::facts::{MetadataVersion, TaskFacts, instant};
use super::overrides::override_task;
use crate::imds::ordered_json::{Json, Members};
use crate::model::{LaunchType, StringEnum as _, TagKey};

/// What a request wants beside the usual fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TaskOptions {
    /// The tags of the task and of the container instance.
    pub(super) tags: bool,
    /// The group, which only the list of all tasks has.
    pub(super) group: bool,
}

pub(super) fn task(facts: &TaskFacts<'_>, options: TaskOptions) -> Members {
    let TaskFacts { task, instance, .. } = facts;
    let is_v4 = facts.version == MetadataVersion::V4;
    let (on_fargate, on_ec2) = (task.launch_type == LaunchType::Fargate, task.launch_type == LaunchType::Ec2);
    let in_vpc = task.launch_type != LaunchType::External;
    let containers = || {
        let containers = facts.containers();
        let shown = containers.iter().map(|listed| container(facts, listed).into());
        Json::Array(shown.collect())
    };
    let limits = Members::default()
        .with("CPU", Json::Number(f64::from(task.cpu_units) / 1024.0))
        .with("Memory", task.memory);
    let zone = in_vpc.then(|| instance.availability_zone.to_string());
    let group = task
        .service_name
        .as_ref()
        .map_or_else(|| format!("family:{}", task.family), |service| format!("service:{service}"));
    let mut members = Members::default()
        .with("Cluster", cluster(facts))
        .with("TaskARN", facts.ids.task_arn())
        .with("Family", task.family.as_str())
        .with("Revision", task.revision.to_string())
        .with("DesiredStatus", facts.desired_status().as_str())
        .with("KnownStatus", facts.known_status().as_str())
        .with_some("Containers", (!is_v4).then(containers))
        .with("Limits", limits)
        .with("PullStartedAt", facts.pull_started_at())
        .with("PullStoppedAt", facts.pull_stopped_at())
        .with_some("ExecutionStoppedAt", facts.execution_stopped_at())
        .with_some("AvailabilityZone", zone);
    if options.tags {
        members = members
            .with_some("TaskTags", tags(&task.tags))
            .with_some("ContainerInstanceTags", tags(&instance.tags).filter(|_| !on_fargate));
    }
    if is_v4 {
        let has_vpc = on_ec2 || task.launch_type == LaunchType::ManagedInstances;
        members = members
            .with("LaunchType", task.launch_type.as_str())
            .with("Containers", containers())
            .with_some("VPCID", has_vpc.then(|| instance.primary().vpc_id.to_string()))
            .with_some("ServiceName", task.service_name.as_ref().map(ToString::to_string))
            .with_some("Group", options.group.then_some(group))
            .with_some("ClockDrift", task.launch_type.has_task_prefixed_ids().then(|| clock_drift(facts)))
            .with_some("EphemeralStorageMetrics", on_fargate.then(|| ephemeral_storage(facts)))
            .with("FaultInjectionEnabled", task.fault_injection)
            .with_some("AvailabilityZoneID", on_ec2.then(|| instance.zone_id()));
    }
    override_task(&mut members, task);
    if !options.tags || !is_v4 {
        // What ECS said when the agent asked it for the tags.
        members.remove("Errors");
    }
    members
}

fn tags(tags: &BTreeMap<TagKey, String>) -> Option<Json> {
    let members = tags.iter().map(|(key, value)| (key.to_string(), value.as_str().into()));
    (!tags.is_empty()).then(|| Json::Object(members.collect()))
}

/// The time on Fargate is never far off.
fn clock_drift(facts: &TaskFacts<'_>) -> Members {
    Members::default()
        .with("ClockErrorBound", Json::Number(0.5))
        .with("ReferenceTimestamp", instant(facts.now, 0))
        .with("ClockSynchronizationStatus", "SYNCHRONIZED")
}

/// In MiB, and never more than there is.
fn ephemeral_storage(facts: &TaskFacts<'_>) -> Members {
    let storage = facts.task.ephemeral_storage;
    Members::default()
        .with("Utilized", storage.utilized.min(storage.reserved))
        .with("Reserved", storage.reserved)
}
