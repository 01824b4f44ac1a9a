//! Checks of keys of `[ecs]` that depend on each other.

use crate::config::Section;
use crate::model::{EcsTask, LaunchType, NetworkMode, StringEnum as _};

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
}

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
