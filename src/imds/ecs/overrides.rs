//! Fields of the metadata that the scenario overrides.

use crate::imds::ordered_json::{Json, Members};
use crate::model::EcsTask;

/// Fields that are numbers or booleans.
const NOT_TEXT: [&str; 3] = ["ExitCode", "RestartCount", "FaultInjectionEnabled"];

/// Overrides the fields of an object; `prefix` is what comes before their names in the scenario.
pub(super) fn override_fields(members: &mut Members, task: &EcsTask, prefix: &str) {
    for (field, value) in &task.metadata {
        let Some(field) = field.strip_prefix(prefix) else { continue };
        match value {
            None => members.remove(field),
            Some(text) => {
                let is_json =
                    NOT_TEXT.contains(&field) && serde_json::from_str::<serde_json::Value>(text).is_ok();
                members.set(field, if is_json { Json::Raw(text.clone()) } else { text.as_str().into() });
            }
        }
    }
}
