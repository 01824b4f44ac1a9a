//! The context in which an endpoint of containers decides about a reply.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};

use super::memory::EndpointMemory;
use crate::imds::cache::CompiledInstance;
use crate::imds::go_replies::GoReplies;
use crate::imds::prepared_keys::KeyOrigin;
use crate::imds::{Fleet, RequestHead, TokenAuthority, Visit};
use crate::model::{Service, Timestamp};

/// A request to an endpoint of containers.
#[derive(Clone, Copy)]
pub struct EndpointRequest<'r> {
    /// Its head.
    pub head: RequestHead<'r>,
    /// Its body.
    pub body: &'r [u8],
    /// Address and port of the client.
    pub remote: SocketAddr,
    /// The service that the client asked by its own address; `None`: by another address, where the path tells.
    pub addressed: Option<Service>,
    /// It did so by the address that the service has on EC2, not by a listener of its own elsewhere.
    pub by_own_address: bool,
    /// What outlives the request.
    pub memory: &'r dyn EndpointMemory,
}

/// The context in which an endpoint decides about a reply.
#[derive(Clone, Copy)]
pub(crate) struct EndpointContext<'f> {
    pub(crate) fleet: &'f Fleet,
    pub(crate) authority: &'f TokenAuthority,
    pub(crate) visit: &'f Visit<'f>,
    pub(crate) request: &'f EndpointRequest<'f>,
    /// The client's instance, with the effects of all events so far.
    pub(crate) compiled: &'f CompiledInstance,
    /// The instant on the scenario's clock.
    pub(crate) instant: Timestamp,
    /// The time since the scenario was loaded, by its clock.
    pub(crate) elapsed: Duration,
    /// The time on the service's clock, which a fault may have skewed.
    pub(crate) now: Timestamp,
    /// The time that nobody sets, for limits of rates.
    pub(crate) uptime: Timestamp,
}

impl<'f> EndpointContext<'f> {
    /// The replies to this request, each with these headers.
    pub(crate) fn replies(&self, headers: Vec<(HeaderName, HeaderValue)>) -> GoReplies {
        GoReplies { now: self.now, headers, version: self.request.head.version }
    }

    /// The path, percent-decoded.
    pub(crate) fn path(&self) -> Cow<'f, str> {
        percent_encoding::percent_decode_str(self.request.head.path).decode_utf8_lossy()
    }

    /// What credentials that a secret gets follow from, beside the instance.
    pub(crate) fn key_origin<'o>(&'o self, secret: &'o [u8]) -> KeyOrigin<'o> {
        KeyOrigin { secret, now: self.now, fetched: self.fleet.fetched(), authority: self.authority.mark() }
    }

    /// The client's address.
    pub(crate) fn client(&self) -> IpAddr {
        self.request.remote.ip().to_canonical()
    }

    /// The same for another instance.
    pub(crate) fn of<'o>(&self, compiled: &'o CompiledInstance) -> EndpointContext<'o>
    where
        'f: 'o,
    {
        EndpointContext { compiled, ..*self }
    }
}
