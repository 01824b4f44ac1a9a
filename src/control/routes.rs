//! The routes of the control socket.
//!
//! A further verb is a row in [`ROUTES`], its handler, and its types in [`api`](super::api).

use std::future::ready;
use std::pin::Pin;

use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, StatusCode};

use super::api::{CLEAR, CLOCK, EVENTS, FAULTS, RELOAD, REQUESTS, Refusal, SCENARIOS, SHOW, STATUS, USE};
use super::exchange::{ControlRequest, ControlResponse, RequestRefusal, json};
use super::{handlers, journal_handler};

type Handled = Result<ControlResponse, RequestRefusal>;

/// A method, a path, and the handler.
struct Route(Method, &'static str, fn(ControlRequest) -> Pin<Box<dyn Future<Output = Handled> + Send>>);

const ROUTES: &[Route] = &[
    Route(Method::GET, STATUS, |request| Box::pin(ready(Ok(handlers::status(&request))))),
    Route(Method::POST, RELOAD, |request| Box::pin(handlers::reload(request))),
    Route(Method::GET, REQUESTS, |request| Box::pin(journal_handler::requests(request))),
    Route(Method::GET, SHOW, |request| Box::pin(ready(handlers::show(&request)))),
    Route(Method::POST, EVENTS, |request| Box::pin(handlers::add_event(request))),
    Route(Method::POST, FAULTS, |request| Box::pin(handlers::add_fault(request))),
    Route(Method::DELETE, FAULTS, |request| Box::pin(handlers::clear_faults(request))),
    Route(Method::POST, CLEAR, |request| Box::pin(handlers::clear(request))),
    Route(Method::POST, CLOCK, |request| Box::pin(handlers::move_clock(request))),
    Route(Method::POST, USE, |request| Box::pin(handlers::use_scenario(request))),
    Route(Method::GET, SCENARIOS, |request| Box::pin(handlers::library(request))),
];

pub(super) async fn respond(request: ControlRequest) -> ControlResponse {
    let (method, path) = (request.request.method(), request.request.uri().path());
    tracing::debug!("{}: {method} {path}", request.caller);
    match ROUTES.iter().find(|Route(known, at, _)| at == &path && known == method) {
        Some(Route(_, _, handler)) => handler(request).await.unwrap_or_else(refused),
        None => no_route(method, path),
    }
}

fn no_route(method: &Method, path: &str) -> ControlResponse {
    let allowed: Vec<&str> =
        ROUTES.iter().filter(|route| route.1 == path).map(|route| route.0.as_str()).collect();
    if allowed.is_empty() {
        return refused(RequestRefusal::new(StatusCode::NOT_FOUND, format!("there is no {path}")));
    }
    let allowed = allowed.join(", ");
    let error = format!("{path} takes {allowed}, not {method}");
    let mut response = refused(RequestRefusal::new(StatusCode::METHOD_NOT_ALLOWED, error));
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

fn refused(RequestRefusal { status, error }: RequestRefusal) -> ControlResponse {
    let routes = ROUTES.iter().map(|Route(method, path, _)| format!("{method} {path}")).collect();
    json(status, &Refusal { error, routes })
}
