//! Compiled instances, remembered: a fixed number of them, without a lock.
//!
//! What an instance is at a time follows from who asks and from which events have happened. Between two events
//! that is always the same, so it is compiled once. What falls out of the cache is compiled again.

use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::ec2::Directory;
use crate::identity::{KeyRing, SignedDocument};
use crate::model::Instance;
use crate::model::timeline::Occurrence;

/// The number of slots. A tree takes about 15 KiB.
const SLOTS: usize = 256;

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
pub(crate) struct Cache(Box<[Slot]>);

type Slot = ArcSwapOption<(Key, Arc<CompiledInstance>)>;

impl Default for Cache {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| ArcSwapOption::empty()).collect())
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
        let slot = &self.0[usize::try_from(hash % SLOTS as u64).expect("less than the number of slots")];
        if let Some(found) = slot.load().as_ref().filter(|found| found.0 == key) {
            return Arc::clone(&found.1);
        }
        let compiled = Arc::new(compile(&key));
        slot.store(Some(Arc::new((key, Arc::clone(&compiled)))));
        compiled
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({} of {SLOTS})", self.0.iter().filter(|slot| slot.load().is_some()).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(cache.0.len(), SLOTS);
    }
}
