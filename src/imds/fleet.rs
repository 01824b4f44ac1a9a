//! The compiled scenario.

use super::Visit;
use super::tree::Directory;
use crate::model::{Instance, Scenario, Timestamp};

/// A scenario, compiled: what [`answer`](super::answer) reads. Immutable.
#[derive(Debug)]
pub struct Fleet {
    scenario: Scenario,
    loaded_at: Timestamp,
    tree: Directory,
}

impl Fleet {
    /// Compiles a scenario; `loaded_at` is the zero of its clock.
    pub fn compile(scenario: Scenario, loaded_at: Timestamp) -> Self {
        let tree = Directory::of(&scenario.instance);
        Self { scenario, loaded_at, tree }
    }

    /// The scenario that was compiled.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// When it was loaded.
    pub fn loaded_at(&self) -> Timestamp {
        self.loaded_at
    }

    /// The instance that a visitor meets, and its tree.
    pub(super) fn meet(&self, _visit: &Visit) -> (&Instance, &Directory) {
        (&self.scenario.instance, &self.tree)
    }
}
