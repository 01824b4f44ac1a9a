//! The scenario's clock.

use serde::{Deserialize, Serialize};

use super::live::EventStatus;
use super::rfc3339;
use crate::model::Timestamp;

/// Path of the clock.
pub(crate) const CLOCK: &str = "/v1/clock";

/// What to do with the clock: one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockOrder {
    /// Where to: `1m30s` after loading, `+30s` on, `-30s` back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seek: Option<String>,
    /// Stand still.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pause: bool,
    /// Go on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resume: bool,
}

/// Where the scenario is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ClockStatus {
    /// How far it has come: `1m30s`.
    pub elapsed: String,
    /// The instant of its zero, as far as the clock tells: seeks and pauses move it.
    #[serde(with = "rfc3339")]
    pub zero: Timestamp,
    /// Since when it stands still; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub paused: Option<Timestamp>,
}

/// A clock that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClockMoved {
    /// Where it is now.
    pub clock: ClockStatus,
    /// What has happened by the move, in order.
    pub happened: Vec<EventStatus>,
    /// What has no longer happened.
    pub undone: Vec<EventStatus>,
    /// One line that says so.
    pub message: String,
}
