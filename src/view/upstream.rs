//! What the view asks of the server, at its control socket.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;

use super::reply::{ViewBody, ViewReply, refusal, with_headers};
use super::state::ViewState;
use crate::control::api::{METRICS, POSITION};
use crate::exit::Failure;
use crate::host::metrics;
use crate::host::runtime::Runtime;
use crate::host::status::GuardianStatus;
use crate::metrics::MetricsText;

/// An answer takes no longer than this; a reload reads files.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The same for a request that waits for others, which may take a minute.
const WAITING: Duration = Duration::from_secs(75);

/// `true` of a route whose answer may wait for something to happen.
pub(super) fn waits(route: &str) -> bool {
    route.split_once('?').is_some_and(|(_, query)| query.split('&').any(|word| word.starts_with("wait=")))
}

/// Passes a request of the control API on, and its answer back.
pub(super) async fn forward(state: &ViewState, method: Method, route: &str, body: Bytes) -> ViewReply {
    let limit = if waits(route) { WAITING } else { TIMEOUT };
    match state.client.forward(method, route, body, limit).await {
        Ok(answer) => relay(answer),
        Err(failure) => refusal(StatusCode::BAD_GATEWAY, &failure.message),
    }
}

/// The answer with those of its headers that mean something here.
fn relay(answer: Response<Bytes>) -> ViewReply {
    let (parts, body) = answer.into_parts();
    let media_type = parts.headers.get(CONTENT_TYPE).cloned();
    let Some(media_type) = media_type else {
        return refusal(StatusCode::BAD_GATEWAY, "the server's answer has no media type");
    };
    let mut reply = with_headers(parts.status, media_type, ViewBody::Whole(body.into()));
    for name in [POSITION, "allow"] {
        if let Some(value) = parts.headers.get(name) {
            reply.headers_mut().insert(name, value.clone());
        }
    }
    reply
}

/// Asks for something that there always is.
pub(super) async fn get<T: DeserializeOwned>(state: &ViewState, route: &str) -> Result<T, String> {
    let answer = state.client.forward(Method::GET, route, Bytes::new(), TIMEOUT).await;
    let answer = answer.map_err(|failure| failure.message)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("the server answers {} to {route}", answer.status().as_u16()));
    }
    serde_json::from_slice(answer.body())
        .map_err(|error| format!("cannot understand the server: {error}; is it another version?"))
}

/// What the guardian of this host publishes; `None` if none runs.
pub(super) fn guardian(state: &ViewState) -> Option<GuardianStatus> {
    Runtime::at(&state.guardian).present_status()
}

/// The metrics of the server and of the guardian. Those of a server that does not answer are missing.
pub(super) async fn metrics(state: &ViewState) -> String {
    let server = state.client.forward(Method::GET, METRICS, Bytes::new(), TIMEOUT).await;
    let server: Result<Response<Bytes>, Failure> = server;
    let mut text = MetricsText::default();
    let server = server.ok().filter(|answer| answer.status() == StatusCode::OK);
    text.gauge("up", "1 while the server answers at its control socket.").value(u8::from(server.is_some()));
    metrics::write(&mut text, guardian(state).as_ref());
    let server = server.map(|answer| String::from_utf8_lossy(answer.body()).into_owned());
    text.into_text() + &server.unwrap_or_default()
}
