//! The control socket's server: a table of routes, a file for each handler.
//!
//! A further verb is a row in [`ROUTES`], a file with its handler, and its types in [`api`](super::api).

mod clock;
mod events;
mod faults;
mod library;
mod reload;
mod requests;
mod show;
mod status;

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use super::ControlSocket;
use super::api::{CLOCK, EVENTS, FAULTS, RELOAD, REQUESTS, Refusal, Rejected, SCENARIOS, SHOW, STATUS, USE};
use super::order::{ControlBackend, Order, OrderReply, OrderSource};

/// Clients at one time.
const CONNECTIONS: usize = 64;
/// Those of them that may wait for something to happen; the rest is for those that do not.
const WAITING: usize = 48;
/// How long a client may take for a request head, and again for the body.
const HEAD: Duration = Duration::from_secs(5);
/// How long a client may stay: longer than the longest wait.
const LIFETIME: Duration = Duration::from_secs(90);
/// Bytes of a request body: a value of 1 MiB in base64, with room for escapes.
const BODY_BYTES: usize = 4 << 20;
/// Bytes of a request head.
const HEAD_BYTES: usize = 8192;

/// Every route there is.
const ROUTES: &[Route] = &[
    Route(Method::GET, STATUS, |ask| Box::pin(ready(status::get(&ask)))),
    Route(Method::POST, RELOAD, |ask| Box::pin(reload::post(ask))),
    Route(Method::GET, REQUESTS, |ask| Box::pin(requests::get(ask))),
    Route(Method::GET, SHOW, |ask| Box::pin(ready(show::get(&ask)))),
    Route(Method::POST, EVENTS, |ask| Box::pin(events::post(ask))),
    Route(Method::POST, FAULTS, |ask| Box::pin(faults::post(ask))),
    Route(Method::DELETE, FAULTS, |ask| Box::pin(faults::delete(ask))),
    Route(Method::POST, CLOCK, |ask| Box::pin(clock::post(ask))),
    Route(Method::POST, USE, |ask| Box::pin(library::post(ask))),
    Route(Method::GET, SCENARIOS, |ask| Box::pin(library::get(ask))),
];

/// A method, a path, and who answers.
struct Route(
    Method,
    &'static str,
    fn(ControlRequest) -> Pin<Box<dyn Future<Output = ControlResponse> + Send>>,
);

/// What goes back.
type ControlResponse = Response<Full<Bytes>>;

/// A request with its surroundings.
struct ControlRequest {
    desk: Arc<ControlBackend>,
    waiting: Arc<Semaphore>,
    caller: OrderSource,
    request: Request<Incoming>,
}

impl ControlRequest {
    /// The body, read as JSON. An empty one is an empty object.
    async fn read<T: DeserializeOwned>(&mut self) -> Result<T, ControlResponse> {
        let body = Limited::new(self.request.body_mut(), BODY_BYTES).collect();
        let body = match timeout(HEAD, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) => {
                let why = format!("the body cannot be read: {error}; accepted: 4 MiB at most");
                return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, why));
            }
            Err(_) => {
                return Err(refusal(
                    StatusCode::REQUEST_TIMEOUT,
                    "the body was not received in time".to_owned(),
                ));
            }
        };
        let body = if body.trim_ascii().is_empty() { b"{}" } else { &body[..] };
        let refused = |error| {
            refusal(StatusCode::BAD_REQUEST, format!("the body is not valid JSON for this path: {error}"))
        };
        serde_json::from_slice(body).map_err(refused)
    }

    /// Gives an order and waits for its outcome.
    async fn order<T: Serialize>(&self, order: impl FnOnce(OrderReply<T>) -> Order) -> ControlResponse {
        let (outcome, answer) = oneshot::channel();
        if self.desk.orders.send(order(outcome)).await.is_err() {
            return stopping();
        }
        match answer.await {
            Ok(Ok(done)) => json(StatusCode::OK, &done),
            Ok(Err::<_, Rejected>(rejected)) => json(StatusCode::UNPROCESSABLE_ENTITY, &rejected),
            Err(_) => stopping(),
        }
    }
}

/// Serves the control socket until the task is dropped.
pub(crate) async fn serve(socket: ControlSocket, desk: ControlBackend) -> io::Result<()> {
    let listener = UnixListener::from_std(socket.listener.try_clone()?)?;
    let desk = Arc::new(desk);
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let waiting = Arc::new(Semaphore::new(WAITING));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return Ok(()) };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (desk, waiting) = (Arc::clone(&desk), Arc::clone(&waiting));
                tokio::spawn(async move {
                    let _ = timeout(LIFETIME, converse(stream, desk, waiting)).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept clients at {}: {error}", socket.path().display());
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, desk: Arc<ControlBackend>, waiting: Arc<Semaphore>) {
    let Ok(peer) = stream.peer_cred() else { return };
    let caller = OrderSource::Peer { pid: peer.pid(), uid: peer.uid() };
    let service = service_fn(|request| {
        let (desk, waiting) = (Arc::clone(&desk), Arc::clone(&waiting));
        async move { Ok::<_, Infallible>(respond(ControlRequest { desk, waiting, caller, request }).await) }
    });
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("{caller} at the control socket: {error}");
    }
}

async fn respond(ask: ControlRequest) -> ControlResponse {
    let (method, path) = (ask.request.method(), ask.request.uri().path());
    tracing::debug!("{}: {method} {path}", ask.caller);
    match ROUTES.iter().find(|Route(known, at, _)| at == &path && known == method) {
        Some(Route(_, _, handler)) => handler(ask).await,
        None => refuse(method, path),
    }
}

fn stopping() -> ControlResponse {
    refusal(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping".to_owned())
}

fn refuse(method: &Method, path: &str) -> ControlResponse {
    let allowed: Vec<&str> =
        ROUTES.iter().filter(|route| route.1 == path).map(|route| route.0.as_str()).collect();
    if allowed.is_empty() {
        return refusal(StatusCode::NOT_FOUND, format!("there is no {path}"));
    }
    let allowed = allowed.join(", ");
    let mut response =
        refusal(StatusCode::METHOD_NOT_ALLOWED, format!("{path} takes {allowed}, not {method}"));
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

fn refusal(status: StatusCode, error: String) -> ControlResponse {
    let routes = ROUTES.iter().map(|Route(method, path, _)| format!("{method} {path}")).collect();
    json(status, &Refusal { error, routes })
}

fn json(status: StatusCode, value: &impl Serialize) -> ControlResponse {
    let mut body = serde_json::to_vec_pretty(value).expect("the API's types have string keys only");
    body.push(b'\n');
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
