//! A request at the control socket, and its response.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::admission::{Crowded, Place};
use super::api::Rejected;
use super::callers::SocketPeer;
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

impl From<Crowded> for RequestRefusal {
    fn from(Crowded(error): Crowded) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }
}

pub(super) struct ControlRequest {
    pub(super) backend: Arc<ControlBackend>,
    pub(super) place: Arc<Place>,
    /// It is carried out even if the user's share of requests is taken.
    pub(super) urgent: bool,
    pub(super) caller: SocketPeer,
    pub(super) request: Request<Incoming>,
}

impl ControlRequest {
    /// Who gives the order, in words: here, so that the writer asks for no names.
    pub(super) fn source(&self) -> OrderSource {
        OrderSource::Peer(self.caller.to_string())
    }

    /// The body, read as JSON. An empty one is an empty object.
    pub(super) async fn read<T: DeserializeOwned>(&mut self) -> Result<T, RequestRefusal> {
        let body = timeout(READ_TIMEOUT, self.receive()).await.map_err(|_| {
            RequestRefusal::new(StatusCode::REQUEST_TIMEOUT, "the body was not received in time")
        })??;
        self.place.execute(self.urgent)?;
        let body = if body.trim_ascii().is_empty() { b"{}" } else { &body[..] };
        serde_json::from_slice(body).map_err(|error| {
            let why = format!("the body is not valid JSON for this path: {error}");
            RequestRefusal::new(StatusCode::BAD_REQUEST, why)
        })
    }

    async fn receive(&mut self) -> Result<Vec<u8>, RequestRefusal> {
        let too_large = |why: String| {
            let why = format!("the body cannot be read: {why}; accepted: 4 MiB at most");
            RequestRefusal::new(StatusCode::PAYLOAD_TOO_LARGE, why)
        };
        let mut body = Vec::new();
        while let Some(frame) = self.request.body_mut().frame().await {
            let frame = frame.map_err(|error| too_large(error.to_string()))?;
            let bytes = frame.data_ref().map_or(&[][..], |bytes| bytes);
            if body.len() + bytes.len() > BODY_BYTES {
                return Err(too_large("length limit exceeded".to_owned()));
            }
            self.place.receive(bytes.len())?;
            body.extend_from_slice(bytes);
        }
        Ok(body)
    }

    /// Computes a response beside the threads that answer clients.
    pub(super) async fn compute(
        self,
        response: impl FnOnce(&ControlBackend) -> ControlResponse + Send + 'static,
    ) -> Result<ControlResponse, RequestRefusal> {
        let _permit = self.place.computing(self.urgent).await;
        let computed = spawn_blocking(move || response(&self.backend));
        computed.await.map_err(|_| RequestRefusal::stopping())
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
