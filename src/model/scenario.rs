//! A scenario: everything that a file says, and the defaults of what it does not say.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::content::Content;
use super::event::{Event, Notice};
use super::fault::Fault;
use super::http::Http;
use super::instance::Instance;

/// What is served. The default is the built-in instance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// Who this machine pretends to be, to every client that meets no other instance.
    pub instance: Instance,
    /// More pretend instances, told apart by client.
    pub guests: Vec<NamedInstance>,
    /// The timeline, in the file's order.
    pub events: Vec<Event>,
    /// How the service speaks HTTP.
    pub http: Http,
    /// What goes wrong on purpose, in the file's order.
    pub faults: Vec<Fault>,
}

/// An instance that certain clients meet.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedInstance {
    /// Its name in the scenario.
    pub name: String,
    /// The networks whose clients meet it; of several the longest prefix counts.
    pub networks: Vec<IpNet>,
    /// Whether processes of this host meet it.
    pub host: bool,
    /// Whether each client meets an identity of its own, derived from this one and its address.
    pub derive: bool,
    /// The instance.
    pub instance: Instance,
}

/// Last words on paths. Keys are below the version: `meta-data/public-ipv4`, no slash at either end; or, with a slash
/// before them, from the root: `/elsewhere/ami-id`.
pub(crate) type Overrides = BTreeMap<String, Override>;

/// The last word on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Override {
    /// The path answers this, whatever it was.
    Value(Content),
    /// The path answers what another one would, and that one nothing.
    Moved(Notice),
    /// The path and everything below it is gone.
    Removed,
}
