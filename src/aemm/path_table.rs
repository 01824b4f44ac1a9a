//! Configured paths and values.

use std::collections::BTreeMap;

/// Paths and values by their configuration keys. Placeholders in paths are already replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathTable {
    /// Absolute paths; an empty one is not served.
    pub paths: BTreeMap<String, String>,
    /// Values of the same keys, and of some that have no path.
    pub values: BTreeMap<String, ConfigValue>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigValue {
    Null,
    /// Sent as it is.
    Text(String),
    /// A list of strings; in the identity document only.
    List(Vec<String>),
    /// Sent as JSON, with its fields in this order.
    Object(Vec<(String, ConfigValue)>),
}

impl From<&str> for ConfigValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
