//! Every path with its value.

use serde::{Deserialize, Serialize};

use super::requests::ShownContent;

/// Path of the tree.
pub(crate) const TREE: &str = "/v1/tree";

/// Every path that an instance answers now, below `latest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TreeListing {
    /// The paths, in order.
    pub paths: Vec<ListedPath>,
}

/// A path with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedPath {
    /// The path below the version.
    pub path: String,
    /// The value, unless it is hidden.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub content: Option<ShownContent>,
    /// Why the value is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<HiddenValue>,
    /// Another one for another value, hidden or not.
    pub digest: String,
}

/// Why a value is not shown. `GET /v1/show` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum HiddenValue {
    /// It may be a secret.
    Secret,
    /// It is large.
    Large,
    /// A signature of the identity document: it is made when somebody asks.
    Signature,
}
