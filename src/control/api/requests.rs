//! The journal of requests, what the service answers, and the refusal of a control request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::journal::RequestRecord;

/// Path of the journal of requests.
pub(crate) const REQUESTS: &str = "/v1/requests";
/// Path of what the service answers.
pub(crate) const SHOW: &str = "/v1/show";
/// The header that says up to which entry an answer goes.
pub(crate) const POSITION: &str = "journal-position";

/// A line of the journal of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum RequestLine<E = RequestRecord> {
    /// A request.
    Entry(E),
    /// Entries after the `since` of the request that were overwritten before it came.
    Missed {
        /// How many, whether they fit the filter or not.
        missed: u64,
    },
}

/// What the service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub(crate) enum ShownContent {
    /// As it is, if it is text.
    #[serde(rename = "body")]
    Text(String),
    /// In base64, if it is not.
    #[serde(rename = "base64")]
    Bytes(String),
}

impl ShownContent {
    /// Of a body.
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

/// A request that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// Why, in one sentence.
    pub error: String,
    /// What there is, as "METHOD /path".
    pub routes: Vec<String>,
}
