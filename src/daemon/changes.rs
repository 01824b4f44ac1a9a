//! Orders that change what is served without another scenario: events, and movements of the clock.

use std::collections::BTreeSet;

use serde_json::Value;

use super::status::{clock_of, planned};
use super::writer::Writer;
use super::{describe, system_clock};
use crate::config::Report;
use crate::control::api::{AcceptedEvent, ClockMoved, EventStatus, PathPreview, Rejected};
use crate::control::{ClockMovement, OrderSource};
use crate::imds::{Fleet, FleetChange, PathChange};
use crate::model::{Timestamp, format_duration};
use crate::scenario::{LiveEvent, OrderTime, event_from_json};

/// Changes since a load. Each request looks at all of them.
const MOST: usize = 1000;
/// What they may hold together. Each change writes all of them to the runtime directory, which is memory.
const BYTES: usize = 16 << 20;

impl Writer {
    /// Has something happen, now or later. What is rejected changes nothing.
    pub(super) fn event(&mut self, by: OrderSource, json: &Value) -> Result<AcceptedEvent, Rejected> {
        let now = system_clock::now();
        let fleet = self.world.fleet.load_full();
        let moment = OrderTime { now, elapsed: fleet.clock().elapsed(now), before: self.changes.len() };
        let ordered =
            self.room("the event", json).and_then(|()| event_from_json(json, fleet.scenario(), moment));
        let LiveEvent { event, json, warnings } = match ordered {
            Ok(ordered) => ordered,
            Err(report) => {
                tracing::info!("an event of {by} is rejected: {}", report.headline());
                return Err(Rejected::new(&report, self.facts.borrow().scenario.clone()));
            }
        };
        self.apply(FleetChange::Schedule(Box::new(event.clone()), now));
        self.changes.push(json.clone());
        self.settle();
        let fleet = self.world.fleet.load();
        let outlook = fleet.preview(fleet.events().len() - 1, now);
        let effects: Vec<_> =
            event.effects.iter().map(|effect| describe::effect(effect, outlook.at)).collect();
        let message = describe::line(&event, &effects, &outlook, now);
        tracing::info!("{by}: {message}");
        let path = |(path, difference): (&String, &PathChange)| PathPreview {
            path: path.clone(),
            change: (*difference).into(),
        };
        Ok(AcceptedEvent {
            at: outlook.at,
            in_effect: outlook.happened,
            effects,
            paths: outlook.paths.iter().map(path).collect(),
            message,
            event: json,
            report: warnings.to_string(),
            problems: warnings.problems.iter().map(Into::into).collect(),
        })
    }

    /// Whether another order may be kept.
    pub(super) fn room(&self, what: &str, json: &Value) -> Result<(), Report> {
        let orders = self.changes.iter().chain(&self.faults);
        let bytes: usize = orders.chain([json]).map(|order| order.to_string().len()).sum();
        let found = if self.changes.len() >= MOST {
            format!("too many changes since the scenario was loaded: this would be number {}", MOST + 1)
        } else if bytes > BYTES {
            format!("too much data in the changes since the scenario was loaded: {bytes} bytes")
        } else {
            return Ok(());
        };
        let help = format!(
            "accepted: {MOST} changes of {} MiB together; `mock-imds reload` drops them; put what should stay into \
             the scenario",
            BYTES >> 20
        );
        Err(Report::whole(what, found, help))
    }

    /// Moves the clock.
    pub(super) fn movement(&mut self, by: OrderSource, movement: ClockMovement) -> ClockMoved {
        let now = system_clock::now();
        let before = self.world.fleet.load_full();
        let elapsed = before.clock().elapsed(now);
        let stood = before.clock().paused.is_some();
        let change = match movement {
            ClockMovement::To(place) => FleetChange::Seek(place, now),
            ClockMovement::On(span) => FleetChange::Seek(elapsed.saturating_add(span), now),
            ClockMovement::Back(span) => FleetChange::Seek(elapsed.saturating_sub(span), now),
            ClockMovement::Pause => FleetChange::Pause(now),
            ClockMovement::Resume => FleetChange::Resume(now),
        };
        self.apply(change);
        self.settle();
        let after = self.world.fleet.load();
        let (was, is) = (happened(&before, now), happened(&after, now));
        let of = |fleet: &Fleet, indices: &BTreeSet<usize>, others: &BTreeSet<usize>| -> Vec<EventStatus> {
            indices.difference(others).map(|index| planned(fleet, *index, now)).collect()
        };
        let (happened, undone) = (of(&after, &is, &was), of(&after, &was, &is));
        let place = format_duration(after.clock().elapsed(now));
        let stands = match movement {
            ClockMovement::Pause if stood => format!("the clock was already paused at {place}"),
            ClockMovement::Resume if !stood => format!("the clock was already running at {place}"),
            ClockMovement::Pause => format!("the clock is paused at {place}"),
            ClockMovement::Resume => format!("the clock resumes at {place}"),
            _ if stood => format!("the clock is paused at {place}"),
            _ => format!("the clock is at {place}"),
        };
        let came = happened.iter().map(|event| format!("happened: {}", event.what));
        let went = undone.iter().map(|event| format!("has not happened: {}", event.what));
        let message = std::iter::once(stands).chain(came).chain(went).collect::<Vec<_>>().join("; ");
        tracing::info!("{by}: {message}");
        ClockMoved { clock: clock_of(after.clock(), now), happened, undone, message }
    }
}

/// The events that have happened.
fn happened(fleet: &Fleet, now: Timestamp) -> BTreeSet<usize> {
    fleet.clock().occurrences(fleet.events(), now).into_iter().map(|(_, index)| index).collect()
}
