//! The scenario's clock.

use serde::{Deserialize, Serialize};

use super::live::EventStatus;
use super::rfc3339;
use crate::model::Timestamp;

/// Path of the clock.
pub(crate) const CLOCK: &str = "/v1/clock";

/// A movement of the clock: one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockOrder {
    /// The new position: `1m30s` since the load, `+30s` or `-30s` from the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seek: Option<String>,
    /// Pauses the clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pause: bool,
    /// Resumes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resume: bool,
}

/// The position of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ClockStatus {
    /// The time since its zero: `1m30s`.
    pub elapsed: String,
    /// The same in whole milliseconds, for programs.
    #[serde(default)]
    pub elapsed_ms: u64,
    /// The instant of its zero: seeks and pauses move it.
    #[serde(with = "rfc3339")]
    #[cfg_attr(test, schemars(with = "rfc3339::Text"))]
    pub zero: Timestamp,
    /// The beginning of the pause; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub paused: Option<Timestamp>,
}

/// A clock that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ClockMoved {
    /// The position now.
    pub clock: ClockStatus,
    /// The events that have happened by the move, in order.
    pub happened: Vec<EventStatus>,
    /// The events that have no longer happened.
    pub undone: Vec<EventStatus>,
    /// One line that says so.
    pub message: String,
}
