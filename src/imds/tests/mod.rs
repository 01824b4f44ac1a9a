//! Fleets and what they answer, without a profile's tables.

mod answers;
mod changes;
mod endpoints;
mod fixed_paths;
mod interfaces;
mod parts;
mod prepared;

use std::sync::{Arc, LazyLock};

use crate::identity::KeyRing;
use crate::imds::Fleet;
use crate::model::{Event, EventEffect, EventTime, Instance, NamedInstance, Scenario, Timestamp};

/// When the fleets of tests are loaded.
pub(crate) const LOADED: Timestamp = Timestamp::from_secs(1_795_230_851);

pub(super) fn keys() -> Arc<KeyRing> {
    static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(KeyRing::generate([7; 32])));
    Arc::clone(&KEYS)
}

/// A scenario, loaded at [`LOADED`].
pub(crate) fn fleet(scenario: Scenario) -> Fleet {
    Fleet::compile(scenario, &keys(), LOADED, LOADED)
}

fn named(name: &str, networks: &[&str]) -> NamedInstance {
    NamedInstance {
        name: name.into(),
        networks: networks.iter().map(|network| network.parse().expect("a network")).collect(),
        host: false,
        nodes: vec![],
        derive: false,
        instance: Instance::default(),
    }
}

fn event(at: EventTime, effect: EventEffect) -> Event {
    Event::once(at, [effect])
}
