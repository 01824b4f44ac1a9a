//! The paths of the view: who asks is judged first, then what is asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{ALLOW, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::access::{check_page, has_password, has_token, is_of_this_host};
use super::reply::{HTML, TEXT, ViewReply, no_room, refusal, reply};
use super::state::ViewState;
use super::{assets, live, plain, upstream};
use crate::metrics::MEDIA_TYPE;

/// A client has so long for the head of a request, and the same for the body.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a body, as the control socket has it.
const BODY_BYTES: usize = 4 << 20;
/// Bodies that are received and orders that are carried out at one time; so many more wait for one of them.
const ORDERS: usize = 4;
const QUEUED_ORDERS: usize = 16;
static ORDER_ROOM: Semaphore = Semaphore::const_new(ORDERS);
static ORDER_QUEUE: Semaphore = Semaphore::const_new(ORDERS + QUEUED_ORDERS);
/// Questions to the server at one time, further ones wait for [`READ_TIMEOUT`]; and those that wait for requests to come. With
/// orders and streams they take less than all connections of the view, so that the page itself is always there, and less than
/// the control socket has for one user, who has commands beside the view.
const READS: usize = 12;
const WAITS: usize = 8;
static READ_ROOM: Semaphore = Semaphore::const_new(READS);
static WAIT_ROOM: Semaphore = Semaphore::const_new(WAITS);
/// Scrapes at one time, which need no token: whoever asks for metrics only takes nothing from those who have it.
const SCRAPES: usize = 4;
static SCRAPE_ROOM: Semaphore = Semaphore::const_new(SCRAPES);

pub(super) async fn respond(
    request: Request<Incoming>,
    peer: SocketAddr,
    state: Arc<ViewState>,
) -> ViewReply {
    let (head, body) = request.into_parts();
    if let Err((status, why)) = check_page(&head, &state) {
        return reply(status, TEXT, format!("{why}\n"));
    }
    let path = head.uri.path();
    if let Some((media_type, content)) = assets::find(path) {
        return if is_read(&head) {
            reply(StatusCode::OK, media_type, content)
        } else {
            not_allowed("GET, HEAD")
        };
    }
    match path {
        "/plain" if !(has_token(&head.headers, &state) || has_password(&head.headers, &state)) => password(),
        "/metrics" if !(is_of_this_host(peer) || has_token(&head.headers, &state)) => unauthorized(),
        "/plain" | "/metrics" if !is_read(&head) => not_allowed("GET, HEAD"),
        "/plain" | "/metrics" => {
            let room = if path == "/metrics" { &SCRAPE_ROOM } else { &READ_ROOM };
            let Ok(_room) = timeout(READ_TIMEOUT, room.acquire()).await else { return busy() };
            match path {
                "/plain" => reply(StatusCode::OK, HTML, plain::page(&state).await),
                _ => reply(StatusCode::OK, MEDIA_TYPE, upstream::metrics(&state).await),
            }
        }
        _ => match path.strip_prefix("/api/") {
            Some(_) if !has_token(&head.headers, &state) => unauthorized(),
            Some("live") if head.method == Method::GET => live::begin(&state, head.uri.query()),
            Some("live") => not_allowed("GET"),
            Some(_) => api(&head, body, &state).await,
            None => reply(StatusCode::NOT_FOUND, TEXT, "there is nothing here; the page is at /\n"),
        },
    }
}

fn is_read(head: &Parts) -> bool {
    matches!(head.method, Method::GET | Method::HEAD)
}

/// The control API.
async fn api(head: &Parts, body: Incoming, state: &ViewState) -> ViewReply {
    let route = head.uri.path_and_query().map_or("", |route| route.as_str());
    let route = route.strip_prefix("/api").unwrap_or_default();
    if !matches!(head.method, Method::GET | Method::POST | Method::DELETE) {
        return not_allowed("GET, POST, DELETE");
    }
    if head.method == Method::GET {
        let room = if upstream::waits(route) {
            WAIT_ROOM.try_acquire().ok()
        } else {
            timeout(READ_TIMEOUT, READ_ROOM.acquire()).await.ok().and_then(Result::ok)
        };
        let Some(_room) = room else { return busy() };
        return upstream::forward(state, Method::GET, route, Bytes::new()).await;
    }
    // Forms can't have it, and another page's script asks with it for a permission that nobody gives.
    let is_json = head.headers.get("content-type").is_some_and(|found| {
        found
            .to_str()
            .is_ok_and(|found| found.split(';').next().is_some_and(|kind| kind.trim() == "application/json"))
    });
    if !is_json && !body.is_end_stream() {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "accepted: a body of application/json");
    }
    let Ok(_place) = ORDER_QUEUE.try_acquire() else { return busy() };
    let _room = ORDER_ROOM.acquire().await;
    let received = timeout(READ_TIMEOUT, Limited::new(body, BODY_BYTES).collect()).await;
    match received {
        Ok(Ok(body)) => upstream::forward(state, head.method.clone(), route, body.to_bytes()).await,
        Ok(Err(_)) => {
            refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body cannot be read; accepted: 4 MiB at most")
        }
        Err(_) => refusal(StatusCode::REQUEST_TIMEOUT, "the body was not received in time"),
    }
}

fn unauthorized() -> ViewReply {
    let why = "the token is missing or wrong; send it as \"Authorization: Bearer TOKEN\": it is in the file \
               that mock-imds view names when it starts";
    let mut reply = refusal(StatusCode::UNAUTHORIZED, why);
    // No browser asks a person because of this one.
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    reply
}

fn password() -> ViewReply {
    let why = "the password is the token; `mock-imds view --url` prints it, and any name will do\n";
    let mut reply = reply(StatusCode::UNAUTHORIZED, TEXT, why);
    let asks = HeaderValue::from_static(
        "Basic realm=\"mock-imds view: the token is the password\", charset=\"UTF-8\"",
    );
    reply.headers_mut().insert(WWW_AUTHENTICATE, asks);
    reply
}

fn busy() -> ViewReply {
    no_room("the view is busy with requests of this kind; ask again when one of them is answered")
}

fn not_allowed(methods: &'static str) -> ViewReply {
    let mut reply = refusal(StatusCode::METHOD_NOT_ALLOWED, &format!("accepted: {methods}"));
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    reply
}
