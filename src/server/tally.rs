//! What the server counts for the answers.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::imds::Counters;
use crate::model::Timestamp;

/// Events whose clients are remembered at one time. Those of earlier scenarios go first.
const EVENTS: usize = 1024;

/// The counts. Only requests that meet an event with a limit come here, so the lock is seldom asked for.
#[derive(Debug, Default)]
pub struct Tallies {
    admitted: Mutex<HashMap<(Timestamp, usize), HashSet<IpAddr>>>,
}

impl Counters for Tallies {
    fn admit(&self, event: (Timestamp, usize), client: IpAddr, limit: u32) -> bool {
        let mut events = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if !events.contains_key(&event) && events.len() >= EVENTS {
            events.clear();
        }
        let clients = events.entry(event).or_default();
        clients.contains(&client) || (clients.len() < limit as usize && clients.insert(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_clients_are_admitted_for_good() {
        let tallies = Tallies::default();
        let client = |n: u8| IpAddr::from([10, 0, 0, n]);
        let event = (Timestamp::from_secs(1), 0);
        assert!(!tallies.admit(event, client(1), 0));
        assert!(tallies.admit(event, client(1), 2));
        assert!(tallies.admit(event, client(2), 2));
        assert!(!tallies.admit(event, client(3), 2));
        assert!(tallies.admit(event, client(1), 0));
        assert!(tallies.admit((Timestamp::from_secs(2), 0), client(3), 2));
    }
}
