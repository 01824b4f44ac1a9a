//! Faults that are ordered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RejectedProblem;

/// Path of the faults.
pub(crate) const FAULTS: &str = "/v1/faults";

/// A fault that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AcceptedFault {
    /// Its number, as the journal of requests tells it.
    pub number: usize,
    /// Whether it is on now.
    pub on: bool,
    /// One line that says what goes wrong, and when.
    pub message: String,
    /// The fault as it is kept: without anything that depends on when it was ordered.
    pub fault: Value,
    /// The warnings as text; empty if there are none.
    pub report: String,
    /// The warnings.
    pub problems: Vec<RejectedProblem>,
}

/// Faults that were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClearedFaults {
    /// How many were ordered.
    pub cleared: usize,
    /// One line that says so.
    pub message: String,
}

/// A fault as the status tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FaultStatus {
    /// What goes wrong, and for which requests.
    pub what: String,
    /// From when, and how long.
    pub when: String,
    /// Whether it is on now.
    pub on: bool,
    /// The fault as it was ordered; absent if the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Value>,
}
