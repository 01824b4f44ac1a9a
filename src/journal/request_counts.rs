//! How many requests there were, by protocol and outcome.

use serde::{Deserialize, Serialize};

/// Requests that are over, since the start. Each is in one of the first three, and in one of the others at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RequestCounts {
    /// Without a token.
    pub v1: u64,
    /// With a token, be it good or bad.
    pub v2: u64,
    /// For a token.
    pub token: u64,
    /// Refused: 401 and 403.
    pub refused: u64,
    /// Answered with 404.
    pub not_found: u64,
    /// Answered with another error.
    pub failed: u64,
    /// Without an answer.
    pub unanswered: u64,
}
