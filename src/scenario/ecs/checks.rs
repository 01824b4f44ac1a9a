//! Checks of keys of `[ecs]` that depend on each other.

use std::collections::BTreeSet;

use crate::config::{Item, Section};
use crate::model::{EcsTask, Instance, LaunchType, NamedInstance, NetworkMode, StringEnum as _, TaskStats};

pub(super) fn add(section: &Section<'_>, task: &EcsTask) {
    if task.launch_type == LaunchType::External && task.network_mode == NetworkMode::Awsvpc {
        section.error(
            "network-mode is \"awsvpc\" and launch-type \"EXTERNAL\"",
            "accepted: \"bridge\" or \"host\" with ECS Anywhere, which has no VPC",
        );
    }
    if task.launch_type == LaunchType::Fargate {
        network(section, task);
        size(section, task);
    }
    if let TaskStats::Fixed(stats) = &task.stats
        && let Some(item) = section.get("stats")
    {
        let names: Vec<&str> = task.containers.iter().map(|container| container.name.as_str()).collect();
        for name in stats.keys().filter(|name| !names.contains(&name.as_str()) && *name != PAUSE_CONTAINER) {
            item.warn(
                format!("{} has statistics of {name:?}, and the task has no such container", item.name()),
                format!("containers: {}", names.join(", ")),
            );
        }
    }
}

/// Refuses an id that two tasks have: whoever asks with it would get the one or the other.
pub(in crate::scenario) fn ids_are_unique(first: &Instance, others: &[(NamedInstance, Item<'_>)]) {
    let (mut tasks, mut credentials) = (BTreeSet::new(), BTreeSet::new());
    if let Some(task) = &first.ecs {
        tasks.extend(task.task_id.clone());
        credentials.extend(task.credential_id.clone());
    }
    for (named, item) in others {
        let Some(task) = &named.instance.ecs else { continue };
        let of_task = task.task_id.clone().is_some_and(|id| !tasks.insert(id));
        let of_credentials = task.credential_id.clone().is_some_and(|id| !credentials.insert(id));
        let table = item.section().and_then(|section| section.get("ecs")?.section());
        for key in [of_task.then_some("task-id"), of_credentials.then_some("credential-id")] {
            let Some(key) = key else { continue };
            let at = table.as_ref().and_then(|table| table.get(key)).unwrap_or_else(|| item.clone());
            at.error(
                format!("another task has the {key} of that of {}", named.name),
                "accepted: an id of its own for each task; without the key it has one",
            );
        }
    }
}

/// The container that the agent adds to a task on EC2.
const PAUSE_CONTAINER: &str = "~internal~ecs~pause";

fn network(section: &Section<'_>, task: &EcsTask) {
    if task.network_mode == NetworkMode::Awsvpc {
        return;
    }
    let (found, help) = (
        format!("network-mode is \"{}\" and launch-type \"FARGATE\"", task.network_mode.as_str()),
        "accepted: \"awsvpc\" on Fargate; the other modes with launch-type = \"EC2\"",
    );
    match section.get("network-mode") {
        Some(item) => item.error(found, help),
        None => section.error(found, help),
    }
}

/// CPU units, and the memory that goes with them: least, most and step, in MiB. Source: Amazon ECS developer guide, task
/// definition parameters for Fargate.
const SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2_048, 512),
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

/// Warns of a size that Fargate does not have. Programs may still be tested with it.
fn size(section: &Section<'_>, task: &EcsTask) {
    let fits = SIZES.iter().any(|(cpu, least, most, step)| {
        let is_step = |memory: u32| memory.is_multiple_of(*step) && !(*cpu == 256 && memory == 1_536);
        task.cpu_units == *cpu && (*least..=*most).contains(&task.memory) && is_step(task.memory)
    });
    if fits {
        return;
    }
    let cpu = f64::from(task.cpu_units) / 1024.0;
    let (found, help) = (
        format!("Fargate has no task with cpu = {cpu} and memory = {}", task.memory),
        "Fargate: cpu 0.25 with memory 512, 1024 or 2048; 0.5 with 1024 to 4096; 1 with 2048 to 8192; 2 with 4096 to 16384; \
         4 with 8192 to 30720; 8 with 16384 to 61440; 16 with 32768 to 122880",
    );
    match section.get("memory").or_else(|| section.get("cpu")) {
        Some(item) => item.warn(found, help),
        None => section.warn(found, help),
    }
}
