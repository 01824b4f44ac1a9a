//! `/v2/credentials/ID`, and `/v1/credentials?id=ID` as old SDKs ask. Errors have three keys, two of them in lower case.

use http::StatusCode;

use super::ids::TaskIds;
use super::lookup::with_task;
use super::tasks::{credentials_of, role_of, task_of};
use crate::imds::Reply;
use crate::imds::endpoint::EndpointContext;
use crate::imds::go_replies::GoReplies;
use crate::imds::keys::{IssuedKeys, KeyRequest, NoKeys, issue};
use crate::imds::ordered_json::Members;
use crate::model::{AgentPhase, Credentials, Service, Timestamp};

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
    let is_theirs =
        |ids: &TaskIds<'_>| ids.role_arn().is_some() && is_same(&ids.credential_id(context.authority), id);
    match with_task(context, is_theirs, keys) {
        Some(Ok(body)) => replies.json(StatusCode::OK, body),
        Some(Err(error)) => refuse(error),
        None => refuse(CredentialsError::UnknownId),
    }
}

/// Compares all bytes, so that the time tells nobody how many of a guess were right.
fn is_same(id: &str, guess: &str) -> bool {
    let differences = id.bytes().zip(guess.bytes()).fold(0, |found, (a, b)| found | (a ^ b));
    id.len() == guess.len() && differences == 0
}

/// The keys of the context's task, as JSON.
fn keys(context: &EndpointContext<'_>) -> Result<String, CredentialsError> {
    let instance = &context.compiled.instance;
    let (Some(role), Some(arn)) = (role_of(instance), TaskIds::of(instance).role_arn()) else {
        return Err(CredentialsError::UnknownId);
    };
    let usual = Credentials::default();
    // A task may have a role where the instance has no profile.
    let credentials = credentials_of(instance).unwrap_or(&usual);
    let ready_after = match &task_of(instance).credentials {
        Some(own) => own.attached_after.max(task_of(instance).credentials_ready_after),
        None => task_of(instance).credentials_ready_after,
    };
    let signals = instance.signals.containers.as_deref();
    let agent = signals.and_then(|signals| signals.agent(Service::Ecs));
    let waits = agent.is_some_and(|agent| agent.phase == AgentPhase::WithoutCredentials);
    if context.elapsed < ready_after || waits {
        return Err(CredentialsError::Uninitialized);
    }
    let issued = issue(&KeyRequest {
        instance,
        credentials,
        name: &format!("ecs {role}"),
        asked_anew: None,
        fetched: context.fleet.fetched(),
        now: Timestamp::from_secs(context.now.as_secs()),
    });
    match issued {
        Ok(IssuedKeys { keys, expires, .. }) => {
            let body = Members::default()
                .with("RoleArn", arn)
                .with("AccessKeyId", keys.access_key_id)
                .with("SecretAccessKey", keys.secret_access_key.reveal())
                .with("Token", keys.token.reveal())
                .with("Expiration", expires.rfc3339());
            Ok(body.to_string())
        }
        // The task has lost its role, so that the agent has never heard of the id.
        Err(NoKeys::NoRole) => Err(CredentialsError::UnknownId),
        // The agent has the id, and waits for ECS to send the keys.
        Err(NoKeys::Unauthorized | NoKeys::Failed | NoKeys::SourceFailed(_) | NoKeys::NotYet) => {
            Err(CredentialsError::Uninitialized)
        }
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
