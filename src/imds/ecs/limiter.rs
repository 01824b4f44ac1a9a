//! The agent's limit of requests, by client and path, and the headers that it adds to every reply.

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use super::tasks::task_of;
use crate::imds::Reply;
use crate::imds::endpoint::{EndpointContext, RateBucket};
use crate::imds::go_replies::GoReplies;
use crate::model::RequestRate;

const DURATION: HeaderName = HeaderName::from_static("x-rate-limit-duration");
const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-rate-limit-request-forwarded-for");
const REMOTE: HeaderName = HeaderName::from_static("x-rate-limit-request-remote-addr");

/// The headers of the limiter.
pub(super) fn headers(context: &EndpointContext<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let rate = task_of(&context.compiled.instance).throttle.unwrap_or(RequestRate::AGENT);
    let forwarded = context.request.head.headers.get("x-forwarded-for").cloned();
    let mut remote = context.request.remote;
    remote.set_ip(context.client());
    let text = |text: String| HeaderValue::try_from(text).expect("digits and marks");
    let limit = match rate.per_second {
        // As nearly always.
        40 => HeaderValue::from_static("40.00"),
        other => text(format!("{other}.00")),
    };
    vec![
        (DURATION, HeaderValue::from_static("1")),
        (LIMIT, limit),
        (FORWARDED_FOR, forwarded.unwrap_or_else(|| HeaderValue::from_static(""))),
        (REMOTE, text(remote.to_string())),
    ]
}

/// 429 to a client that asks for a path too often.
pub(super) fn refuse(context: &EndpointContext<'_>, replies: &GoReplies) -> Option<Reply> {
    let rate = task_of(&context.compiled.instance).throttle?;
    let bucket = RateBucket { client: Some(context.client()), name: context.request.head.path };
    (!context.request.memory.admit(bucket, rate.interval(), rate.burst, context.uptime))
        .then(|| too_many(replies))
}

pub(super) fn too_many(replies: &GoReplies) -> Reply {
    replies.text(StatusCode::TOO_MANY_REQUESTS, "You have reached maximum request limit.")
}
