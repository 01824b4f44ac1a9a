//! What the server remembers of requests to the endpoints of containers.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::imds::{EndpointMemory, NetworkFault, RateBucket};
use crate::model::{ScaleInProtection, Timestamp};

/// The clients whose rates are remembered at one time. When there are more that ask right now, all are forgotten.
const CLIENTS: usize = 512;
/// The paths of one client whose rates are apart. The further ones share one rate.
const PATHS: usize = 64;
/// The tasks that are remembered at one time.
const TASKS: usize = 8_192;
/// The faults of one task that run at one time. When there are more, those of this task are forgotten.
const FAULTS: usize = 256;

/// The memory of one server. Only requests of containers take its lock.
///
/// It keeps hashes, with a key of its own, of what clients send: nobody can fill it with long paths, or aim at the entry of
/// another client.
#[derive(Debug, Default)]
pub struct ContainerMemory {
    remembered: Mutex<Remembered>,
    hashing: RandomState,
}

#[derive(Debug, Default)]
struct Remembered {
    /// Of each client the theoretical arrival time of the next request by path, in nanoseconds: the generic cell rate
    /// algorithm. One that is past is as none.
    arrivals: HashMap<Option<IpAddr>, HashMap<u64, u64>>,
    protected: HashMap<u64, ScaleInProtection>,
    /// The faults that run, by task.
    running: HashMap<u64, HashSet<u64>>,
}

impl Remembered {
    /// The place for a client's next arrival at a path.
    fn arrival(&mut self, client: Option<IpAddr>, path: u64, now: u64) -> &mut u64 {
        if self.arrivals.len() >= CLIENTS && !self.arrivals.contains_key(&client) {
            self.arrivals.retain(|_, paths| paths.values().any(|arrival| *arrival > now));
            if self.arrivals.len() >= CLIENTS {
                self.arrivals.clear();
            }
        }
        let paths = self.arrivals.entry(client).or_default();
        if paths.len() >= PATHS && !paths.contains_key(&path) {
            paths.retain(|_, arrival| *arrival > now);
        }
        let is_apart = paths.len() < PATHS || paths.contains_key(&path);
        paths.entry(if is_apart { path } else { SHARED }).or_insert(now)
    }
}

/// In place of the hash of a path that has no rate of its own.
const SHARED: u64 = 0;

impl ContainerMemory {
    /// Forgets everything, as for a new scenario.
    pub(super) fn restart(&self) {
        *self.lock() = Remembered::default();
    }

    /// Forgets what clients have set: protection from scale-in, and network faults.
    pub(super) fn forget_changes(&self) {
        let mut remembered = self.lock();
        remembered.protected.clear();
        remembered.running.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hash(&self, key: impl Hash) -> u64 {
        self.hashing.hash_one(key)
    }
}

impl EndpointMemory for ContainerMemory {
    fn admit(&self, bucket: RateBucket<'_>, interval: Duration, burst: u32, now: Timestamp) -> bool {
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let now = now.as_millis().saturating_mul(1_000_000);
        let path = self.hash(bucket.name);
        let mut remembered = self.lock();
        let arrival = remembered.arrival(bucket.client, path, now);
        let next = (*arrival).max(now).saturating_add(interval);
        if next - now > interval.saturating_mul(burst.into()) {
            return false;
        }
        *arrival = next;
        true
    }

    fn protection(&self, task: &str) -> Option<ScaleInProtection> {
        self.lock().protected.get(&self.hash(task)).copied()
    }

    fn protect(&self, task: &str, change: ScaleInProtection) {
        let task = self.hash(task);
        let protected = &mut self.lock().protected;
        if protected.len() >= TASKS && !protected.contains_key(&task) {
            let first = protected.iter().min_by_key(|(_, change)| change.until).map(|(task, _)| *task);
            first.map(|first| protected.remove(&first));
        }
        protected.insert(task, change);
    }

    fn is_running(&self, task: &str, fault: NetworkFault, what: &str) -> bool {
        let (task, fault) = (self.hash(task), self.hash((fault, what)));
        self.lock().running.get(&task).is_some_and(|faults| faults.contains(&fault))
    }

    fn set_running(&self, task: &str, fault: NetworkFault, what: &str, runs: bool) {
        let (task, fault) = (self.hash(task), self.hash((fault, what)));
        let running = &mut self.lock().running;
        if !runs {
            let faults = running.get_mut(&task);
            if faults.is_some_and(|faults| faults.remove(&fault) && faults.is_empty()) {
                running.remove(&task);
            }
            return;
        }
        if running.len() >= TASKS && !running.contains_key(&task) {
            running.clear();
        }
        let faults = running.entry(task).or_default();
        if faults.len() >= FAULTS {
            faults.clear();
        }
        faults.insert(fault);
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

    fn client(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn a_client_with_many_paths_takes_no_room_of_others() {
        let memory = ContainerMemory::default();
        let (interval, now) = (Duration::from_secs(5), Timestamp::from_secs(1));
        let admit = |client, name: &str, now| {
            memory.admit(RateBucket { client: Some(client), name }, interval, 1, now)
        };
        assert!(admit(client(1), "/mine", now));
        let admitted = (0..10_000).filter(|n| admit(client(2), &format!("/{n}"), now)).count();
        assert_eq!(admitted, PATHS + 1, "each path once, and the further ones share a rate");
        assert!(!admit(client(1), "/mine", now), "the other client is remembered");
        let entries = memory.lock().arrivals.values().map(HashMap::len).sum::<usize>();
        assert_eq!(entries, 1 + PATHS + 1);
        // What is past is dropped, and the paths have rates of their own again.
        let later = now.plus(interval);
        assert!((0..PATHS).all(|n| admit(client(2), &format!("/later/{n}"), later)));
    }

    #[test]
    fn of_many_clients_those_that_ask_no_more_are_dropped() {
        let memory = ContainerMemory::default();
        let (interval, start) = (Duration::from_secs(5), Timestamp::from_secs(1));
        let admit = |n: usize, now| {
            let client = Some(IpAddr::from(u32::try_from(n).expect("few").to_be_bytes()));
            memory.admit(RateBucket { client, name: "/" }, interval, 1, now)
        };
        assert!((1..CLIENTS).all(|n| admit(n, start)));
        let later = start.plus(interval);
        assert!(admit(0, later) && admit(CLIENTS, later), "there is room");
        assert!(!admit(0, later), "who asked a moment ago is remembered");
        assert_eq!(memory.lock().arrivals.len(), 2);
    }

    #[test]
    fn a_task_with_many_faults_takes_no_room_of_others() {
        let memory = ContainerMemory::default();
        let fault = NetworkFault::BlackholePort;
        memory.set_running("a", NetworkFault::Latency, "", true);
        for port in 0..10_000 {
            memory.set_running("b", fault, &format!("egress tcp {port}"), true);
        }
        assert!(memory.is_running("a", NetworkFault::Latency, ""));
        assert!(memory.is_running("b", fault, "egress tcp 9999"));
        assert!(memory.lock().running.values().map(HashSet::len).sum::<usize>() <= 1 + FAULTS);
        memory.set_running("a", NetworkFault::Latency, "", false);
        assert!(!memory.is_running("a", NetworkFault::Latency, ""));
    }

    #[test]
    fn of_many_protected_tasks_the_one_goes_that_would_end_first() {
        let memory = ContainerMemory::default();
        let until = |seconds| ScaleInProtection {
            at: Timestamp::from_secs(1),
            until: Some(Timestamp::from_secs(seconds)),
        };
        for n in 0..=TASKS {
            memory.protect(&n.to_string(), until(1 + n as u64));
        }
        assert_eq!(memory.protection("0"), None);
        assert!((1..=TASKS).all(|n| memory.protection(&n.to_string()).is_some()));
        // One that is protected no more goes before all others.
        memory.protect("5", ScaleInProtection { at: Timestamp::from_secs(1), until: None });
        memory.protect("0", until(9));
        assert_eq!(memory.protection("5"), None);
        assert!(memory.protection("1").is_some());
    }
}
