//! The compiled scenario.

use crate::model::{Scenario, Timestamp};

/// A scenario, compiled: what [`answer`](super::answer) reads. Immutable.
#[derive(Debug)]
pub struct Fleet {
    scenario: Scenario,
    loaded_at: Timestamp,
}

impl Fleet {
    /// Compiles a scenario; `loaded_at` is the zero of its clock.
    pub fn compile(scenario: Scenario, loaded_at: Timestamp) -> Self {
        Self { scenario, loaded_at }
    }

    /// The scenario that was compiled.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// When it was loaded.
    pub fn loaded_at(&self) -> Timestamp {
        self.loaded_at
    }
}
