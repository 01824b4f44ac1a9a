//! Compiled instances, remembered: a fixed number of them, without a lock.
//!
//! What an instance is at a time follows from who asks and from which events have happened. Between two events
//! that is always the same, so it is compiled once. What falls out of the cache is compiled again.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::ec2::Directory;
use super::fast_hash::mixed;
use super::prepared_keys::PreparedKeys;
use super::shared_value::{SharedRef, SharedValue};
use crate::identity::{KeyRing, SignedDocument};
use crate::model::Instance;
use crate::model::timeline::Occurrence;

/// The number of slots. A tree takes about 15 KiB.
const SLOTS: usize = 256;
/// Paths of all trees together, roughly: of large trees fewer are remembered.
const PATHS: usize = 200_000;
/// Paths of a tree beside those that a scenario or an event adds.
pub(super) const USUAL_PATHS: usize = 100;

/// The facts from which an instance follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'k> {
    /// Index among the scenario's named instances; `None` for the `[instance]` itself.
    pub named: Option<usize>,
    /// The client, if its identity is derived from its address.
    pub client: Option<IpAddr>,
    pub occurrences: &'k [Occurrence],
}

impl Key<'_> {
    /// The slot of the key. Which keys share one is of no importance, so a simple hash is enough.
    fn slot(&self) -> usize {
        let address = match self.client {
            None => 0,
            Some(IpAddr::V4(address)) => (u128::from(address.to_bits()) << 1) | 1,
            Some(IpAddr::V6(address)) => address.to_bits(),
        };
        let named = self.named.map_or(0, |named| named as u64 + 1);
        let [upper, lower] = [address >> 64, address & u128::from(u64::MAX)];
        let address = [upper, lower].map(|half| u64::try_from(half).expect("64 bits of 128"));
        let words = |occurrence: &Occurrence| {
            let reached = u64::try_from(occurrence.reached.as_millis()).unwrap_or(u64::MAX);
            [occurrence.at.as_millis(), occurrence.index as u64, reached]
        };
        let occurrences = self.occurrences.iter().flat_map(words);
        let hash = [named].into_iter().chain(address).chain(occurrences).fold(0, mixed);
        usize::from((hash >> 56) as u8)
    }
}

/// An instance at a time, compiled.
#[derive(Debug)]
pub(crate) struct CompiledInstance {
    /// The instance, after what has happened.
    pub instance: Instance,
    pub tree: Directory,
    pub identity: SignedDocument,
    /// Somebody could use them on AWS.
    pub has_real_credentials: bool,
    /// The last ones of the task, by the endpoint of Amazon ECS.
    pub task_keys: PreparedKeys,
    /// The last ones of a pod.
    pub pod_keys: PreparedKeys,
}

impl CompiledInstance {
    /// Compiles an instance. Its document is signed when somebody asks.
    pub(crate) fn new(instance: Instance, keys: &Arc<KeyRing>) -> Self {
        #[cfg(test)]
        COMPILED.set(COMPILED.get() + 1);
        let tree = Directory::of(&instance);
        let identity = SignedDocument::of(&instance, keys);
        let has_real_credentials = instance.has_real_credentials();
        let [task_keys, pod_keys] = Default::default();
        Self { instance, tree, identity, has_real_credentials, task_keys, pod_keys }
    }
}

#[cfg(test)]
thread_local! {
    /// How many instances this thread has compiled.
    pub(super) static COMPILED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The cache: each key has one slot, which it shares with others.
pub(crate) struct Cache {
    slots: Box<[SharedValue<Entry>]>,
    /// Paths of what is remembered.
    paths: AtomicUsize,
}

/// A remembered instance, with its key.
struct Entry {
    named: Option<usize>,
    client: Option<IpAddr>,
    occurrences: Vec<Occurrence>,
    compiled: CompiledInstance,
}

impl Entry {
    fn key(&self) -> Key<'_> {
        Key { named: self.named, client: self.client, occurrences: &self.occurrences }
    }
}

/// A compiled instance that was remembered, or just compiled.
pub(crate) struct CachedInstance(SharedRef<Entry>);

impl Deref for CachedInstance {
    type Target = CompiledInstance;

    fn deref(&self) -> &CompiledInstance {
        &self.0.compiled
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| SharedValue::default()).collect(), paths: AtomicUsize::new(0) }
    }
}

impl Cache {
    /// The entry of a key, made by `compile` if there is none.
    pub(crate) fn get_or(&self, key: Key<'_>, compile: impl FnOnce() -> CompiledInstance) -> CachedInstance {
        let slot = &self.slots[key.slot()];
        if let Some(found) = slot.get(|found| found.key() == key) {
            return CachedInstance(found);
        }
        let Key { named, client, occurrences } = key;
        let entry = Arc::new(Entry { named, client, occurrences: occurrences.to_vec(), compiled: compile() });
        self.put(slot, Some(Arc::clone(&entry)));
        if self.paths.load(Ordering::Relaxed) > PATHS {
            for other in self.slots.iter().filter(|other| !std::ptr::eq(*other, slot)) {
                self.put(other, None);
            }
        }
        CachedInstance(SharedRef::new(entry))
    }

    /// Those for whom something is remembered: named instance and client.
    pub(super) fn met_lately(&self) -> BTreeSet<(Option<usize>, Option<IpAddr>)> {
        let entries = self.slots.iter().filter_map(|slot| slot.get(|_| true));
        entries.map(|entry| (entry.named, entry.client)).collect()
    }

    fn put(&self, slot: &SharedValue<Entry>, entry: Option<Arc<Entry>>) {
        let paths = |entry: &Entry| USUAL_PATHS + entry.compiled.instance.overrides.len();
        self.paths.fetch_add(entry.as_deref().map_or(0, paths), Ordering::Relaxed);
        if let Some(before) = slot.replace(entry) {
            self.paths.fetch_sub(paths(&before), Ordering::Relaxed);
        }
    }

    fn used(&self) -> usize {
        self.slots.iter().filter(|slot| slot.get(|_| true).is_some()).count()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({} of {SLOTS})", self.used())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;
    use crate::model::{Override, Timestamp};

    #[test]
    fn what_is_remembered_is_compiled_once_and_the_cache_stays_bounded() {
        let keys = Arc::new(KeyRing::generate([7; 32]));
        let cache = Cache::default();
        let key = |n: u32| Key { named: None, client: Some(Ipv4Addr::from(n).into()), occurrences: &[] };
        let compile = || CompiledInstance::new(Instance::default(), &keys);
        let first = cache.get_or(key(1), compile);
        let second = cache.get_or(key(1), || panic!("compiled twice"));
        assert!(std::ptr::eq(&raw const *first, &raw const *second));
        for n in 0..2_000 {
            cache.get_or(key(n), compile);
        }
        assert_eq!(cache.used(), SLOTS, "clients of one network share the slots evenly");
    }

    #[test]
    fn keys_that_differ_are_different_entries() {
        let keys = Arc::new(KeyRing::generate([7; 32]));
        let cache = Cache::default();
        let at = Timestamp::from_secs;
        let clients = [None, Some("0.0.0.1".parse().expect("an address")), Some("::1".parse().expect("one"))];
        let of = |at, index| Occurrence { at, index, offset: 0, reached: Duration::ZERO };
        let late = Occurrence { reached: Duration::from_secs(1), ..of(at(1), 1) };
        let occurrences: [&[Occurrence]; 5] =
            [&[], &[of(at(1), 0)], &[of(at(1), 1)], &[late], &[of(at(2), 0), of(at(1), 1)]];
        for turn in 0..2 {
            let all = [None, Some(0), Some(1)]
                .into_iter()
                .flat_map(|named| clients.map(|client| (named, client)))
                .flat_map(|(named, client)| occurrences.map(|occurrences| (named, client, occurrences)));
            for (number, (named, client, occurrences)) in (0..).zip(all) {
                let instance = || Instance { ami_launch_index: number, ..Instance::default() };
                let key = Key { named, client, occurrences };
                let found = cache.get_or(key, || CompiledInstance::new(instance(), &keys));
                assert_eq!(found.instance, instance(), "turn {turn}: {key:?}");
            }
        }
    }

    #[test]
    fn of_large_trees_few_are_remembered() {
        let keys = Arc::new(KeyRing::generate([7; 32]));
        let cache = Cache::default();
        let large = Instance {
            overrides: Arc::new(
                (0..PATHS / 4).map(|n| (format!("meta-data/{n}"), Override::Removed)).collect(),
            ),
            ..Instance::default()
        };
        for named in 0..20 {
            let key = Key { named: Some(named), client: None, occurrences: &[] };
            cache.get_or(key, || CompiledInstance::new(large.clone(), &keys));
            assert!((1..=3).contains(&cache.used()), "expected 3 at most, found {}", cache.used());
        }
    }
}
