//! Protocol semantics: what a request gets. No sockets, no clock.

mod answer;
mod credentials;
mod fleet;
mod path;
mod reply;
mod token;
mod tree;
mod version;

pub use answer::answer;
pub use fleet::{Change, Fleet};
pub use reply::Reply;
pub use token::TokenAuthority;
pub use version::SERVED as SERVED_VERSIONS;

use std::net::IpAddr;

use hyper::{HeaderMap, Method};

/// What of a request decides its answer.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent: still percent-encoded, without the query.
    pub path: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// What the server knows of the caller.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// The client's address.
    pub peer: IpAddr,
    /// How the client came.
    pub ingress: Ingress,
    /// Never the same twice for one token key: what a token granted to this request is sealed with.
    pub nonce: [u8; 12],
}

/// How a client came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingress {
    /// By `lo`: a process of this host.
    Host,
    /// By another interface: a container or a virtual machine.
    Bridge,
}
