//! Docker's statistics of containers: counters that rise evenly with the time, so that readers get rates out of them.
//!
//! They have the fields of both versions of control groups, since readers take the ones of the first for granted.

use std::time::Duration;

use super::facts::{ListedContainer, MetadataVersion, TaskFacts, instant};
use crate::imds::ordered_json::{Json, Members};
use crate::model::{EcsStatus, LaunchType, NetworkMode, TaskStats, Timestamp};

/// Nanoseconds of CPU in each millisecond: a twentieth of one.
const CPU: u64 = 50_000;
const MEBIBYTE: u64 = 1024 * 1024;
/// Bytes in each second.
const RECEIVED: u64 = 2_000;
const SENT: u64 = 1_200;
const READ: u64 = 512;
const WRITTEN: u64 = 4_096;
/// For so long Fargate has no statistics of a container.
const FIRST_SECOND: Duration = Duration::from_secs(1);

/// The statistics of a container; `None`: there are none.
pub(super) fn stats(facts: &TaskFacts<'_>, container: &ListedContainer<'_>) -> Option<Json> {
    // Docker has none of a container that does not run.
    if facts.known_of(container).is_some_and(|known| known != EcsStatus::Running) {
        return None;
    }
    let started = facts.started(container)?;
    let is_first_second = facts.now.since(started) < FIRST_SECOND;
    if facts.task.launch_type == LaunchType::Fargate && is_first_second {
        return None;
    }
    match &facts.task.stats {
        TaskStats::None => None,
        TaskStats::Fixed(all) => all.get(container.name).map(|json| Json::Raw(json.clone())),
        TaskStats::Steady => Some(steady(facts, container, started).into()),
    }
}

/// Those of all containers, by their ids.
pub(super) fn task_stats(facts: &TaskFacts<'_>) -> Members {
    // As the agent has it: an empty object since version 4, no statistics at all before.
    let absent = || match facts.version {
        MetadataVersion::V4 => Members::default().into(),
        MetadataVersion::V2 | MetadataVersion::V3 => Json::Null,
    };
    let mut all: Vec<(String, Json)> = facts
        .containers()
        .iter()
        .map(|listed| (facts.ids.docker_id(listed.name), stats(facts, listed).unwrap_or_else(absent)))
        .collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.into_iter().collect()
}

/// The time from the counters before to those of now.
fn between(facts: &TaskFacts<'_>) -> Duration {
    match facts.task.launch_type {
        LaunchType::Fargate => Duration::from_secs(10),
        LaunchType::Ec2 | LaunchType::External | LaunchType::ManagedInstances => FIRST_SECOND,
    }
}

fn steady(facts: &TaskFacts<'_>, container: &ListedContainer<'_>, started: Timestamp) -> Members {
    let before = facts.now.before(between(facts));
    let age = |now: Timestamp| u64::try_from(now.since(started).as_millis()).unwrap_or(u64::MAX);
    let name = facts.ids.docker_name(container.name);
    let has_prefixed_ids = facts.task.launch_type.has_task_prefixed_ids();
    let has_networks = facts.task.network_mode != NetworkMode::Host;
    let rates = Members::default().with("rx_bytes_per_sec", RECEIVED).with("tx_bytes_per_sec", SENT);
    Members::default()
        .with("read", instant(facts.now, 318_204))
        .with("preread", instant(before, 316_991))
        .with("pids_stats", Members::default().with("current", 3_u32))
        .with("blkio_stats", blkio(age(facts.now)))
        .with("num_procs", 0_u32)
        .with("storage_stats", Members::default())
        .with("cpu_stats", cpu(facts, age(facts.now)))
        .with("precpu_stats", cpu(facts, age(before)))
        .with("memory_stats", memory(facts))
        .with("name", if has_prefixed_ids { name } else { format!("/{name}") })
        .with("id", facts.ids.docker_id(container.name))
        .with_some("networks", has_networks.then(|| networks(has_prefixed_ids, age(facts.now))))
        .with_some(
            "network_rate_stats",
            (has_networks && facts.version == MetadataVersion::V4).then_some(rates),
        )
}

fn cpu(facts: &TaskFacts<'_>, age: u64) -> Members {
    let cpus = u64::from(facts.task.cpu_units.div_ceil(1024).max(2));
    let total = age.saturating_mul(CPU);
    let each = vec![total / cpus; usize::try_from(cpus).unwrap_or(2)];
    let usage = Members::default()
        .with("total_usage", total)
        .with("percpu_usage", each)
        .with("usage_in_kernelmode", total / 5)
        .with("usage_in_usermode", total - total / 5);
    let throttling = Members::default()
        .with("periods", 0_u32)
        .with("throttled_periods", 0_u32)
        .with("throttled_time", 0_u32);
    Members::default()
        .with("cpu_usage", usage)
        .with("system_cpu_usage", age.saturating_mul(1_000_000).saturating_mul(cpus))
        .with("online_cpus", cpus)
        .with("throttling_data", throttling)
}

fn memory(facts: &TaskFacts<'_>) -> Members {
    let limit = u64::from(facts.task.memory.max(1)) * MEBIBYTE;
    let usage = limit / 8;
    let details = Members::default()
        .with("active_anon", usage / 2)
        .with("active_file", usage / 8)
        .with("cache", usage / 4)
        .with("hierarchical_memory_limit", limit)
        .with("inactive_file", usage / 8)
        .with("mapped_file", usage / 16)
        .with("rss", usage / 2)
        .with("total_cache", usage / 4)
        .with("total_inactive_file", usage / 8)
        .with("total_rss", usage / 2);
    Members::default()
        .with("usage", usage)
        .with("max_usage", usage + usage / 4)
        .with("stats", details)
        .with("limit", limit)
}

fn blkio(age: u64) -> Members {
    let operation = |op: &str, value: u64| {
        let device = Members::default().with("major", 259_u32).with("minor", 0_u32);
        device.with("op", op).with("value", value)
    };
    let operations = |read: u64, written: u64| {
        let total = read + written;
        vec![
            operation("Read", read),
            operation("Write", written),
            operation("Sync", total),
            operation("Async", 0),
            operation("Discard", 0),
            operation("Total", total),
        ]
    };
    let seconds = age / 1000;
    let none = || Json::Array(vec![]);
    Members::default()
        .with("io_service_bytes_recursive", operations(seconds * READ, seconds * WRITTEN))
        .with("io_serviced_recursive", operations(seconds / 8, seconds / 2))
        .with("io_queue_recursive", none())
        .with("io_service_time_recursive", none())
        .with("io_wait_time_recursive", none())
        .with("io_merged_recursive", none())
        .with("io_time_recursive", none())
        .with("sectors_recursive", none())
}

fn networks(has_prefixed_ids: bool, age: u64) -> Members {
    let seconds = age / 1000;
    let interface = Members::default()
        .with("rx_bytes", seconds * RECEIVED)
        .with("rx_packets", seconds * 10)
        .with("rx_errors", 0_u32)
        .with("rx_dropped", 0_u32)
        .with("tx_bytes", seconds * SENT)
        .with("tx_packets", seconds * 8)
        .with("tx_errors", 0_u32)
        .with("tx_dropped", 0_u32);
    Members::default().with(if has_prefixed_ids { "eth1" } else { "eth0" }, interface)
}
