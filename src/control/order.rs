//! What the control socket asks of the daemon.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::api::{Rejected, Reloaded, Status};
use crate::imds::Reply;
use crate::journal::Journal;

/// An order to the one task that changes what is served. Orders are carried out one after the other.
#[derive(Debug)]
pub enum Order {
    /// Load the scenario anew.
    Reload {
        /// Who asks.
        by: Caller,
        /// Where the outcome goes; somebody who does not wait for it has dropped the other end.
        outcome: oneshot::Sender<Result<Reloaded, Rejected>>,
    },
}

/// Who gives an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A signal.
    Signal,
    /// A process at the control socket.
    Peer {
        /// Its process id, as far as our namespace has one for it.
        pid: Option<i32>,
        /// Its user.
        uid: u32,
    },
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal => f.write_str("SIGHUP"),
            Self::Peer { pid: Some(pid), uid } => write!(f, "process {pid} of user {uid}"),
            Self::Peer { pid: None, uid } => write!(f, "a process of user {uid}"),
        }
    }
}

/// Tells what the service answers.
pub type Show = Box<dyn Fn(&str, Option<IpAddr>) -> Reply + Send + Sync>;

/// The daemon's side of the socket.
pub struct Desk {
    /// Takes orders.
    pub orders: mpsc::Sender<Order>,
    /// Tells the status.
    pub status: Box<dyn Fn() -> Status + Send + Sync>,
    /// What was asked.
    pub journal: Arc<Journal>,
    /// Tells what the service answers for a path, to a client or else to a process of this host.
    pub show: Show,
}
