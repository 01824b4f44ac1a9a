//! A reply is a pure function of its arguments.

use hyper::StatusCode;
use hyper::body::Bytes;

use super::{Fleet, Reply, RequestHead, TokenAuthority, Visit};
use crate::model::Timestamp;

/// What a request gets.
pub fn answer(
    _fleet: &Fleet,
    _authority: &TokenAuthority,
    _visit: &Visit,
    head: RequestHead<'_>,
    _now: Timestamp,
) -> Reply {
    let body = Bytes::from(head.path.to_owned());
    Reply { status: StatusCode::OK, reason: None, headers: vec![], body, hop_limit: None }
}
