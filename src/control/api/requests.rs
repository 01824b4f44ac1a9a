//! The journal of requests, what the service answers, and the refusal of a control request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::journal::RequestRecord;

/// Path of the journal of requests.
pub(crate) const REQUESTS: &str = "/v1/requests";
/// Path of the service's replies.
pub(crate) const SHOW: &str = "/v1/show";
/// The header with the last entry that an answer has passed.
pub(crate) const POSITION: &str = "journal-position";

/// A line of the journal of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
#[cfg_attr(test, schemars(rename = "RequestLine"))]
pub(crate) enum RequestLine<E = RequestRecord> {
    /// A request.
    Entry(E),
    /// Entries after the `since` of the request that were overwritten before it came.
    Missed {
        /// Their number, whether they fit the filter or not.
        missed: u64,
    },
}

/// The service's reply for a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShownReply {
    /// The path that was asked for, with its version.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The body.
    #[serde(flatten)]
    pub content: ShownContent,
}

/// A body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum ShownContent {
    /// The bytes, if they are text.
    #[serde(rename = "body")]
    Text(String),
    /// Base64, if it is no text.
    #[serde(rename = "base64")]
    Bytes(String),
}

impl ShownContent {
    /// The content of a body.
    pub(crate) fn of(body: &[u8]) -> Self {
        match std::str::from_utf8(body) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(BASE64_STANDARD.encode(body)),
        }
    }

    /// The body. `None` if it is no base64.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.into_bytes()),
            Self::Bytes(text) => BASE64_STANDARD.decode(text).ok(),
        }
    }
}

/// The answer to a request that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Refusal {
    /// The reason, in one sentence.
    pub error: String,
    /// All routes, as "METHOD /path".
    pub routes: Vec<String>,
}
