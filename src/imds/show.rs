//! The reply that a client would get, without the effects of its request.

use http::header::HeaderValue;
use http::{HeaderMap, Method, StatusCode, Version};

use super::answer::answer;
use super::request::{ReadOnlyCounters, TTL_HEADER};
use super::request_headers::TOKEN_HEADER;
use super::show_endpoint::endpoint_of;
use super::{Fleet, Reply, RequestHead, RequestHeaders, SERVED_VERSIONS, TokenAuthority, Visit};
use crate::model::ClockReading;

/// The reply to a GET by this client now, with a token of its own. Nothing changes by it: the client becomes none of
/// the first clients of an event, and no event that waits for a first poll begins.
pub(crate) fn show(
    fleet: &Fleet,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    path: &str,
    now: ClockReading,
) -> Reply {
    let visit = Visit { counters: &ReadOnlyCounters(visit.counters), ..*visit };
    let ask = |method: &Method, path: &str, headers: HeaderMap| {
        let headers = &RequestHeaders::from(headers);
        // As a client that names no host.
        let head =
            RequestHead { method, path, query: None, headers, version: Version::HTTP_10, authority: None };
        answer(fleet, authority, &visit, head, now).0
    };
    let mut headers = HeaderMap::new();
    headers.insert(TTL_HEADER, HeaderValue::from_static("60"));
    let token = ask(&Method::PUT, "/latest/api/token", headers);
    let mut headers = HeaderMap::new();
    // Without a token the reply to the GET tells why.
    if token.status == StatusCode::OK
        && let Ok(token) = HeaderValue::from_maybe_shared(token.body)
    {
        headers.insert(TOKEN_HEADER, token);
    }
    ask(&Method::GET, path, headers)
}

/// A path as people say it: without a version it is that of `latest`. One of another endpoint stays as it is.
pub(crate) fn absolute(path: &str) -> String {
    let versioned = |path: &str| SERVED_VERSIONS.contains(&path.split('/').next().unwrap_or_default());
    if path.starts_with('/') || endpoint_of(path).is_some() {
        path.to_owned()
    } else if versioned(path) {
        format!("/{path}")
    } else {
        format!("/latest/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn a_path_without_a_version_is_that_of_latest() {
        let cases = [
            ("meta-data/mac", "/latest/meta-data/mac"),
            ("latest/meta-data", "/latest/meta-data"),
            ("2021-07-15/meta-data", "/2021-07-15/meta-data"),
            ("/", "/"),
            ("/meta-data", "/meta-data"),
            ("", "/latest/"),
            ("ecs/v4/app", "ecs/v4/app"),
            ("pod-identity", "pod-identity"),
        ];
        for (path, expected) in cases {
            assert_eq!(absolute(path), expected, "{path:?}");
        }
    }
}
