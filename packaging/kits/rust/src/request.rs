use std::fmt;
use std::io;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::Error;

/// A request that a client sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// The server's number of it, from 1 on.
    pub number: u64,
    /// When, in RFC 3339.
    pub at: String,
    /// The client's address.
    pub client: String,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// `v1`, `v2`, or `token` for one that asks for a token.
    pub version: String,
    /// The status of the reply; `None` if there was none.
    pub status: Option<u16>,
}

impl Request {
    /// Among the entries may be the number of those that were overwritten.
    pub(crate) fn all(entries: Value) -> Result<Vec<Self>, Error> {
        let entries = entries.as_array().cloned().unwrap_or_default().into_iter();
        let entries = entries.filter(|entry| entry.get("number").is_some());
        let read = entries.map(serde_json::from_value).collect::<Result<_, _>>();
        read.map_err(|error| Error::Unreachable(io::Error::other(error)))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map_or_else(|| "no reply".to_owned(), |status| status.to_string());
        write!(f, "{} {} {status} ({})", self.method, self.path, self.version)
    }
}

/// Which requests are meant: all, unless it is said.
#[derive(Debug, Clone)]
pub struct Filter {
    conditions: Vec<(&'static str, String)>,
    pub(crate) timeout: Duration,
}

impl Default for Filter {
    fn default() -> Self {
        Self { conditions: Vec::new(), timeout: Duration::from_secs(30) }
    }
}

impl Filter {
    /// A path, in which `*` stands for a part and `**` for any number of parts.
    pub fn path(self, path: &str) -> Self {
        self.with("path", path)
    }

    /// A status, such as `200`, `4xx` or `none`.
    pub fn status(self, status: &str) -> Self {
        self.with("status", status)
    }

    /// A method.
    pub fn method(self, method: &str) -> Self {
        self.with("method", method)
    }

    /// `v1`, `v2` or `token`.
    pub fn version(self, version: &str) -> Self {
        self.with("v", version)
    }

    /// How long to wait: 30 seconds unless it is said.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.conditions.retain(|(known, _)| *known != name);
        self.conditions.push((name, value.to_owned()));
        self
    }

    /// For the message of a wait that failed: the path, and the other conditions.
    pub(crate) fn described(&self) -> String {
        let (paths, others): (Vec<_>, Vec<_>) = self.conditions.iter().partition(|(name, _)| *name == "path");
        let others = others.iter().map(|(name, value)| format!(", {name}={value}"));
        paths.iter().map(|(_, path)| path.clone()).chain(others).collect()
    }

    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        self.conditions.clone()
    }
}
