//! `[ecs.metadata]`: fields of the metadata that are not what they would be.

use std::collections::BTreeMap;

use crate::config::{Item, Section, is_near};
use crate::model::{CONTAINER_FIELDS, EcsTask, LaunchType, MetadataField, TASK_FIELDS};

/// Reads the table: field → text, or `false` for a field that is absent.
pub(super) fn read(section: &Section<'_>, task: &EcsTask) -> BTreeMap<String, Option<String>> {
    let mut fields = BTreeMap::new();
    for (key, item) in section.entries() {
        if let Err(accepted) = key.parse::<MetadataField>() {
            item.error_at_key(
                format!("{key:?} is not a field of the metadata"),
                format!("accepted: {accepted}"),
            );
            continue;
        }
        judge(key, &item, task);
        warn_of_unknown(key, &item);
        if item.kind() != "boolean" {
            fields.extend(item.string().map(|text| (key.to_owned(), Some(text.to_owned()))));
        } else if item.boolean() == Some(false) {
            fields.insert(key.to_owned(), None);
        } else {
            item.error(
                format!("{} is true", item.name()),
                "accepted: text, or false, which removes the field",
            );
        }
    }
    fields
}

/// Reports a field that no task of this kind has, and a container that this one has not.
fn judge(key: &str, item: &Item<'_>, task: &EcsTask) {
    if key == "task/VPCID" && task.launch_type == LaunchType::Fargate && item.kind() != "boolean" {
        item.error_at_key(
            "tasks on FARGATE have no VPCID",
            "accepted: another launch-type; on Fargate the field is absent",
        );
    }
    let container = key.strip_prefix("container/").and_then(|rest| rest.split('/').next());
    if let Some(name) = container
        && !task.containers.iter().any(|container| container.name.as_str() == name)
    {
        let names: Vec<&str> = task.containers.iter().map(|container| container.name.as_str()).collect();
        item.error_at_key(
            format!("the task has no container {name:?}"),
            format!("accepted: {}", names.join(", ")),
        );
    }
}

/// Warns of a field that the endpoint does not have: programs may be tested with a new one all the same.
fn warn_of_unknown(key: &str, item: &Item<'_>) {
    let Some((place, field)) = key.rsplit_once('/') else { return };
    let known: &[&str] = if place == "task" { &TASK_FIELDS } else { &CONTAINER_FIELDS };
    if known.contains(&field) {
        return;
    }
    let lower = field.to_lowercase();
    let near = known.iter().find(|known| is_near(&lower, &known.to_lowercase()));
    let help = match near {
        Some(near) => format!("did you mean \"{place}/{near}\"?"),
        None => format!("fields: {}", known.join(", ")),
    };
    item.warn_at_key(format!("the metadata of Amazon ECS has no field {field:?}"), help);
}
