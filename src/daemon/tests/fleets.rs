//! Scenarios and fleets for the tests of this room.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::clock;
use crate::config::{Report, SourceText};
use crate::daemon::live::LiveFleet;
use crate::daemon::load::{LoadedScenario, loaded};
use crate::daemon::origin::ScenarioOrigin;
use crate::identity::KeyRing;
use crate::imds::{Fleet, TokenAuthority};
use crate::model::{ClockReading, Scenario, Timestamp};
use crate::scenario::read;
use crate::server::ServiceState;

/// When the fleets of tests are loaded that need no clock.
pub(super) const LOADED: Timestamp = Timestamp::from_secs(1_795_230_851);
/// More than anything may take that a test waits for.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn keys() -> Arc<KeyRing> {
    static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(KeyRing::generate([7; 32])));
    Arc::clone(&KEYS)
}

pub(super) fn scenario(text: &str) -> Scenario {
    read(&SourceText::new("test.toml", text), "/".as_ref()).expect("it is accepted").0
}

/// As it was read from the file `/test.toml`.
pub(super) fn loaded_scenario(text: &str) -> LoadedScenario {
    let origin = ScenarioOrigin::File("/test.toml".into());
    loaded(origin, Arc::new(scenario(text)), Report::default(), text)
}

pub(super) fn fleet_at(scenario: Scenario, at: impl Into<ClockReading>) -> Fleet {
    let at = at.into();
    Fleet::compile(scenario, &keys(), at, at.wall)
}

/// Loaded at [`LOADED`].
pub(super) fn fleet(text: &str) -> Fleet {
    fleet_at(scenario(text), LOADED)
}

pub(super) fn service(fleet: Fleet) -> Arc<ServiceState> {
    let service = ServiceState::new(fleet, TokenAuthority::new([7; 32]), clock::now, [0; 12]);
    Arc::new(service.with_boottime(clock::boottime))
}

/// Loaded just now.
pub(super) fn live(text: &str) -> LiveFleet {
    LiveFleet::new(service(fleet_at(scenario(text), clock::read())))
}
