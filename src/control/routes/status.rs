//! `GET /v1/status`: what the server does.

use hyper::StatusCode;

use super::{ControlRequest, ControlResponse, json};

pub(super) fn get(ask: &ControlRequest) -> ControlResponse {
    json(StatusCode::OK, &(ask.desk.status)())
}
