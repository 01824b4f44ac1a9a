//! A scenario: everything that a file says, and the defaults of what it does not say.

use std::collections::BTreeMap;

use super::http::Http;
use super::instance::Instance;

/// What is served. The default is the built-in instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scenario {
    /// Who this machine pretends to be.
    pub instance: Instance,
    /// How the service speaks HTTP.
    pub http: Http,
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
