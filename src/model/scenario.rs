//! A scenario: everything that a file says, and the defaults of what it does not say.

use std::collections::BTreeMap;

use super::instance::Instance;

/// What is served. The default is the built-in instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scenario {
    /// Who this machine pretends to be.
    pub instance: Instance,
    /// How the service speaks HTTP.
    pub http: Http,
}

/// How the service speaks HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Http {
    /// Several requests on one connection. EC2 answers one and closes.
    pub keep_alive: bool,
}

/// Last words on paths. Keys are below the version: `meta-data/public-ipv4`; no slash at either end.
pub type Overrides = BTreeMap<String, Override>;

/// The last word on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Override {
    /// The path answers this, whatever it was.
    Value(Vec<u8>),
    /// The path and everything below it is gone.
    Removed,
}
