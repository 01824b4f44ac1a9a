//! The connections that there are, and which of them has least to lose.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::crowd_log::CrowdLog;

/// Who has not read a response within this time may lose the place to others.
pub(super) const READING: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// In the order of their coming.
    connections: Vec<Connection>,
    count: u64,
    log: CrowdLog,
}

/// Who shares places: the connections of a user by one of the two sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::control) struct Caller {
    pub(in crate::control) uid: u32,
    /// By the socket of the owner.
    pub(in crate::control) as_owner: bool,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) caller: Caller,
    pub(super) stage: Stage,
    /// Bytes of the body.
    pub(super) received: usize,
    signals: Arc<ConnectionSignals>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stage {
    /// The request is not whole yet.
    Receiving,
    Executing {
        urgent: bool,
    },
    /// It waits for requests of clients, or reads what came.
    Waiting,
    /// The response is being read.
    Sending {
        since: Instant,
    },
}

#[derive(Debug, Default)]
pub(super) struct ConnectionSignals {
    pub(super) evicted: Notify,
    pub(super) sending: Notify,
}

/// There is no place; a sentence.
#[derive(Debug, PartialEq)]
pub(in crate::control) struct Crowded(pub(in crate::control) String);

impl Crowd {
    /// Its number, and the signals for it.
    pub(super) fn add(&mut self, caller: Caller) -> (u64, Arc<ConnectionSignals>) {
        self.count += 1;
        let (number, signals) = (self.count, Arc::new(ConnectionSignals::default()));
        let own = Arc::clone(&signals);
        self.connections.push(Connection {
            number,
            caller,
            stage: Stage::Receiving,
            received: 0,
            signals: own,
        });
        (number, signals)
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.connections.retain(|connection| connection.number != number);
    }

    /// The connection with this number, unless it was evicted: then nothing follows any more.
    pub(super) fn own(&mut self, number: u64) -> Result<&mut Connection, Crowded> {
        let own = self.connections.iter_mut().find(|connection| connection.number == number);
        own.ok_or_else(|| Crowded("another connection took the place of this one".to_owned()))
    }

    pub(super) fn count(&self, which: impl Fn(&Connection) -> bool) -> usize {
        self.connections.iter().filter(|connection| which(connection)).count()
    }

    /// Those that have a place, as those that wait have others.
    pub(super) fn count_placed(&self, which: impl Fn(&Connection) -> bool) -> usize {
        self.count(|connection| connection.stage != Stage::Waiting && which(connection))
    }

    /// The bytes of bodies that are longer than `short`.
    pub(super) fn bodies(&self, which: impl Fn(&Connection) -> bool, short: usize) -> usize {
        let long = self.connections.iter().filter(|other| other.received > short && which(other));
        long.map(|other| other.received).sum()
    }

    /// Ends the connection that has least to lose; of several users, one of the user that has most.
    pub(super) fn evict(&mut self, now: Instant, which: impl Fn(&Connection) -> bool) -> Result<(), ()> {
        let loss = |connection: &Connection| match connection.stage {
            Stage::Receiving => Some(0),
            Stage::Sending { since } if now.duration_since(since) >= READING => Some(1),
            _ => None,
        };
        let mut placed = HashMap::<Caller, usize>::new();
        for connection in self.connections.iter().filter(|connection| connection.stage != Stage::Waiting) {
            *placed.entry(connection.caller).or_default() += 1;
        }
        let candidates = self.connections.iter().enumerate().filter(|(_, connection)| which(connection));
        let rank = |(at, connection): (usize, &Connection)| {
            Some((Reverse(placed.get(&connection.caller).copied()), loss(connection)?, at))
        };
        let (.., at) = candidates.filter_map(rank).min().ok_or(())?;
        let evicted = self.connections.remove(at);
        evicted.signals.evicted.notify_one();
        self.log.note(now, evicted.caller.uid);
        Ok(())
    }

    pub(super) fn turn_away(&mut self, now: Instant, Caller { uid, .. }: Caller, what: &str) -> Crowded {
        self.log.note(now, uid);
        Crowded(format!("user {uid} has too many {what} here at one time; end some of them"))
    }
}
