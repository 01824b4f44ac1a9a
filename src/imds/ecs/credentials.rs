//! `/v2/credentials/ID`, and `/v1/credentials?id=ID` as old SDKs ask. Errors have three keys, two of them in lower case.

use std::time::Duration;

use http::StatusCode;
use hyper::body::Bytes;

use super::ids::TaskIds;
use super::lookup::with_task;
use super::tasks::{credentials_of, role_of, task_of};
use crate::imds::Reply;
use crate::imds::endpoint::EndpointContext;
use crate::imds::go_replies::GoReplies;
use crate::imds::keys::{IssuedKeys, KeyRequest, NoKeys, issue};
use crate::imds::ordered_json::Members;
use crate::imds::prepared_keys::is_same_secret;
use crate::model::{
    AgentPhase, CredentialState, Credentials, Fetched, Instance, RoleName, Service, StringEnum as _,
    Timestamp,
};

/// The path by which the credentials are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum CredentialsVersion {
    V1,
    V2,
}

/// An error: status, code and message.
#[derive(Debug, Clone, Copy)]
enum CredentialsError {
    NoId,
    UnknownId,
    Uninitialized,
    Internal,
}

pub(super) fn respond(
    context: &EndpointContext<'_>,
    replies: &GoReplies,
    version: CredentialsVersion,
    id: &str,
) -> Reply {
    let refuse = |error| refusal(replies, version, error);
    if id.is_empty() {
        return refuse(CredentialsError::NoId);
    }
    let is_theirs = |ids: &TaskIds<'_>| {
        let is_same = || is_same_secret(ids.credential_id(context.authority).as_bytes(), id.as_bytes());
        ids.role_arn().is_some() && is_same()
    };
    let answered = prepared_keys(context, id).map(|body| Some(Ok(body)));
    match answered.unwrap_or_else(|| with_task(context, is_theirs, |context| keys(context, id))) {
        Some(Ok(body)) => replies.json(StatusCode::OK, body),
        Some(Err(error)) => refuse(error),
        None => refuse(CredentialsError::UnknownId),
    }
}

/// The keys of the client's own task, if they were the last ones.
fn prepared_keys(context: &EndpointContext<'_>, id: &str) -> Option<Bytes> {
    let compiled = context.compiled;
    let is_ready = is_ready(&compiled.instance, context.elapsed);
    is_ready.then(|| compiled.task_keys.get(context.key_origin(id.as_bytes()))).flatten()
}

/// The keys of the context's task, which has this id, as JSON.
fn keys(context: &EndpointContext<'_>, id: &str) -> Result<Bytes, CredentialsError> {
    let instance = &context.compiled.instance;
    let (Some(role), Some(arn)) = (role_of(instance), TaskIds::of(instance).role_arn()) else {
        return Err(CredentialsError::UnknownId);
    };
    match issued(instance, role, context.elapsed, context.fleet.fetched(), context.now) {
        Ok(IssuedKeys { keys, expires, .. }) => {
            let body = Members::default()
                .with("RoleArn", arn)
                .with("AccessKeyId", keys.access_key_id)
                .with("SecretAccessKey", keys.secret_access_key.reveal())
                .with("Token", keys.token.reveal())
                .with("Expiration", expires.rfc3339());
            let body = Bytes::from(body.to_string());
            context.compiled.task_keys.keep(context.key_origin(id.as_bytes()), &body);
            Ok(body)
        }
        // The task has lost its role, so that the agent has never heard of the id.
        Err(NoKeys::NoRole) => Err(CredentialsError::UnknownId),
        // The agent has the id, and waits for ECS to send the keys.
        Err(NoKeys::Unauthorized | NoKeys::Failed | NoKeys::SourceFailed(_) | NoKeys::NotYet) => {
            Err(CredentialsError::Uninitialized)
        }
    }
}

/// The keys of a task's role, `elapsed` after the load of the scenario.
fn issued(
    instance: &Instance,
    role: &RoleName,
    elapsed: Duration,
    fetched: Option<&Fetched>,
    now: Timestamp,
) -> Result<IssuedKeys, NoKeys> {
    let usual = Credentials::default();
    // A task may have a role where the instance has no profile.
    let credentials = credentials_of(instance).unwrap_or(&usual);
    if !is_ready(instance, elapsed) {
        return Err(NoKeys::NotYet);
    }
    issue(&KeyRequest {
        instance,
        credentials,
        name: &format!("ecs {role}"),
        asked_anew: None,
        fetched,
        now: Timestamp::from_secs(now.as_secs()),
    })
}

/// Whether the agent has got keys from ECS.
fn is_ready(instance: &Instance, elapsed: Duration) -> bool {
    let task = task_of(instance);
    let attached_after = task.credentials.as_ref().map_or(Duration::ZERO, |own| own.attached_after);
    let waits = agent_phase(instance) == Some(AgentPhase::WithoutCredentials);
    !waits && elapsed >= attached_after.max(task.credentials_ready_after)
}

fn agent_phase(instance: &Instance) -> Option<AgentPhase> {
    Some(instance.signals.containers.as_deref()?.agent(Service::Ecs)?.phase)
}

/// In a word what becomes of a request for the credentials of an instance's task; `None`: it gets valid ones, or there is no
/// role.
pub(crate) fn task_credentials_state(
    instance: &Instance,
    elapsed: Duration,
    fetched: Option<&Fetched>,
    now: Timestamp,
) -> Option<&'static str> {
    let role = role_of(instance)?;
    if agent_phase(instance) == Some(AgentPhase::Down) {
        return Some("down");
    }
    let state = credentials_of(instance).map_or(CredentialState::Ok, |credentials| credentials.state);
    match issued(instance, role, elapsed, fetched, now) {
        Ok(keys) => (keys.expires <= now).then_some("expired"),
        Err(NoKeys::SourceFailed(_) | NoKeys::NotYet) => Some("uninitialized"),
        Err(NoKeys::NoRole | NoKeys::Unauthorized | NoKeys::Failed) => Some(state.as_str()),
    }
}

/// The error that a fault injects.
pub(super) fn injected(replies: &GoReplies, version: CredentialsVersion, status: StatusCode) -> Reply {
    let error = match status {
        StatusCode::BAD_REQUEST => CredentialsError::UnknownId,
        StatusCode::SERVICE_UNAVAILABLE => CredentialsError::Uninitialized,
        StatusCode::INTERNAL_SERVER_ERROR => CredentialsError::Internal,
        StatusCode::NOT_FOUND => return replies.not_found(),
        other => return replies.error(other, other.canonical_reason().unwrap_or_default()),
    };
    refusal(replies, version, error)
}

fn refusal(replies: &GoReplies, version: CredentialsVersion, error: CredentialsError) -> Reply {
    let (status, code, message) = match error {
        CredentialsError::NoId => {
            (StatusCode::BAD_REQUEST, "NoIdInRequest", "No Credential ID in the request")
        }
        CredentialsError::UnknownId => {
            (StatusCode::BAD_REQUEST, "InvalidIdInRequest", "Credentials not found")
        }
        CredentialsError::Uninitialized => {
            (StatusCode::SERVICE_UNAVAILABLE, "CredentialsUninitialized", "Credentials uninitialized for ID")
        }
        CredentialsError::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal server error")
        }
    };
    let message = match error {
        CredentialsError::Internal => message.to_owned(),
        _ => format!("Credentials{version:?}Request: {message}"),
    };
    let body = Members::default()
        .with("code", code)
        .with("message", message)
        .with("HTTPErrorCode", u32::from(status.as_u16()));
    replies.json(status, body.to_string())
}
