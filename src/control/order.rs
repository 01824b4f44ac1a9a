//! Orders to the daemon, and its side of the control socket.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::api::{
    AcceptedOrder, ClearScope, Cleared, ClockMoved, EnvironmentListing, LibraryListing, LiveOrder, Rejected,
    Reloaded, RemoveFaultsOrder, ScenarioContent, ServiceStatus, TreeListing,
};
use super::environment_query::{EnvironmentError, EnvironmentQuery};
use crate::config::{DURATIONS, parse_duration};
use crate::imds::Reply;
use crate::journal::Journal;

/// An order to the one task that changes what is served. Orders are carried out one after the other.
#[derive(Debug)]
pub(crate) enum Order {
    Reload {
        by: OrderSource,
        /// Keeps the clock and what was ordered since the last load.
        keep: bool,
        reply: OrderReply<Reloaded>,
    },
    /// Something moved where the scenario lives: loads it anew if it differs from the last reading.
    ReloadIfChanged,
    /// Serves another scenario until the next reload.
    Use {
        by: OrderSource,
        scenario: ScenarioChoice,
        reply: OrderReply<Reloaded>,
    },
    /// Adds an event or a fault.
    Live {
        by: OrderSource,
        order: LiveOrder,
        reply: OrderReply<AcceptedOrder>,
    },
    /// Changes some keys of a fault, which is named among them.
    SetFault {
        by: OrderSource,
        words: Value,
        reply: OrderReply<AcceptedOrder>,
    },
    RemoveFaults {
        by: OrderSource,
        order: RemoveFaultsOrder,
        reply: OrderReply<Cleared>,
    },
    /// Takes back what was ordered since the load.
    Clear {
        by: OrderSource,
        what: ClearScope,
        reply: OrderReply<Cleared>,
    },
    Clock {
        by: OrderSource,
        movement: ClockMovement,
        reply: OrderReply<ClockMoved>,
    },
}

/// The scenario that `use` names or sends.
#[derive(Debug)]
pub(crate) enum ScenarioChoice {
    /// A name of the library, or an absolute path.
    Named(String),
    Sent(ScenarioContent),
}

/// The channel for the outcome of an order. The receiver may have been dropped by then.
pub(crate) type OrderReply<T> = oneshot::Sender<Result<T, Rejected>>;

/// A movement of the scenario's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockMovement {
    /// To an offset from the load.
    Seek(Duration),
    Forward(Duration),
    Backward(Duration),
    Pause,
    Resume,
}

impl FromStr for ClockMovement {
    type Err = String;

    /// `1m30s`, `+30s` or `-30s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (span, movement): (&str, fn(Duration) -> Self) = match text.as_bytes().first() {
            Some(b'+') => (&text[1..], Self::Forward),
            Some(b'-') => (&text[1..], Self::Backward),
            _ => (text, Self::Seek),
        };
        parse_duration(span).map(movement).ok_or_else(|| {
            format!(
                "accepted: {DURATIONS}: since the load, or with + or - before it, from the current position"
            )
        })
    }
}

/// Who gave an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OrderSource {
    Signal,
    /// The watch on the scenario's file.
    Watch,
    /// The part of this process that passes scenarios from memory.
    Memory,
    /// A process at the control socket, in words.
    Peer(String),
}

impl fmt::Display for OrderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal => f.write_str("SIGHUP"),
            Self::Watch => f.write_str("--watch"),
            Self::Memory => f.write_str("a change of the configuration"),
            Self::Peer(words) => f.write_str(words),
        }
    }
}

/// The service's reply for a path, to a client or else to a process of this host.
pub(crate) type ShowPath = Box<dyn Fn(&str, Option<IpAddr>) -> Reply + Send + Sync>;

/// Every path that an instance answers, by its name, else `[instance]`; `None` if there is no such instance.
pub(crate) type ListTree = Box<dyn Fn(Option<&str>) -> Option<TreeListing> + Send + Sync>;

/// The environment by which programs find an endpoint.
pub(crate) type ListEnvironment =
    Box<dyn Fn(&EnvironmentQuery) -> Result<EnvironmentListing, EnvironmentError> + Send + Sync>;

/// The daemon's side of the socket.
pub(crate) struct ControlBackend {
    pub orders: mpsc::Sender<Order>,
    pub status: Box<dyn Fn() -> ServiceStatus + Send + Sync>,
    /// The server's metrics, as Prometheus reads them.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    pub journal: Arc<Journal>,
    pub show: ShowPath,
    pub tree: ListTree,
    /// It writes a file.
    pub environment: ListEnvironment,
    /// The library, or why it cannot be read. It waits for the file system.
    pub library: Box<dyn Fn() -> Result<LibraryListing, String> + Send + Sync>,
}
