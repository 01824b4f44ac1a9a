//! What changes a running server: events, the clock, reloads, the library.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RejectedProblem, is_false, maybe_rfc3339, rfc3339};
use crate::imds;
use crate::model::Timestamp;

/// Path of the events.
pub(crate) const EVENTS: &str = "/v1/events";
/// Path of the clock.
pub(crate) const CLOCK: &str = "/v1/clock";
/// Path of the choice of another scenario.
pub(crate) const USE: &str = "/v1/use";
/// Path of the library.
pub(crate) const SCENARIOS: &str = "/v1/scenarios";

/// An event that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AcceptedEvent {
    /// When it takes effect, or has taken effect; absent if it waits for a client.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_rfc3339")]
    pub at: Option<Timestamp>,
    /// Whether it has taken effect.
    pub in_effect: bool,
    /// What it does, in its order.
    pub effects: Vec<EffectSummary>,
    /// The paths whose answers it changes, by path.
    pub paths: Vec<PathPreview>,
    /// One line that says so.
    pub message: String,
    /// The event as it is kept: without anything that depends on when it was ordered.
    pub event: Value,
    /// The warnings as text; empty if there are none.
    pub report: String,
    /// The warnings.
    pub problems: Vec<RejectedProblem>,
}

/// Something that an event does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EffectSummary {
    /// The key of `[[event]]`.
    pub what: String,
    /// What it comes to. Values of paths are not told: they may be secrets.
    pub text: String,
}

/// A path whose answer changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathPreview {
    /// Below the version: `meta-data/spot/instance-action`.
    pub path: String,
    /// How.
    pub change: PathTransition,
}

/// What becomes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PathTransition {
    /// It answers from then on.
    Appears,
    /// It answers something else.
    Changes,
    /// It answers 404 from then on.
    Vanishes,
}

/// What to do with the clock: one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockOrder {
    /// Where to: `1m30s` after loading, `+30s` on, `-30s` back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seek: Option<String>,
    /// Stand still.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pause: bool,
    /// Go on.
    #[serde(default, skip_serializing_if = "is_false")]
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
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_rfc3339")]
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

/// An event and its instants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventStatus {
    /// What it does, in one line.
    pub what: String,
    /// When, in the words of `[[event]]`.
    pub at: String,
    /// The instance that it happens to; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// When it happened last; absent if it has not.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_rfc3339")]
    pub last: Option<Timestamp>,
    /// When it happens next, if the clock runs on; absent if it does not, or waits for a client.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_rfc3339")]
    pub next: Option<Timestamp>,
    /// The event as it was ordered; absent if the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Value>,
}

/// An instance that is played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstanceStatus {
    /// Its name; absent for `[instance]`, which every other client meets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its id.
    #[serde(rename = "instance_id")]
    pub id: String,
    /// Who meets it: networks, and `host` for the processes of this host.
    pub clients: Vec<String>,
    /// Whether each client meets an identity of its own.
    pub derive: bool,
}

/// How to reload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReloadOrder {
    /// Keep the clock and what was changed since the last load.
    #[serde(default)]
    pub keep: bool,
}

/// What to serve until the next reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UseOrder {
    /// A name of the library, or an absolute path.
    pub scenario: String,
}

/// The library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LibraryListing {
    /// Its directory.
    pub directory: PathBuf,
    /// What is in it, by name.
    pub scenarios: Vec<LibraryEntry>,
}

/// A scenario of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LibraryEntry {
    /// What it is called.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Its first comment line.
    pub summary: String,
}

impl From<imds::PathChange> for PathTransition {
    fn from(difference: imds::PathChange) -> Self {
        match difference {
            imds::PathChange::Appears => Self::Appears,
            imds::PathChange::Changes => Self::Changes,
            imds::PathChange::Vanishes => Self::Vanishes,
        }
    }
}
