//! The reply that a client would get, without the effects of its request.

use std::net::IpAddr;

use http::header::HeaderValue;
use http::{HeaderMap, Method, StatusCode};

use super::answer::answer;
use super::request::{TOKEN_HEADER, TTL_HEADER};
use super::{Counters, Fleet, Reply, RequestHead, SERVED_VERSIONS, TokenAuthority, Visit};
use crate::model::{ClockReading, Timestamp};

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
    let ask = |method: &Method, path: &str, headers: &HeaderMap| {
        let head = RequestHead { method, path, query: None, headers };
        answer(fleet, authority, &visit, head, now).0
    };
    let mut headers = HeaderMap::new();
    headers.insert(TTL_HEADER, HeaderValue::from_static("60"));
    let token = ask(&Method::PUT, "/latest/api/token", &headers);
    headers.clear();
    // Without a token the reply to the GET tells why.
    if token.status == StatusCode::OK
        && let Ok(token) = HeaderValue::from_maybe_shared(token.body)
    {
        headers.insert(TOKEN_HEADER, token);
    }
    ask(&Method::GET, path, &headers)
}

struct ReadOnlyCounters<'c>(&'c dyn Counters);

impl Counters for ReadOnlyCounters<'_> {
    fn admit(&self, event: (Timestamp, usize), client: IpAddr, _limit: u32) -> bool {
        self.0.admit(event, client, 0)
    }

    fn next(&self, fault: usize) -> u64 {
        self.0.matched(fault)
    }

    fn matched(&self, fault: usize) -> u64 {
        self.0.matched(fault)
    }

    fn throttle(&self, _fault: usize, _client: IpAddr, _per_second: u32, _now: Timestamp) -> bool {
        false
    }
}

/// A path as people say it: without a version it is that of `latest`.
pub(crate) fn absolute(path: &str) -> String {
    let versioned = |path: &str| SERVED_VERSIONS.contains(&path.split('/').next().unwrap_or_default());
    if path.starts_with('/') {
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
        ];
        for (path, expected) in cases {
            assert_eq!(absolute(path), expected, "{path:?}");
        }
    }
}
