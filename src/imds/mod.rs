//! Protocol semantics: what a request gets. No sockets, no clock.

mod aemm;
mod answer;
mod cache;
mod credentials;
mod derive;
mod fault_injection;
mod fleet;
mod fleet_item;
mod path;
mod preview;
mod protocol;
mod reply;
mod show;
mod signals;
mod token;
mod tree;
mod version;

pub use answer::answer;
pub use fault_injection::{Delivery, DeliveryEnd};
pub use fleet::{Fleet, FleetChange};
pub use fleet_item::FleetItem;
pub(crate) use path::segments;
pub(crate) use preview::{EventPreview, PathChange};
pub(crate) use protocol::Protocol;
pub use reply::Reply;
pub(crate) use show::{absolute, show};
pub use token::TokenAuthority;
pub use tree::category_paths;
pub use version::SERVED as SERVED_VERSIONS;

use std::net::IpAddr;

use hyper::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// What of a request decides its answer.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent: still percent-encoded, without the query.
    pub path: &'a str,
    /// The query, if there is one.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// What the server knows of the caller.
#[derive(Clone, Copy)]
pub struct Visit<'v> {
    /// The client's address.
    pub peer: IpAddr,
    /// How the client came.
    pub ingress: Ingress,
    /// Never the same twice for one token key: what a token granted to this request is sealed with.
    pub nonce: [u8; 12],
    /// What the server counts.
    pub counters: &'v dyn Counters,
}

/// Counts that outlive a request. The server keeps them; they are the only thing beside its arguments that an
/// answer depends on.
pub trait Counters: Sync {
    /// Whether a client is among the first `limit` that asked to be admitted to an event. A limit of 0 admits
    /// nobody new.
    fn admit(&self, event: (Timestamp, usize), client: IpAddr, limit: u32) -> bool;

    /// Counts a request that matches a fault, by its number in the scenario, and gives how many did before it.
    fn next(&self, fault: usize) -> u64;

    /// How many requests have matched a fault.
    fn matched(&self, fault: usize) -> u64;

    /// Whether a client has asked more often than a fault allows, with this request.
    fn throttle(&self, fault: usize, client: IpAddr, per_second: u32, now: Timestamp) -> bool;
}

/// How a client came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ingress {
    /// By `lo`: a process of this host.
    Host,
    /// By another interface: a container or a virtual machine.
    Bridge,
}
