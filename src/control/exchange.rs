//! A request at the control socket, and its response.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::api::Rejected;
use super::order::{ControlBackend, Order, OrderReply, OrderSource};

/// A client may take so long for a request head, and again for the body.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a request body: a value of 1 MiB in base64, with room for escapes.
const BODY_BYTES: usize = 4 << 20;

pub(super) type ControlResponse = Response<Full<Bytes>>;

/// A request that is refused before anything is done.
pub(super) struct RequestRefusal {
    pub(super) status: StatusCode,
    pub(super) error: String,
}

impl RequestRefusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into() }
    }

    pub(super) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
    }
}

pub(super) struct ControlRequest {
    pub(super) backend: Arc<ControlBackend>,
    /// Permits of those that wait for something to happen.
    pub(super) waiting: Arc<Semaphore>,
    pub(super) caller: OrderSource,
    pub(super) request: Request<Incoming>,
}

impl ControlRequest {
    /// The body, read as JSON. An empty one is an empty object.
    pub(super) async fn read<T: DeserializeOwned>(&mut self) -> Result<T, RequestRefusal> {
        let body = Limited::new(self.request.body_mut(), BODY_BYTES).collect();
        let body = match timeout(READ_TIMEOUT, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) => {
                let why = format!("the body cannot be read: {error}; accepted: 4 MiB at most");
                return Err(RequestRefusal::new(StatusCode::PAYLOAD_TOO_LARGE, why));
            }
            Err(_) => {
                return Err(RequestRefusal::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "the body was not received in time",
                ));
            }
        };
        let body = if body.trim_ascii().is_empty() { b"{}" } else { &body[..] };
        serde_json::from_slice(body).map_err(|error| {
            let why = format!("the body is not valid JSON for this path: {error}");
            RequestRefusal::new(StatusCode::BAD_REQUEST, why)
        })
    }

    /// Gives an order and waits for its outcome.
    pub(super) async fn order<T: Serialize>(
        &self,
        order: impl FnOnce(OrderReply<T>) -> Order,
    ) -> Result<ControlResponse, RequestRefusal> {
        let (reply, outcome) = oneshot::channel();
        self.backend.orders.send(order(reply)).await.map_err(|_| RequestRefusal::stopping())?;
        match outcome.await {
            Ok(Ok(done)) => Ok(json(StatusCode::OK, &done)),
            Ok(Err::<_, Rejected>(rejected)) => Ok(json(StatusCode::UNPROCESSABLE_ENTITY, &rejected)),
            Err(_) => Err(RequestRefusal::stopping()),
        }
    }
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> ControlResponse {
    let mut body = serde_json::to_vec_pretty(value).expect("the API's types have string keys only");
    body.push(b'\n');
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
