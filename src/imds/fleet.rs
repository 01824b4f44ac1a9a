//! The compiled scenario.

use std::sync::Arc;

use super::Visit;
use super::credentials::View;
use super::tree::Directory;
use crate::identity::{KeyRing, SignedDocument};
use crate::model::{Fetched, Scenario, Timestamp};

/// A scenario, compiled, and what happened to it since: what [`answer`](super::answer) reads. Immutable; a
/// change makes another one, which shares what did not change.
#[derive(Debug, Clone)]
pub struct Fleet {
    compiled: Arc<Compiled>,
    loaded_at: Timestamp,
    fetched: Option<Fetched>,
}

#[derive(Debug)]
struct Compiled {
    scenario: Scenario,
    tree: Directory,
}

/// What can happen to a fleet.
#[derive(Debug, Clone)]
pub enum Change {
    /// The credential source gave keys, or failed.
    Fetched(Fetched),
}

impl Fleet {
    /// Compiles a scenario, with its identity document signed; `loaded_at` is the zero of its clock.
    pub fn compile(scenario: Scenario, keys: &KeyRing, loaded_at: Timestamp) -> Self {
        let identity = SignedDocument::of(&scenario.instance, keys);
        let tree = Directory::of(&scenario.instance, &identity);
        Self { compiled: Arc::new(Compiled { scenario, tree }), loaded_at, fetched: None }
    }

    /// The fleet after a change.
    #[must_use]
    pub fn apply(&self, change: Change) -> Self {
        match change {
            Change::Fetched(fetched) => Self { fetched: Some(fetched), ..self.clone() },
        }
    }

    /// The scenario that was compiled.
    pub fn scenario(&self) -> &Scenario {
        &self.compiled.scenario
    }

    /// When it was loaded.
    pub fn loaded_at(&self) -> Timestamp {
        self.loaded_at
    }

    /// What the credential source gave last.
    pub fn fetched(&self) -> Option<&Fetched> {
        self.fetched.as_ref()
    }

    /// The instance that a visitor meets at a time, and its tree.
    pub(super) fn meet(&self, _visit: &Visit, now: Timestamp) -> (View<'_>, &Directory) {
        let instance = &self.compiled.scenario.instance;
        let view = View { instance, fetched: self.fetched.as_ref(), loaded_at: self.loaded_at, now };
        (view, &self.compiled.tree)
    }
}
