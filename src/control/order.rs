//! What the control socket asks of the daemon.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::api::{
    AcceptedEvent, AcceptedFault, ClearedFaults, ClockMoved, LibraryListing, Rejected, Reloaded,
    ServiceStatus,
};
use crate::config::{DURATIONS, parse_duration};
use crate::imds::Reply;
use crate::journal::Journal;

/// An order to the one task that changes what is served. Orders are carried out one after the other.
#[derive(Debug)]
pub(crate) enum Order {
    /// Load the scenario anew.
    Reload {
        /// Who asks.
        by: OrderSource,
        /// Whether the clock and the changes since the last load are kept.
        keep: bool,
        /// Where the outcome goes; somebody who does not wait for it has dropped the other end.
        outcome: OrderReply<Reloaded>,
    },
    /// Something moved where the scenario lives: load it anew if it says something else now.
    Look,
    /// Serve another scenario until the next reload.
    Use {
        /// Who asks.
        by: OrderSource,
        /// A name of the library, or an absolute path.
        scenario: String,
        /// Where the outcome goes.
        outcome: OrderReply<Reloaded>,
    },
    /// Have something happen.
    Event {
        /// Who asks.
        by: OrderSource,
        /// In the words of `[[event]]`.
        event: Value,
        /// Where the outcome goes.
        outcome: OrderReply<AcceptedEvent>,
    },
    /// Have something go wrong.
    Fault {
        /// Who asks.
        by: OrderSource,
        /// In the words of `[[fault]]`.
        fault: Value,
        /// Where the outcome goes.
        outcome: OrderReply<AcceptedFault>,
    },
    /// Drop the faults that were ordered.
    ClearFaults {
        /// Who asks.
        by: OrderSource,
        /// Where the outcome goes.
        outcome: OrderReply<ClearedFaults>,
    },
    /// Move the clock.
    Clock {
        /// Who asks.
        by: OrderSource,
        /// How.
        movement: ClockMovement,
        /// Where the outcome goes.
        outcome: OrderReply<ClockMoved>,
    },
}

/// Where the outcome of an order goes.
pub(crate) type OrderReply<T> = oneshot::Sender<Result<T, Rejected>>;

/// A movement of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockMovement {
    /// To this place of the timeline.
    To(Duration),
    /// So far on.
    On(Duration),
    /// So far back, to the beginning at most.
    Back(Duration),
    /// Stand still.
    Pause,
    /// Go on.
    Resume,
}

impl FromStr for ClockMovement {
    type Err = String;

    /// `1m30s`, `+30s` or `-30s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (span, movement): (&str, fn(Duration) -> Self) = match text.as_bytes().first() {
            Some(b'+') => (&text[1..], Self::On),
            Some(b'-') => (&text[1..], Self::Back),
            _ => (text, Self::To),
        };
        parse_duration(span).map(movement).ok_or_else(|| {
            format!(
                "accepted: {DURATIONS}: since the load, or with + or - before it, from the current position"
            )
        })
    }
}

/// Who gives an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderSource {
    /// A signal.
    Signal,
    /// The watch on the scenario's file.
    Watch,
    /// The part of this process that hands scenarios over.
    Hand,
    /// A process at the control socket.
    Peer {
        /// Its process id, as far as our namespace has one for it.
        pid: Option<i32>,
        /// Its user.
        uid: u32,
    },
}

impl fmt::Display for OrderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal => f.write_str("SIGHUP"),
            Self::Watch => f.write_str("--watch"),
            Self::Hand => f.write_str("a change of the configuration"),
            Self::Peer { pid: Some(pid), uid } => write!(f, "process {pid} of user {uid}"),
            Self::Peer { pid: None, uid } => write!(f, "a process of user {uid}"),
        }
    }
}

/// Tells what the service answers.
pub(crate) type ShowPath = Box<dyn Fn(&str, Option<IpAddr>) -> Reply + Send + Sync>;

/// The daemon's side of the socket.
pub(crate) struct ControlBackend {
    /// Takes orders.
    pub orders: mpsc::Sender<Order>,
    /// Tells the status.
    pub status: Box<dyn Fn() -> ServiceStatus + Send + Sync>,
    /// What was asked.
    pub journal: Arc<Journal>,
    /// Tells what the service answers for a path, to a client or else to a process of this host.
    pub show: ShowPath,
    /// Lists the library, or says why it cannot be read. It waits for the file system.
    pub library: Box<dyn Fn() -> Result<LibraryListing, String> + Send + Sync>,
}
