//! Events and faults, and orders that add one to the running server.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rfc3339;
use super::scenario::RejectedProblem;
use crate::imds;
use crate::model::Timestamp;

/// Path of the events.
pub(crate) const EVENTS: &str = "/v1/events";
/// Path of the order that takes others back.
pub(crate) const CLEAR: &str = "/v1/clear";
/// Path of the faults.
pub(crate) const FAULTS: &str = "/v1/faults";
/// Path of the order that changes a fault.
pub(crate) const SET_FAULT: &str = "/v1/faults/set";
/// Path of the order that removes faults.
pub(crate) const REMOVE_FAULTS: &str = "/v1/faults/remove";

/// An order that adds an event or a fault, in the words of the scenario file, and `in`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum LiveOrder {
    /// An event in the words of `[[event]]`.
    Event(Value),
    /// A fault in the words of `[[fault]]`.
    Fault(Value),
}

/// An order that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AcceptedOrder {
    /// The effect, and when.
    #[serde(flatten)]
    pub preview: OrderPreview,
    /// One line that says so.
    pub message: String,
    /// The order as it is kept: without anything that depends on when it was given.
    #[serde(flatten)]
    pub order: LiveOrder,
    /// The warnings as text; empty if there are none.
    pub report: String,
    /// The warnings.
    pub problems: Vec<RejectedProblem>,
}

/// The effect of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum OrderPreview {
    /// The effect of an event.
    Event {
        /// The time of the effect; absent if it waits for a client.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
        #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
        at: Option<Timestamp>,
        /// The order has taken effect.
        in_effect: bool,
        /// Each effect, in order.
        effects: Vec<EffectSummary>,
        /// The paths whose answers change, by path.
        paths: Vec<PathPreview>,
        /// The paths that do not show at once what is true, after this event and those before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        late: Vec<LatePath>,
    },
    /// The effect of a fault.
    Fault {
        /// The name; empty from a server of a version without names.
        #[serde(default)]
        name: String,
        /// The number that entries of the journal of requests have.
        number: usize,
        /// It acts now.
        on: bool,
    },
}

/// An effect of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EffectSummary {
    /// The key of `[[event]]`.
    pub what: String,
    /// The details. Values of paths are left out: they may be secrets.
    pub text: String,
}

/// A path whose answer changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PathPreview {
    /// Below the version: `meta-data/spot/instance-action`.
    pub path: String,
    /// The change.
    pub change: PathTransition,
}

/// A path that does not show what is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LatePath {
    /// Below the version: `meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/ipv6s`.
    pub path: String,
    /// What it shows meanwhile.
    pub shown: String,
    /// The time from which on it shows the truth; absent if that is when it is settled.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub until: Option<Timestamp>,
    /// The instance; absent for the one without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// The change of a path's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum PathTransition {
    /// The path answers from then on.
    Appears,
    /// The path answers something else.
    Changes,
    /// The path answers 404 from then on.
    Vanishes,
}

/// An event and its instants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EventStatus {
    /// The effects, in one line.
    pub what: String,
    /// The time, in the words of `[[event]]`.
    pub at: String,
    /// The instance that it happens to; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// It happens to the instance that this client meets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<IpAddr>,
    /// The last time that it happened; absent if it has not.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub last: Option<Timestamp>,
    /// The next time, if the clock runs on; absent if there is none, or it waits for a client.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub next: Option<Timestamp>,
    /// The position of the scenario's clock at the next time, in milliseconds since the load: a pause does not change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<u64>,
    /// The event as it was ordered; absent if the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Value>,
}

/// The order that takes back what was ordered since the load.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearOrder {
    /// What is taken back.
    #[serde(default)]
    pub what: ClearScope,
}

/// A part of what was ordered since the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClearScope {
    /// Everything, the choice of another scenario too; and what events of the file have changed so far ends.
    #[default]
    All,
    /// The faults.
    Faults,
    /// The events and faults that have not begun.
    Pending,
}

/// Orders that were taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Cleared {
    /// The number of events and faults.
    pub cleared: usize,
    /// One line that says so.
    pub message: String,
}

/// The order that removes faults, those of the scenario too: one of both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveFaultsOrder {
    /// Names of faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// All of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// Where a fault comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum FaultOrigin {
    /// The scenario has it.
    #[default]
    Scenario,
    /// The scenario has one of this name, and an order changed it.
    Changed,
    /// It was ordered.
    Ordered,
}

/// A fault in the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FaultStatus {
    /// The name; empty from a server of a version without names.
    #[serde(default)]
    pub name: String,
    /// Where it comes from.
    #[serde(default)]
    pub origin: FaultOrigin,
    /// The number of requests that matched it.
    #[serde(default)]
    pub matched: u64,
    /// The time until it ends, if it has begun and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// The effect, and the requests that it is for.
    pub what: String,
    /// The beginning, and the duration.
    pub when: String,
    /// It acts now.
    pub on: bool,
    /// The requests that it had an effect on; of several faults the first one counts.
    #[serde(default)]
    pub hits: u64,
    /// The time at which it begins; absent if it began with the load, or the clock is paused before.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub begins: Option<Timestamp>,
    /// The time at which it ends, if the clock runs on; absent if it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub ends: Option<Timestamp>,
    /// The fault as it was ordered; absent if the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Value>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_a_server_without_names_are_read() {
        let status = r#"{"what": "status 503", "when": "always", "on": true}"#;
        let status: FaultStatus = serde_json::from_str(status).expect("the keys of the first version");
        assert_eq!((status.name.as_str(), status.origin, status.matched), ("", FaultOrigin::Scenario, 0));
        let preview: OrderPreview = serde_json::from_str(r#"{"number": 1, "on": true}"#).expect("as above");
        assert_eq!(preview, OrderPreview::Fault { name: String::new(), number: 1, on: true });
    }
}
