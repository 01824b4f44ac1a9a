//! Task metadata: `/v2/…` for tasks with an interface of their own, `/v3/ID/…` and `/v4/ID/…` for the container that has the
//! id.
//!
//! Errors are JSON strings. Versions 2 and 3 have no 404 for an id that is unknown.

use http::StatusCode;

use super::container::container;
use super::facts::{ListedContainer, MetadataVersion, TaskFacts};
use super::lookup::{of_caller, with_task};
use super::stats::{stats, task_stats};
use super::task::{TaskOptions, task};
use super::tasks::task_of;
use crate::imds::Reply;
use crate::imds::endpoint::EndpointContext;
use crate::imds::go_replies::GoReplies;
use crate::imds::ordered_json::{Json, Members};
use crate::model::LaunchType;

/// What is asked for below an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource<'p> {
    Container,
    Task(TaskOptions),
    ContainerStats,
    TaskStats,
    Associations(Option<&'p str>),
    /// Of all tasks of the instance.
    Tasks(TaskOptions),
    TasksStats,
}

const WITH_TAGS: TaskOptions = TaskOptions { tags: true, group: false };
const OF_ALL: TaskOptions = TaskOptions { tags: false, group: true };
const OF_ALL_WITH_TAGS: TaskOptions = TaskOptions { tags: true, group: true };

/// `/v3/` and `/v4/`: `rest` is the id and what follows.
pub(super) fn respond(
    context: &EndpointContext<'_>,
    replies: &GoReplies,
    version: MetadataVersion,
    rest: &str,
) -> Option<Reply> {
    let (id, below) = rest.split_once('/').map_or((rest, None), |(id, below)| (id, Some(below)));
    let resource = resource(version, below)?;
    let of_all_tasks = matches!(resource, Resource::Tasks(_) | Resource::TasksStats);
    // Elsewhere there is no such path, whatever the id.
    if of_all_tasks && task_of(&context.compiled.instance).launch_type != LaunchType::ManagedInstances {
        return None;
    }
    let is_theirs = |ids: &super::ids::TaskIds<'_>| ids.has_endpoint(id);
    let reply = with_task(context, is_theirs, |context| {
        let facts = TaskFacts::of(context, version);
        let listed = facts.containers();
        let asked = listed.iter().find(|listed| facts.ids.endpoint_id(listed.name) == id)?;
        shown(&facts, asked, resource, replies)
    });
    match reply {
        Some(reply) => reply,
        None => Some(unknown(replies, version, resource, id)),
    }
}

fn resource(version: MetadataVersion, below: Option<&str>) -> Option<Resource<'_>> {
    let is_v4 = version == MetadataVersion::V4;
    let Some(below) = below else { return Some(Resource::Container) };
    Some(match below {
        "task" => Resource::Task(TaskOptions::default()),
        "taskWithTags" => Resource::Task(WITH_TAGS),
        "stats" => Resource::ContainerStats,
        "task/stats" => Resource::TaskStats,
        "tasks" if is_v4 => Resource::Tasks(OF_ALL),
        "tasksWithTags" if is_v4 => Resource::Tasks(OF_ALL_WITH_TAGS),
        "tasks/stats" if is_v4 => Resource::TasksStats,
        _ => {
            let (kind, name) = below.strip_prefix("associations/")?.split_once('/').unzip();
            match (kind, name) {
                (Some(_), Some("")) => return None,
                (Some(_), name) => Resource::Associations(name),
                (None, _) if below == "associations/" => return None,
                (None, _) => Resource::Associations(None),
            }
        }
    })
}

/// `None`: there is no such path for this task.
fn shown(
    facts: &TaskFacts<'_>,
    asked: &ListedContainer<'_>,
    resource: Resource<'_>,
    replies: &GoReplies,
) -> Option<Reply> {
    let json = |value: String| Some(replies.json(StatusCode::OK, value));
    match resource {
        Resource::Container => json(container(facts, asked).to_string()),
        Resource::Task(options) => json(task(facts, options).to_string()),
        Resource::TaskStats | Resource::TasksStats => json(task_stats(facts).to_string()),
        Resource::ContainerStats => {
            if let Some(stats) = stats(facts, asked) {
                return json(stats.to_string());
            }
            let status = match facts.version {
                MetadataVersion::V4 => StatusCode::INTERNAL_SERVER_ERROR,
                MetadataVersion::V2 | MetadataVersion::V3 => StatusCode::BAD_REQUEST,
            };
            let id = facts.ids.docker_id(asked.name);
            Some(error(replies, status, format!("Unable to get container stats for: {id}")))
        }
        Resource::Associations(None) => {
            json(Members::default().with("Associations", Json::Array(vec![])).to_string())
        }
        Resource::Associations(Some(name)) => {
            let text = format!(
                "{:?} container associations handler: unable to find association {name}",
                facts.version
            );
            Some(error(replies, StatusCode::BAD_REQUEST, text))
        }
        Resource::Tasks(options) => json(Json::Array(vec![task(facts, options).into()]).to_string()),
    }
}

/// The error of an id that no container has.
fn unknown(replies: &GoReplies, version: MetadataVersion, resource: Resource<'_>, id: &str) -> Reply {
    let is_v4 = version == MetadataVersion::V4;
    let of_container =
        format!("unable to get container ID from request: unable to get docker ID from v3 endpoint ID: {id}");
    let of_task =
        format!("unable to get task arn from request: unable to get task Arn from v3 endpoint ID: {id}");
    let (handler, why, old_status) = match resource {
        Resource::Container => ("container metadata", of_container, StatusCode::INTERNAL_SERVER_ERROR),
        Resource::Task(_) | Resource::Tasks(_) => {
            ("task metadata", of_task, StatusCode::INTERNAL_SERVER_ERROR)
        }
        Resource::ContainerStats => ("container stats", of_task, StatusCode::BAD_REQUEST),
        Resource::TaskStats | Resource::TasksStats => ("task stats", of_task, StatusCode::BAD_REQUEST),
        Resource::Associations(_) => ("container associations", of_container, StatusCode::BAD_REQUEST),
    };
    let status = match resource {
        Resource::Associations(_) => StatusCode::BAD_REQUEST,
        _ if is_v4 => StatusCode::NOT_FOUND,
        _ => old_status,
    };
    error(replies, status, format!("{version:?} {handler} handler: {why}"))
}

/// `/v2/`: `rest` is what follows. The client is known by its address.
pub(super) fn respond_v2(context: &EndpointContext<'_>, replies: &GoReplies, rest: &str) -> Option<Reply> {
    let (kind, id) = rest.split_once('/').unwrap_or((rest, ""));
    let with_tags = kind == "metadataWithTags" && id.is_empty();
    if !matches!(kind, "metadata" | "stats") && !with_tags || id.contains('/') {
        return None;
    }
    let refuse = |text: String| error(replies, StatusCode::BAD_REQUEST, text);
    let reply = of_caller(context, |context| {
        let facts = TaskFacts::of(context, MetadataVersion::V2);
        let ok = |value: String| replies.json(StatusCode::OK, value);
        if !facts.task.has_interface() {
            return None;
        }
        let listed = facts.containers();
        let asked = listed.iter().find(|listed| facts.ids.docker_id(listed.name) == id);
        Some(match (kind, id, asked) {
            ("stats", "", _) => ok(task_stats(&facts).to_string()),
            ("stats", _, asked) => match asked.and_then(|asked| stats(&facts, asked)) {
                Some(stats) => ok(stats.to_string()),
                None => refuse(format!("Unable to get container stats for: {id}")),
            },
            (_, "", _) => ok(task(&facts, TaskOptions { tags: with_tags, group: false }).to_string()),
            (_, _, Some(asked)) => ok(container(&facts, asked).to_string()),
            (_, _, None) => refuse(format!("Unable to generate metadata for container '{id}'")),
        })
    });
    Some(reply.unwrap_or_else(|| {
        let client = context.client();
        refuse(format!("Unable to get task arn from request: unable to associate '{client}' with task"))
    }))
}

/// The reply with an injected error: as that of a container of which there is nothing to tell.
pub(super) fn injected(replies: &GoReplies, path: &str, status: StatusCode) -> Reply {
    let (version, rest) = path.strip_prefix('/').and_then(|path| path.split_once('/')).unwrap_or_default();
    let id = rest.split('/').find(|part| !matches!(*part, "metadata" | "metadataWithTags" | "stats"));
    let id = id.unwrap_or_default();
    let text = match rest.rsplit('/').next() {
        Some("stats") => format!("Unable to get container stats for: {id}"),
        _ if version == "v4" => format!("unable to generate metadata for container '{id}'"),
        _ => format!("Unable to generate metadata for container '{id}'"),
    };
    error(replies, status, text)
}

/// An error: a JSON string.
pub(super) fn error(replies: &GoReplies, status: StatusCode, text: String) -> Reply {
    replies.json(status, Json::Text(text).to_string())
}
