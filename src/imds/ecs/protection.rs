//! Task protection: `/api/ID/task-protection/v1/state`. Source: Amazon ECS developer guide, "Task scale-in protection
//! endpoint".

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use sha2::{Digest as _, Sha256};

use super::ids::TaskIds;
use super::lookup::with_task;
use super::tasks::task_of;
use crate::imds::Reply;
use crate::imds::endpoint::EndpointContext;
use crate::imds::go_replies::GoReplies;
use crate::imds::keys::uuid;
use crate::imds::ordered_json::{Json, Members};
use crate::model::{ProtectionAnswer, ScaleInProtection, Timestamp};

/// Minutes of protection.
const MINUTES: std::ops::RangeInclusive<i64> = 1..=2880;
const USUAL_MINUTES: i64 = 120;
/// The time for which the agent waits for ECS.
const ECS_TIMEOUT: Duration = Duration::from_secs(4);

/// The body of an update, read as Go does: keys without regard to case, of several the last. Other keys are refused.
#[derive(Debug, Default)]
struct ProtectionUpdate {
    protection_enabled: Option<bool>,
    expires_in_minutes: Option<i64>,
}

impl<'de> Deserialize<'de> for ProtectionUpdate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UpdateVisitor)
    }
}

struct UpdateVisitor;

impl<'de> Visitor<'de> for UpdateVisitor {
    type Value = ProtectionUpdate;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    /// `null` is an object without keys.
    fn visit_unit<E: de::Error>(self) -> Result<ProtectionUpdate, E> {
        Ok(ProtectionUpdate::default())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<ProtectionUpdate, M::Error> {
        let mut update = ProtectionUpdate::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.to_ascii_lowercase().as_str() {
                "protectionenabled" => update.protection_enabled = map.next_value()?,
                "expiresinminutes" => update.expires_in_minutes = map.next_value()?,
                _ => return Err(de::Error::unknown_field(&key, &["ProtectionEnabled", "ExpiresInMinutes"])),
            }
        }
        Ok(update)
    }
}

/// GET: whether the task is protected.
pub(super) fn state(context: &EndpointContext<'_>, replies: &GoReplies, id: &str) -> Reply {
    with_task(
        context,
        |ids| ids.has_endpoint(id),
        |context| refused(context, replies, false).unwrap_or_else(|| protection(context, replies)),
    )
    .unwrap_or_else(|| unknown(replies))
}

/// PUT: protects the task, or ends its protection.
pub(super) fn update(context: &EndpointContext<'_>, replies: &GoReplies, id: &str) -> Reply {
    // What follows the first value is not looked at.
    let mut values =
        serde_json::Deserializer::from_slice(context.request.body).into_iter::<ProtectionUpdate>();
    let Some(Ok(update)) = values.next() else {
        let text = "UpdateTaskProtection: failed to decode request";
        return failed(replies, StatusCode::BAD_REQUEST, None, "InvalidParameterException", text);
    };
    with_task(
        context,
        |ids| ids.has_endpoint(id),
        |context| {
            let ids = TaskIds::of(&context.compiled.instance);
            let Some(enabled) = update.protection_enabled else {
                let text = "Invalid request: does not contain 'ProtectionEnabled' field";
                let code = "InvalidParameterException";
                return failed(replies, StatusCode::BAD_REQUEST, Some(&ids), code, text);
            };
            if let Some(refused) = refused(context, replies, true) {
                return refused;
            }
            let minutes = update.expires_in_minutes.unwrap_or(USUAL_MINUTES);
            // Also where protection ends: a client may send any number.
            if !MINUTES.contains(&minutes) {
                return of_ecs(context, replies, &ids);
            }
            let until = enabled.then(|| {
                let span = Duration::from_mins(minutes.unsigned_abs());
                Timestamp::from_secs(context.now.plus(span).as_secs())
            });
            let change = ScaleInProtection { at: context.now, until };
            context.request.memory.protect(&ids.remembered_as(), change);
            protection(context, replies)
        },
    )
    .unwrap_or_else(|| unknown(replies))
}

/// The reply where the scenario, or the task, allows no protection.
fn refused(context: &EndpointContext<'_>, replies: &GoReplies, updates: bool) -> Option<Reply> {
    let task = task_of(&context.compiled.instance);
    let ids = TaskIds::of(&context.compiled.instance);
    let signals = context.compiled.instance.signals.containers.as_deref();
    let answer = signals.and_then(|signals| signals.protection).unwrap_or(task.protection);
    if answer == ProtectionAnswer::Denied || ids.role_arn().is_none() {
        let text = "Invalid Request: no task IAM role credentials available for task";
        let code = "AccessDeniedException";
        return Some(failed(replies, StatusCode::FORBIDDEN, Some(&ids), code, text));
    }
    if answer == ProtectionAnswer::Slow {
        let text = "Timed out calling ECS Task Protection API";
        let mut reply = failed(replies, StatusCode::GATEWAY_TIMEOUT, Some(&ids), "RequestCanceled", text);
        reply.delivery.delay = ECS_TIMEOUT;
        return Some(reply);
    }
    let reason = if task.service_name.is_none() {
        // Only tasks of services are scaled in.
        "TASK_NOT_VALID"
    } else if answer == ProtectionAnswer::Blocked && updates {
        "DEPLOYMENT_BLOCKED"
    } else {
        return None;
    };
    let failure =
        Members::default().with("Arn", ids.task_arn()).with("Detail", Json::Null).with("Reason", reason);
    Some(replies.json(StatusCode::OK, Members::default().with("failure", failure).to_string()))
}

fn protection(context: &EndpointContext<'_>, replies: &GoReplies) -> Reply {
    let ids = TaskIds::of(&context.compiled.instance);
    let signals = context.compiled.instance.signals.containers.as_deref();
    let by_event = signals.and_then(|signals| signals.protected);
    // Whoever changed it last is right.
    let by_client = context.request.memory.protection(&ids.remembered_as());
    let last = by_client.into_iter().chain(by_event).max_by_key(|change| change.at);
    // That of an event ends by the scenario's clock, which may stand still.
    let clock = context.fleet.clock();
    let now = if last == by_event { clock.date(clock.effective(context.instant)) } else { context.now };
    let until = last.and_then(|change| change.until).filter(|until| *until > now);
    let protection = Members::default()
        .with("ExpirationDate", until.map_or(Json::Null, |until| until.rfc3339().into()))
        .with("ProtectionEnabled", until.is_some())
        .with("TaskArn", ids.task_arn());
    replies.json(StatusCode::OK, Members::default().with("protection", protection).to_string())
}

fn unknown(replies: &GoReplies) -> Reply {
    let text = "Failed to find a task for the request";
    failed(replies, StatusCode::NOT_FOUND, None, "ResourceNotFoundException", text)
}

fn error(ids: Option<&TaskIds<'_>>, code: &str, text: &str) -> Members {
    let arn = ids.map(TaskIds::task_arn);
    Members::default().with_some("Arn", arn).with("Code", code).with("Message", text)
}

fn failed(
    replies: &GoReplies,
    status: StatusCode,
    ids: Option<&TaskIds<'_>>,
    code: &str,
    text: &str,
) -> Reply {
    replies.json(status, Members::default().with("error", error(ids, code, text)).to_string())
}

/// The error that ECS itself has for a duration that it does not accept.
fn of_ecs(context: &EndpointContext<'_>, replies: &GoReplies, ids: &TaskIds<'_>) -> Reply {
    let text = "expiresInMinutes must be between 1 and 2880 minutes";
    let body = Members::default()
        .with("requestID", uuid(&Sha256::digest(context.visit.nonce)))
        .with("error", error(Some(ids), "InvalidParameterException", text));
    replies.json(StatusCode::BAD_REQUEST, body.to_string())
}
