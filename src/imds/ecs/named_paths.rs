//! The paths of a task as people say them: with names in the place of ids.

use super::ids::TaskIds;
use super::tasks::{role_of, task_of};
use crate::imds::TokenAuthority;
use crate::model::{Instance, LaunchType};

/// Below the id of a container.
const OF_CONTAINER: [&str; 5] = ["", "/stats", "/task", "/task/stats", "/taskWithTags"];
/// On Managed Instances besides, of version 4.
const OF_ALL_TASKS: [&str; 3] = ["/tasks", "/tasks/stats", "/tasksWithTags"];
/// Without an id, for tasks with an interface of their own.
const OF_CLIENT: [&str; 3] = ["v2/metadata", "v2/metadataWithTags", "v2/stats"];

/// The paths that an instance's task answers.
pub(crate) fn named_paths(instance: &Instance) -> Vec<String> {
    let task = task_of(instance);
    let mut paths: Vec<String> =
        role_of(instance).map(|role| format!("v2/credentials/{role}")).into_iter().collect();
    if task.has_interface() {
        paths.extend(OF_CLIENT.map(str::to_owned));
    }
    let has_all = task.launch_type == LaunchType::ManagedInstances;
    for container in &task.containers {
        let name = &container.name;
        for version in ["v3", "v4"] {
            paths.extend(OF_CONTAINER.map(|below| format!("{version}/{name}{below}")));
        }
        if has_all {
            paths.extend(OF_ALL_TASKS.map(|below| format!("v4/{name}{below}")));
        }
        paths.push(format!("api/{name}/task-protection/v1/state"));
    }
    paths
}

/// A path with the ids of what it names. Ids stay as they are.
pub(crate) fn with_ids(instance: &Instance, path: &str, authority: &TokenAuthority) -> String {
    let ids = TaskIds::of(instance);
    let is_role = |name: &str| role_of(instance).is_some_and(|role| role.as_str() == name);
    let is_container = |name: &str| ids.task().containers.iter().any(|other| other.name.as_str() == name);
    let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    match segments.as_mut_slice() {
        [version, kind, name] if version == "v2" && kind == "credentials" && is_role(name) => {
            *name = ids.credential_id(authority);
        }
        [version, name, ..]
            if matches!(version.as_str(), "v3" | "v4" | "api")
                && !ids.has_endpoint(name)
                && is_container(name) =>
        {
            *name = ids.endpoint_id(name);
        }
        _ => {}
    }
    segments.join("/")
}
