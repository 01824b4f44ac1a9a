//! Compiled instances, remembered: a fixed number of them, without a lock.
//!
//! What an instance is at a time follows from who asks and from which events have happened. Between two events
//! that is always the same, so it is compiled once. What falls out of the cache is compiled again.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;

use super::ec2::Directory;
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Index among the scenario's named instances; `None` for the `[instance]` itself.
    pub named: Option<usize>,
    /// The client, if its identity is derived from its address.
    pub client: Option<IpAddr>,
    pub occurrences: Vec<Occurrence>,
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
}

impl CompiledInstance {
    /// Compiles an instance. Its document is signed when somebody asks.
    pub(crate) fn new(instance: Instance, keys: &Arc<KeyRing>) -> Self {
        let tree = Directory::of(&instance);
        let identity = SignedDocument::of(&instance, keys);
        let has_real_credentials = instance.has_real_credentials();
        Self { instance, tree, identity, has_real_credentials }
    }
}

/// The cache: each key has one slot, which it shares with others.
pub(crate) struct Cache {
    slots: Box<[Slot]>,
    /// Paths of what is remembered.
    paths: AtomicUsize,
}

type Slot = ArcSwapOption<(Key, Arc<CompiledInstance>)>;

impl Default for Cache {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| ArcSwapOption::empty()).collect(), paths: AtomicUsize::new(0) }
    }
}

impl Cache {
    /// The entry of a key, made by `compile` if there is none.
    pub(crate) fn get_or(
        &self,
        key: Key,
        compile: impl FnOnce(&Key) -> CompiledInstance,
    ) -> Arc<CompiledInstance> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&key);
        let slot = &self.slots[usize::try_from(hash % SLOTS as u64).expect("less than the number of slots")];
        if let Some(found) = slot.load().as_ref().filter(|found| found.0 == key) {
            return Arc::clone(&found.1);
        }
        let compiled = Arc::new(compile(&key));
        self.put(slot, Some((key, Arc::clone(&compiled))));
        if self.paths.load(Ordering::Relaxed) > PATHS {
            for other in self.slots.iter().filter(|other| !std::ptr::eq(*other, slot)) {
                self.put(other, None);
            }
        }
        compiled
    }

    /// Those for whom something is remembered, so many at most: named instance and client.
    pub(crate) fn met_lately(&self, most: usize) -> BTreeSet<(Option<usize>, Option<IpAddr>)> {
        let mut met = BTreeSet::new();
        for slot in &self.slots {
            if let Some(entry) = slot.load().as_ref().filter(|_| met.len() < most) {
                met.insert((entry.0.named, entry.0.client));
            }
        }
        met
    }

    fn put(&self, slot: &Slot, entry: Option<(Key, Arc<CompiledInstance>)>) {
        let paths = |compiled: &CompiledInstance| USUAL_PATHS + compiled.instance.overrides.len();
        let more = entry.as_ref().map_or(0, |(_, compiled)| paths(compiled));
        self.paths.fetch_add(more, Ordering::Relaxed);
        if let Some(before) = slot.swap(entry.map(Arc::new)) {
            self.paths.fetch_sub(paths(&before.1), Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.slots.iter().filter(|slot| slot.load().is_some()).count();
        write!(f, "Cache({used} of {SLOTS})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Override;

    #[test]
    fn what_is_remembered_is_compiled_once_and_the_cache_stays_bounded() {
        let keys = Arc::new(KeyRing::generate([7; 32]));
        let cache = Cache::default();
        let key = |n: u32| Key {
            named: None,
            client: Some(std::net::Ipv4Addr::from(n).into()),
            occurrences: vec![],
        };
        let first = cache.get_or(key(1), |_| CompiledInstance::new(Instance::default(), &keys));
        let second = cache.get_or(key(1), |_| panic!("compiled twice"));
        assert!(Arc::ptr_eq(&first, &second));
        for n in 0..2_000 {
            cache.get_or(key(n), |_| CompiledInstance::new(Instance::default(), &keys));
        }
        assert_eq!(cache.slots.len(), SLOTS);
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
        let used = || cache.slots.iter().filter(|slot| slot.load().is_some()).count();
        for named in 0..20 {
            let key = Key { named: Some(named), client: None, occurrences: vec![] };
            cache.get_or(key, |_| CompiledInstance::new(large.clone(), &keys));
            assert!((1..=3).contains(&used()), "expected 3 at most, found {}", used());
        }
    }
}
