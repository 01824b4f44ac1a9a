//! `[ecs]`: the task of Amazon ECS.

mod checks;
mod container;
mod metadata;

pub(super) use checks::ids_are_unique;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::assign::{replace_if_some, set_if_some};
use super::named_files::NamedFiles;
use super::{content, credentials, instance};
use crate::config::{Item, Section};
use crate::model::{
    CredentialSource, EcsTask, EndpointRole, EphemeralStorage, Instance, LaunchType, NetworkMode,
    ProtectionAnswer, RequestRate, TaskStats,
};

/// The largest file with statistics.
const STATS_LIMIT: usize = 1 << 20;

/// Reads the table over the task that the instance has, inherited or none.
pub(super) fn read(section: &Section<'_>, files: &NamedFiles<'_>, instance: &mut Instance) {
    let mut task = instance.ecs.as_deref().cloned().unwrap_or_default();
    definition(section, &mut task);
    size(section, &mut task);
    credentials_of(section, files, &mut task);
    set_if_some(&mut task.tags, section.read("tags", instance::tags));
    set_if_some(&mut task.fault_injection, section.read("fault-injection", Item::boolean));
    set_if_some(&mut task.protection, section.read("protection", Item::choice::<ProtectionAnswer>));
    if let Some(item) = section.get("throttle") {
        throttle(&item, &mut task.throttle, RequestRate::AGENT);
    }
    set_if_some(&mut task.stats, section.read("stats", |item| stats(item, files)));
    if let Some(item) = section.get("container") {
        set_if_some(&mut task.containers, container::read_all(&item));
    }
    if let Some(table) = section.read("metadata", Item::section) {
        task.metadata = metadata::read(&table, &task);
    }
    section.finish();
    checks::add(section, &task);
    instance.ecs = Some(Arc::new(task));
}

fn definition(section: &Section<'_>, task: &mut EcsTask) {
    set_if_some(&mut task.launch_type, section.read("launch-type", Item::choice::<LaunchType>));
    set_if_some(&mut task.cluster, section.read("cluster", Item::parse));
    set_if_some(&mut task.family, section.read("family", Item::parse));
    let revision = section.read("revision", |item| item.integer(1..=i64::from(u32::MAX)));
    set_if_some(&mut task.revision, revision.and_then(|revision| revision.try_into().ok()));
    replace_if_some(&mut task.service_name, section.read("service-name", Item::parse));
    replace_if_some(&mut task.task_id, section.read("task-id", Item::parse));
    let mode = section.read("network-mode", Item::choice::<NetworkMode>);
    if mode.is_none() && task.launch_type == LaunchType::External {
        task.network_mode = NetworkMode::Bridge;
    }
    set_if_some(&mut task.network_mode, mode);
}

fn size(section: &Section<'_>, task: &mut EcsTask) {
    let cpu = section.read("cpu", |item| item.number(0.125, 192.0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 128 and 196,608 by the range above"
    )]
    set_if_some(&mut task.cpu_units, cpu.map(|cpu| (cpu * 1024.0).round() as u32));
    let memory = section.read("memory", mebibytes);
    set_if_some(&mut task.memory, memory);
    if let Some(storage) = section.read("ephemeral-storage", Item::section) {
        let EphemeralStorage { reserved, utilized } = &mut task.ephemeral_storage;
        set_if_some(reserved, storage.read("reserved", mebibytes));
        set_if_some(utilized, storage.read("utilized", mebibytes));
        storage.finish();
    }
}

fn mebibytes(item: &Item<'_>) -> Option<u32> {
    item.integer(0..=100_000_000).and_then(|memory| memory.try_into().ok())
}

fn credentials_of(section: &Section<'_>, files: &NamedFiles<'_>, task: &mut EcsTask) {
    set_if_some(&mut task.role, section.read("role", role));
    replace_if_some(&mut task.credential_id, section.read("credential-id", Item::parse_secret));
    set_if_some(&mut task.credentials_ready_after, section.read("credentials-ready-after", Item::duration));
    if let Some(table) = section.read("credentials", Item::section) {
        task.credentials = credentials::read(&table, files);
        match task.credentials.as_ref().map(|credentials| &credentials.source) {
            Some(CredentialSource::File(_) | CredentialSource::Process { .. }) => table.error(
                "a task cannot have credentials of its own from a file or a process",
                "accepted: generated or static here; file and process in [credentials], whose keys the task has then",
            ),
            Some(CredentialSource::Generated | CredentialSource::Static(_)) => {}
            None => task.role = EndpointRole::None,
        }
    }
}

/// Reads the name of a role, or `false`.
pub(super) fn role(item: &Item<'_>) -> Option<EndpointRole> {
    if item.kind() != "boolean" {
        return item.parse().map(EndpointRole::Named);
    }
    if item.boolean()? {
        item.error(format!("{} is true", item.name()), "accepted: the name of a role, or false for none");
        return None;
    }
    Some(EndpointRole::None)
}

/// Reads `{ per-second = 40, burst = 60 }`, or `false`. What is left out is usual.
pub(super) fn throttle(item: &Item<'_>, limit: &mut Option<RequestRate>, usual: RequestRate) {
    if item.kind() == "boolean" {
        if item.boolean() == Some(true) {
            let RequestRate { per_second, burst } = usual;
            item.error(
                format!("{} is true", item.name()),
                format!("accepted: {{ per-second = {per_second}, burst = {burst} }}, or false for no limit"),
            );
        }
        *limit = None;
        return;
    }
    let Some(section) = item.section() else { return };
    let number = |key| section.read(key, |item: &Item<'_>| item.integer(1..=1_000_000));
    let (per_second, burst) = (number("per-second"), number("burst"));
    section.finish();
    let mut rate = usual;
    set_if_some(&mut rate.per_second, per_second.and_then(|number| number.try_into().ok()));
    set_if_some(&mut rate.burst, burst.and_then(|number| number.try_into().ok()));
    *limit = Some(rate);
}

/// Reads `"steady"`, `"none"`, or `{ file = "stats.json" }`.
fn stats(item: &Item<'_>, files: &NamedFiles<'_>) -> Option<TaskStats> {
    if item.kind() != "table" {
        return match item.choice::<StatsWord>()? {
            StatsWord::Steady => Some(TaskStats::Steady),
            StatsWord::None => Some(TaskStats::None),
        };
    }
    let bytes = content::read(item, files, STATS_LIMIT)?;
    match serde_json::from_slice::<BTreeMap<String, serde_json::Value>>(&bytes) {
        Ok(stats) => {
            // Null is that there are none, as in the agent's replies.
            let stats = stats.into_iter().filter(|(_, stats)| !stats.is_null());
            let stats = stats.map(|(name, stats)| (name, stats.to_string()));
            Some(TaskStats::Fixed(Arc::new(stats.collect())))
        }
        Err(error) => {
            item.error(
                format!("{} is not JSON of this form: {error}", item.name()),
                "accepted: an object with the name of each container and its statistics, { \"app\": { … } }",
            );
            None
        }
    }
}

/// The sources of statistics that are words.
#[derive(Debug, Clone, Copy, PartialEq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum StatsWord {
    Steady,
    None,
}

/// The task of an instance that inherits one: with ids of its own.
pub(super) fn inherit(instance: &mut Instance) {
    let has_identity = |task: &EcsTask| task.task_id.is_some() || task.credential_id.is_some();
    if let Some(task) = instance.ecs.as_ref().filter(|task| has_identity(task)) {
        instance.ecs = Some(Arc::new(task.without_identity()));
    }
}
