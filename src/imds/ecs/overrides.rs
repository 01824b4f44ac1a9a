//! Fields of the metadata that the scenario overrides.

use crate::imds::ordered_json::{Json, Members};
use crate::model::{CONTAINER_FIELDS, EcsTask, STRUCTURED_FIELDS, TASK_FIELDS};

/// Overrides the fields of a task.
pub(super) fn override_task(members: &mut Members, task: &EcsTask) {
    override_fields(members, task, "task/", &TASK_FIELDS);
}

/// Overrides the fields of a container.
pub(super) fn override_container(members: &mut Members, task: &EcsTask, name: &str) {
    override_fields(members, task, &format!("container/{name}/"), &CONTAINER_FIELDS);
}

/// `prefix` is what comes before the names in the scenario, `order` that of the fields.
fn override_fields(members: &mut Members, task: &EcsTask, prefix: &str, order: &[&str]) {
    for (field, value) in &task.metadata {
        let Some(field) = field.strip_prefix(prefix) else { continue };
        match value {
            None => members.remove(field),
            Some(text) => {
                let is_json = STRUCTURED_FIELDS.contains(&field)
                    && serde_json::from_str::<serde_json::Value>(text).is_ok();
                let value = if is_json { Json::Raw(text.clone()) } else { text.as_str().into() };
                members.set(field, value, order);
            }
        }
    }
}
