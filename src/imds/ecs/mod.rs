//! Amazon ECS: the agent's endpoints at 169.254.170.2.
//!
//! | path | answer |
//! |---|---|
//! | `/v2/credentials/ID`, `/v1/credentials?id=ID` | the keys of the task role |
//! | `/v4/ID`, `/v3/ID` and what is below them | task metadata, for the container with the id |
//! | `/v2/metadata`, `/v2/stats` and what is below them | task metadata, for the client's address |
//! | `/api/ID/task-protection/v1/state` | protection from scale-in |
//! | `/api/ID/fault/v1/…` | network faults, remembered |
//!
//! Source: the agent's behaviour as its users see it, and the Amazon ECS developer guide, "Task IAM role".

mod agent_api;
mod clean_path;
mod container;
mod credentials;
mod facts;
mod ids;
mod limiter;
mod lookup;
mod metadata;
mod named_paths;
mod network;
mod network_faults;
mod overrides;
mod protection;
mod stats;
mod task;
mod tasks;

use http::StatusCode;

use super::Reply;
use super::endpoint::EndpointContext;
use super::go_replies::GoReplies;
use credentials::CredentialsVersion;
pub(crate) use credentials::task_credentials_state;
use facts::MetadataVersion;
pub(crate) use ids::TaskIds;
pub(crate) use lookup::has_real_keys;
pub(crate) use named_paths::{named_paths, with_ids};
pub(crate) use tasks::{role_of, task_of};

/// The reply to a request.
pub(super) fn respond(context: &EndpointContext<'_>) -> Reply {
    let head = context.request.head;
    if let Some(clean) = clean_path::cleaned(head.path, head.query) {
        return context.replies(vec![]).redirect(&clean);
    }
    let replies = context.replies(limiter::headers(context));
    // They have a limit of their own.
    let is_fault = head.path.starts_with("/api/") && head.path.contains("/fault/v1/");
    if !is_fault && let Some(refused) = limiter::refuse(context, &replies) {
        return refused;
    }
    route(context, &replies).unwrap_or_else(|| replies.not_found())
}

fn route(context: &EndpointContext<'_>, replies: &GoReplies) -> Option<Reply> {
    let path = context.path();
    if let Some(id) = path.strip_prefix("/v2/credentials/") {
        return Some(credentials::respond(context, replies, CredentialsVersion::V2, id));
    }
    if path == "/v1/credentials" {
        let id = query_value(context.request.head.query, "id").unwrap_or_default();
        return Some(credentials::respond(context, replies, CredentialsVersion::V1, &id));
    }
    let (version, rest) = path.strip_prefix('/')?.split_once('/')?;
    match version {
        "v2" => metadata::respond_v2(context, replies, rest),
        "v3" => metadata::respond(context, replies, MetadataVersion::V3, rest),
        "v4" => metadata::respond(context, replies, MetadataVersion::V4, rest),
        "api" => agent_api::respond(context, replies, rest),
        _ => None,
    }
}

/// The reply with an injected error, in the words of the endpoint.
pub(super) fn error(status: StatusCode, context: &EndpointContext<'_>) -> Reply {
    let replies = context.replies(limiter::headers(context));
    let path = context.path();
    if status == StatusCode::TOO_MANY_REQUESTS {
        return limiter::too_many(&replies);
    }
    let version = match &*path {
        "/v1/credentials" => Some(CredentialsVersion::V1),
        _ => path.starts_with("/v2/credentials/").then_some(CredentialsVersion::V2),
    };
    match version {
        Some(version) => credentials::injected(&replies, version, status),
        None if status == StatusCode::NOT_FOUND => replies.not_found(),
        None if ["/v2/", "/v3/", "/v4/"].iter().any(|prefix| path.starts_with(prefix)) => {
            metadata::injected(&replies, &path, status)
        }
        None => replies.error(status, status.canonical_reason().unwrap_or_default()),
    }
}

/// The value of a query's parameter.
fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find_map(|(found, value)| (found == name).then_some(value))?;
    Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
}
