//! How many requests there were, by protocol and outcome.

use serde::{Deserialize, Serialize};

use super::request_record::RequestRecord;
use crate::imds::Protocol;

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

impl RequestCounts {
    pub(super) fn count(&mut self, record: &RequestRecord) {
        let protocol = match record.protocol {
            Protocol::V1 => &mut self.v1,
            Protocol::V2 => &mut self.v2,
            Protocol::Token => &mut self.token,
        };
        *protocol += 1;
        match record.status {
            None => self.unanswered += 1,
            Some(401 | 403) => self.refused += 1,
            Some(404) => self.not_found += 1,
            Some(400..) => self.failed += 1,
            Some(_) => {}
        }
    }
}
