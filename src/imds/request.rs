//! The input of an answer: the request's head and what the server knows of the client.

use std::net::IpAddr;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method, Version};
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// The session token of a GET.
pub(super) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
/// The lifetime of a token in seconds: requested by a PUT, granted by its reply, remaining in the reply to a GET.
pub(super) const TTL_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    pub method: &'a Method,
    /// Still percent-encoded, without the query.
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub headers: &'a HeaderMap,
    pub version: Version,
    /// The host and port of an absolute-form target: `GET http://169.254.169.254/ HTTP/1.1`.
    pub authority: Option<&'a str>,
}

/// The client and the server's knowledge of it.
#[derive(Clone, Copy)]
pub struct Visit<'v> {
    pub peer: IpAddr,
    pub ingress: Ingress,
    /// Seals the token that is granted to this request; must never repeat for one token key.
    pub nonce: [u8; 12],
    pub counters: &'v dyn Counters,
}

/// Counts that outlive a request, kept by the server. An answer depends on nothing else beside its arguments.
pub trait Counters: Sync {
    /// Tells whether a client is among the first `limit` that asked to be admitted to an event. A limit of 0 admits
    /// nobody new.
    fn admit(&self, event: (Timestamp, usize), client: IpAddr, limit: u32) -> bool;

    /// Counts a request that matches a fault, by its number in the scenario, and gives how many did before it.
    fn next(&self, fault: usize) -> u64;

    /// The number of requests that have matched a fault.
    fn matched(&self, fault: usize) -> u64;

    /// Counts a request of a client and tells whether it exceeds the rate that a fault allows.
    fn throttle(&self, fault: usize, client: IpAddr, per_second: u32, now: Timestamp) -> bool;
}

/// Counters that a request leaves as they are.
pub(super) struct ReadOnlyCounters<'c>(pub(super) &'c dyn Counters);

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

/// The way by which a client reached the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ingress {
    /// By `lo`: a process of this host.
    Host,
    /// By another interface: a container or a virtual machine.
    Bridge,
}

impl<'a> From<&'a Parts> for RequestHead<'a> {
    fn from(Parts { method, uri, version, headers, .. }: &'a Parts) -> Self {
        let authority = uri.authority().map(Authority::as_str);
        Self { method, path: uri.path(), query: uri.query(), headers, version: *version, authority }
    }
}

impl RequestHead<'_> {
    /// True of the methods that get data.
    pub(super) fn is_read(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD)
    }

    /// The session tokens; an empty header counts as none.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &HeaderValue> {
        self.headers.get_all(TOKEN_HEADER).iter().filter(|token| !token.is_empty())
    }

    pub(super) fn has_token(&self) -> bool {
        self.tokens().next().is_some()
    }
}
