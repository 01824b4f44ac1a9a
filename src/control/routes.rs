//! The routes of the control socket.
//!
//! A further verb is a row in [`ROUTES`], its handler, and its types in [`api`](super::api).

use std::pin::Pin;

use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, StatusCode};

use super::api::{
    CLEAR, CLOCK, ENVIRONMENT, EVENTS, FAULTS, METRICS, RELOAD, REMOVE_FAULTS, REQUESTS, Refusal, SCENARIOS,
    SET_FAULT, SHOW, STATUS, TREE, USE,
};
use super::exchange::{ControlRequest, ControlResponse, RequestRefusal, json};
use super::{handlers, journal_handler};

type Handled = Result<ControlResponse, RequestRefusal>;

/// A method, a path, and the handler.
pub(super) struct Route(
    pub(super) Method,
    pub(super) &'static str,
    fn(ControlRequest) -> Pin<Box<dyn Future<Output = Handled> + Send>>,
);

/// What an administrator needs when the socket is crowded. They are carried out whatever else the user has asked for.
const URGENT: [&str; 2] = [STATUS, RELOAD];

pub(super) const ROUTES: &[Route] = &[
    Route(Method::GET, STATUS, |request| Box::pin(handlers::status(request))),
    Route(Method::GET, METRICS, |request| Box::pin(handlers::metrics(request))),
    Route(Method::POST, RELOAD, |request| Box::pin(handlers::reload(request))),
    Route(Method::GET, REQUESTS, |request| Box::pin(journal_handler::requests(request))),
    Route(Method::GET, SHOW, |request| Box::pin(handlers::show(request))),
    Route(Method::GET, TREE, |request| Box::pin(handlers::tree(request))),
    Route(Method::GET, ENVIRONMENT, |request| Box::pin(handlers::environment(request))),
    Route(Method::POST, EVENTS, |request| Box::pin(handlers::add_event(request))),
    Route(Method::POST, FAULTS, |request| Box::pin(handlers::add_fault(request))),
    Route(Method::GET, FAULTS, |request| Box::pin(handlers::faults(request))),
    Route(Method::POST, SET_FAULT, |request| Box::pin(handlers::set_fault(request))),
    Route(Method::POST, REMOVE_FAULTS, |request| Box::pin(handlers::remove_faults(request))),
    Route(Method::DELETE, FAULTS, |request| Box::pin(handlers::clear_faults(request))),
    Route(Method::POST, CLEAR, |request| Box::pin(handlers::clear(request))),
    Route(Method::POST, CLOCK, |request| Box::pin(handlers::move_clock(request))),
    Route(Method::POST, USE, |request| Box::pin(handlers::use_scenario(request))),
    Route(Method::GET, SCENARIOS, |request| Box::pin(handlers::library(request))),
];

pub(super) async fn respond(mut request: ControlRequest) -> ControlResponse {
    let (method, path) = (request.request.method(), request.request.uri().path());
    tracing::debug!("{}: {method} {path}", request.caller);
    request.urgent = URGENT.contains(&path);
    // Of the others the body is still to be read.
    if method != Method::POST
        && let Err(crowded) = request.place.execute(request.urgent)
    {
        return refused(crowded.into());
    }
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
    json(status, &refusal(error))
}

/// A refusal as it goes over the socket, for whoever can't even ask.
pub(super) fn refusal_text(status: StatusCode, error: String) -> String {
    let body = serde_json::to_string_pretty(&refusal(error)).expect("a refusal is plain data");
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{body}\n")
}

fn refusal(error: String) -> Refusal {
    let routes = ROUTES.iter().map(|Route(method, path, _)| format!("{method} {path}")).collect();
    Refusal { error, routes }
}
