//! `/api/ID/…`: what a container may ask the agent to do for its task.

use http::{Method, StatusCode};

use super::{network_faults, protection};
use crate::imds::Reply;
use crate::imds::endpoint::EndpointContext;
use crate::imds::go_replies::GoReplies;

/// `rest` is the id and what follows. `None`: there is no such path.
pub(super) fn respond(context: &EndpointContext<'_>, replies: &GoReplies, rest: &str) -> Option<Reply> {
    let (id, below) = rest.split_once('/')?;
    let method = context.request.head.method;
    let not_allowed = || Some(replies.empty(StatusCode::METHOD_NOT_ALLOWED));
    if below == "task-protection/v1/state" {
        return match *method {
            Method::GET => Some(protection::state(context, replies, id)),
            Method::PUT => Some(protection::update(context, replies, id)),
            _ => not_allowed(),
        };
    }
    let (kind, action) = below.strip_prefix("fault/v1/")?.split_once('/')?;
    let request = network_faults::request_of(kind, action)?;
    if *method != Method::POST {
        return not_allowed();
    }
    Some(network_faults::respond(context, replies, id, request))
}
