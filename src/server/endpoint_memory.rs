//! What the server remembers of requests to the endpoints of containers.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::imds::{EndpointMemory, NetworkFault, RateBucket};
use crate::model::Timestamp;

/// The rates that are remembered at one time. When there are more, all are forgotten.
const BUCKETS: usize = 8_192;
/// The same of tasks and their faults.
const TASKS: usize = 8_192;

/// The memory of one server. Only requests of containers take its lock.
#[derive(Debug, Default)]
pub struct ContainerMemory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    /// The theoretical arrival time of the next request, in nanoseconds: the generic cell rate algorithm.
    arrivals: HashMap<(Option<IpAddr>, String), u64>,
    protected: HashMap<String, Timestamp>,
    /// The faults that run: task, kind, and what tells apart those of one kind.
    running: HashSet<(String, NetworkFault, String)>,
}

impl ContainerMemory {
    /// Forgets everything, as for a new scenario.
    pub(super) fn restart(&self) {
        *self.lock() = Remembered::default();
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EndpointMemory for ContainerMemory {
    fn admit(&self, bucket: RateBucket<'_>, interval: Duration, burst: u32, now: Timestamp) -> bool {
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let now = now.as_millis().saturating_mul(1_000_000);
        let mut remembered = self.lock();
        let arrivals = &mut remembered.arrivals;
        if arrivals.len() >= BUCKETS {
            arrivals.clear();
        }
        let arrival = arrivals.entry((bucket.client, bucket.name.to_owned())).or_insert(now);
        let next = (*arrival).max(now).saturating_add(interval);
        if next - now > interval.saturating_mul(burst.into()) {
            return false;
        }
        *arrival = next;
        true
    }

    fn protected_until(&self, task: &str) -> Option<Timestamp> {
        self.lock().protected.get(task).copied()
    }

    fn protect(&self, task: &str, until: Option<Timestamp>) {
        let protected = &mut self.lock().protected;
        match until {
            Some(until) => {
                if protected.len() >= TASKS {
                    protected.clear();
                }
                protected.insert(task.to_owned(), until);
            }
            None => {
                protected.remove(task);
            }
        }
    }

    fn is_running(&self, task: &str, fault: NetworkFault, what: &str) -> bool {
        self.lock().running.contains(&(task.to_owned(), fault, what.to_owned()))
    }

    fn set_running(&self, task: &str, fault: NetworkFault, what: &str, runs: bool) {
        let running = &mut self.lock().running;
        let key = (task.to_owned(), fault, what.to_owned());
        if !runs {
            running.remove(&key);
            return;
        }
        if running.len() >= TASKS {
            running.clear();
        }
        running.insert(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_admitted_and_then_the_rate() {
        let memory = ContainerMemory::default();
        let interval = Duration::from_millis(100);
        let bucket = |name| RateBucket { client: None, name };
        let start = Timestamp::from_secs(1);
        let admitted = |now| (0..10).filter(|_| memory.admit(bucket("a"), interval, 3, now)).count();
        assert_eq!(admitted(start), 3);
        assert_eq!(admitted(start.plus(Duration::from_millis(99))), 0);
        assert_eq!(admitted(start.plus(Duration::from_millis(100))), 1);
        assert_eq!(admitted(start.plus(Duration::from_secs(9))), 3);
        assert!(memory.admit(bucket("b"), interval, 3, start), "another path has a limit of its own");
    }
}
