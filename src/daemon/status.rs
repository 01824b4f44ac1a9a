//! What the status tells: of the scenario, of its clock, and of what happened to it since it was loaded.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use super::load::LoadedScenario;
use super::writer::name;
use super::{describe, faults, system_clock};
use crate::control::api::{self, EventStatus, ReloadStatus, ScenarioStatus};
use crate::imds::Fleet;
use crate::model::fault::Fault;
use crate::model::timeline::ScenarioClock;
use crate::model::{NamedInstance, Timestamp, format_duration};
use crate::server::ServiceState;

/// What the writer knows and the fleet does not.
#[derive(Debug, Clone)]
pub(super) struct StatusInputs {
    /// What is served.
    pub(super) scenario: ScenarioStatus,
    /// How the last reload went.
    pub(super) last_reload: Option<ReloadStatus>,
    /// The later events as they were ordered.
    pub(super) changes: Arc<[Value]>,
    /// The later faults as they were ordered.
    pub(super) faults: Arc<[Value]>,
    /// Where the clock stands still.
    pub(super) paused_at: Option<String>,
}

impl StatusInputs {
    /// Of a scenario that was just loaded.
    pub(super) fn new(loading: &LoadedScenario, used: bool, at: Timestamp) -> Self {
        Self {
            scenario: loaded(loading, used, at),
            last_reload: None,
            changes: Arc::default(),
            faults: Arc::default(),
            paused_at: None,
        }
    }

    /// One line for `systemctl status`.
    pub(super) fn line(&self) -> String {
        let scenario = &self.scenario;
        let until = if scenario.used { " (until the next reload)" } else { "" };
        let changed = match self.changes.len() + self.faults.len() {
            0 => String::new(),
            1 => ", changed once since".to_owned(),
            count => format!(", changed {count} times since"),
        };
        let stands = self.paused_at.as_ref().map(|place| format!(", its clock is paused at {place}"));
        let serving = format!(
            "serving {} from {}{until}, loaded {}{changed}{}",
            scenario.instance_id,
            name(scenario.file.as_deref()),
            scenario.at.rfc3339(),
            stands.unwrap_or_default()
        );
        match &self.last_reload {
            Some(ReloadStatus { accepted: false, at, message, .. }) => {
                format!("reload rejected {}: {message}; still {serving}", at.rfc3339())
            }
            _ => serving,
        }
    }
}

/// A scenario that was loaded.
pub(super) fn loaded(loading: &LoadedScenario, used: bool, at: Timestamp) -> ScenarioStatus {
    ScenarioStatus {
        file: loading.file.clone(),
        used,
        at,
        instance_id: loading.scenario.instance.instance_id.to_string(),
        warnings: loading.warnings.problems.len(),
    }
}

/// Tells the status whenever it is asked.
pub(super) fn status(
    world: Arc<ServiceState>,
    listeners: Vec<api::ListenerStatus>,
    facts: watch::Receiver<StatusInputs>,
) -> impl Fn() -> api::ServiceStatus + Send + Sync {
    let started_at = system_clock::now();
    move || {
        let StatusInputs { scenario, last_reload, changes, faults, .. } = facts.borrow().clone();
        let (fleet, now) = (world.fleet.load(), system_clock::now());
        let file = fleet.scenario().events.len();
        let planned = |indices: std::ops::Range<usize>| indices.map(|index| planned(&fleet, index, now));
        let with_order = |(mut planned, event): (EventStatus, &Value)| {
            planned.event = Some(event.clone());
            planned
        };
        api::ServiceStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_at,
            scenario,
            clock: clock_of(fleet.clock(), now),
            events: planned(0..file).collect(),
            changes: planned(file..fleet.events().len()).zip(changes.iter()).map(with_order).collect(),
            faults: told_faults(&fleet, &faults, now),
            instances: instances(&fleet),
            listeners: listeners.clone(),
            last_reload,
            requests: world.requests(),
        }
    }
}

/// Where a clock is.
pub(super) fn clock_of(clock: &ScenarioClock, now: Timestamp) -> api::ClockStatus {
    api::ClockStatus { elapsed: format_duration(clock.elapsed(now)), zero: clock.epoch, paused: clock.paused }
}

/// An event and its instants.
pub(super) fn planned(fleet: &Fleet, index: usize, now: Timestamp) -> EventStatus {
    let (event, clock) = (&fleet.events()[index], fleet.clock());
    let last = clock.last(index, event, now).map(|happening| happening.at);
    let next = clock.next(index, event, now);
    let effects: Vec<api::EffectSummary> =
        event.effects.iter().map(|effect| describe::effect(effect, last.or(next))).collect();
    EventStatus {
        what: describe::phrase(&effects),
        at: describe::when(event),
        instance: event.instance.clone(),
        last,
        next,
        event: None,
    }
}

/// The faults of the file, then those that were ordered.
fn told_faults(fleet: &Fleet, orders: &[Value], now: Timestamp) -> Vec<api::FaultStatus> {
    let file = fleet.scenario().faults.len();
    let told = |(index, fault): (usize, &Fault)| {
        let order = index.checked_sub(file).and_then(|number| orders.get(number)).cloned();
        api::FaultStatus { fault: order, ..faults::told(fleet, fault, now) }
    };
    fleet.faults().iter().enumerate().map(told).collect()
}

fn instances(fleet: &Fleet) -> Vec<api::InstanceStatus> {
    let scenario = fleet.scenario();
    let guest = |guest: &NamedInstance| api::InstanceStatus {
        name: Some(guest.name.clone()),
        id: guest.instance.instance_id.to_string(),
        clients: guest
            .host
            .then(|| "host".to_owned())
            .into_iter()
            .chain(guest.networks.iter().map(ToString::to_string))
            .collect(),
        derive: guest.derive,
    };
    let own = api::InstanceStatus {
        name: None,
        id: scenario.instance.instance_id.to_string(),
        clients: vec![],
        derive: false,
    };
    std::iter::once(own).chain(scenario.guests.iter().map(guest)).collect()
}
