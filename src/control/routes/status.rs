//! `GET /v1/status`: what the server does.

use hyper::StatusCode;

use super::{Answer, Ask, json};

pub(super) fn get(ask: &Ask) -> Answer {
    json(StatusCode::OK, &(ask.desk.status)())
}
