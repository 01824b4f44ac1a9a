//! The input of an answer: the request's head and what the server knows of the client.

use std::net::IpAddr;

use http::header::HeaderName;
use http::uri::Authority;
use http::{Method, Uri, Version};
use serde::{Deserialize, Serialize};

use super::rebinding::{AccessRefusal, check_headers};
use super::request_headers::RequestHeaders;
use crate::model::{AllowedHost, Service, Timestamp};

/// The lifetime of a token in seconds: requested by a PUT, granted by its reply, remaining in the reply to a GET.
pub(super) const TTL_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    pub method: &'a Method,
    /// Still percent-encoded, without the query.
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub headers: &'a RequestHeaders,
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Ingress {
    /// By `lo`: a process of this host.
    Host,
    /// By another interface: a container or a virtual machine.
    Bridge,
}

impl Ingress {
    /// The way by which a client with this address comes, as far as its address tells.
    pub(crate) fn of_address(client: IpAddr) -> Self {
        if client.is_loopback() || Service::at(client).is_some() { Self::Host } else { Self::Bridge }
    }
}

impl<'a> RequestHead<'a> {
    /// The head with the parts that hyper gives.
    pub(crate) fn new(
        method: &'a Method,
        uri: &'a Uri,
        headers: &'a RequestHeaders,
        version: Version,
    ) -> Self {
        let authority = uri.authority().map(Authority::as_str);
        Self { method, path: uri.path(), query: uri.query(), headers, version, authority }
    }

    /// True of the methods that get data.
    pub(super) fn is_read(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD)
    }

    /// The host that was asked, with its port, as the client wrote it; `None` if it names none that a URL may have.
    pub(crate) fn host(self) -> Option<&'a str> {
        let target = self.authority.and_then(|authority| authority.rsplit('@').next());
        let host = target.or_else(|| self.headers.get("host")?.to_str().ok())?.trim();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
        (!host.is_empty() && host.bytes().all(fits)).then_some(host)
    }

    /// The lifetime that is asked for a token, in seconds, if it is a number; granted or not.
    pub(crate) fn token_ttl(self) -> Option<u32> {
        self.headers.get(TTL_HEADER)?.to_str().ok()?.trim().parse().ok()
    }

    /// The reason to refuse the request for whom it comes from, if there is one. A malformed request is refused always;
    /// for the others it is the caller who knows whether there is something to protect.
    pub(crate) fn check_access(&self, allowed: &[AllowedHost]) -> Option<AccessRefusal> {
        if self.headers.is_harmless() && self.authority.is_none() {
            return None;
        }
        check_headers(self.headers, self.version, self.authority, allowed)
    }
}
