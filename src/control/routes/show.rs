//! `GET /v1/show`: what the service answers now.

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;

use super::{ControlRequest, ControlResponse, json, refusal};
use crate::control::api::{ShownContent, ShownReply};
use crate::control::query::Query;
use crate::imds::absolute;
use crate::model::Accepted;

pub(super) fn get(ask: &ControlRequest) -> ControlResponse {
    let mut query = Query::read(ask.request.uri().query());
    let asked = || {
        let path = query.take("path", |text| Ok(absolute(text)))?;
        let client = query.take("client", |text| text.parse().map_err(|_| Accepted("an address")))?;
        query.finish()?;
        Ok((path.ok_or("no path is given; accepted: path=PATH, such as path=meta-data/instance-id")?, client))
    };
    let (path, client) = match asked() {
        Ok(asked) => asked,
        Err(why) => return refusal(StatusCode::BAD_REQUEST, why),
    };
    let reply = (ask.desk.show)(&path, client);
    let media = reply.headers.iter().find(|(name, _)| name == CONTENT_TYPE);
    let shown = ShownReply {
        path,
        status: reply.status.as_u16(),
        content_type: media.and_then(|(_, media)| media.to_str().ok()).unwrap_or_default().to_owned(),
        content: ShownContent::of(&reply.body),
    };
    json(StatusCode::OK, &shown)
}
