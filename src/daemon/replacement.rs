//! The fleet of a scenario that takes the place of another one.

use std::sync::Arc;

use super::load::LoadedScenario;
use super::reread::{orders, reread, reread_faults};
use crate::config::Report;
use crate::identity::KeyRing;
use crate::imds::{Fleet, FleetChange, on_node};
use crate::model::ClockReading;
use crate::scenario::OrderTime;

/// The fleet of the new scenario, and what became of the orders since the last load.
pub(super) struct Replacement {
    pub(super) fleet: Fleet,
    pub(super) kept: usize,
    pub(super) dropped: usize,
    /// The reports of orders that were to be kept and that the scenario rejects.
    pub(super) rejections: Vec<Report>,
    /// Events and faults have the indices that they had.
    pub(super) same_indices: bool,
}

impl Replacement {
    /// Compiles a scenario. `keep` keeps the clock and the orders that the scenario accepts.
    pub(super) fn compile(
        loaded: &LoadedScenario,
        served: &LoadedScenario,
        before: &Fleet,
        keep: bool,
        keys: &Arc<KeyRing>,
        reading: ClockReading,
    ) -> Self {
        // Each load has a calendar of its own.
        let now = before.now(reading);
        let started = reading.wall.before(now.since(before.clock().started));
        let scenario = on_node(&loaded.scenario, before.scenario().node.as_ref());
        let mut fleet = Fleet::compile(scenario, keys, reading, started);
        if loaded.credential_source() == served.credential_source()
            && let Some(fetched) = before.fetched()
        {
            fleet = fleet.apply(FleetChange::Fetched(fetched.clone()));
        }
        let mut rejections = Vec::new();
        if keep {
            let time = |before_order: usize| OrderTime {
                now,
                elapsed: before.clock().elapsed(now),
                before: before_order,
                wall_ahead: 0,
            };
            let events = reread(orders(before.events()), &loaded.scenario, time(fleet.events().len()));
            let events = events.into_iter().map(|event| event.map_err(|report| rejections.push(report)).ok());
            let events = events.collect();
            let removed = before.fault_list().removed();
            let faults = reread_faults(orders(before.faults()), &loaded.scenario, removed, time(0));
            let faults =
                faults.into_iter().filter_map(|fault| fault.map_err(|report| rejections.push(report)).ok());
            let faults = faults.collect();
            fleet = fleet.continuing(before, events, faults);
        }
        let count = |fleet: &Fleet| {
            let ordered = orders(fleet.events()).chain(orders(fleet.faults())).count();
            ordered + fleet.fault_list().missing()
        };
        let kept = count(&fleet);
        let dropped = count(before).saturating_sub(kept);
        let (is, was) = (&loaded.scenario, &served.scenario);
        let same_indices = keep && dropped == 0 && is.events == was.events && is.faults == was.faults;
        Self { fleet, kept, dropped, rejections, same_indices }
    }

    /// The end of the sentence about the load.
    pub(super) fn changes_words(&self) -> String {
        let changes = |count| if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
        match (self.kept, self.dropped) {
            (0, 0) => String::new(),
            (0, dropped) => format!("; dropped: {}", changes(dropped)),
            (kept, 0) => format!("; kept: {}", changes(kept)),
            (kept, dropped) => format!("; kept: {}, dropped: {}", changes(kept), changes(dropped)),
        }
    }
}
