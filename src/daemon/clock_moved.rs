//! A movement of the scenario's clock in words.

use std::collections::BTreeSet;

use super::status::{clock_status, event_status};
use crate::control::ClockMovement;
use crate::control::api::{ClockMoved, EventStatus};
use crate::imds::Fleet;
use crate::model::{Timestamp, format_duration};

/// The difference that a movement made.
pub(super) fn clock_moved(
    before: &Fleet,
    after: &Fleet,
    movement: ClockMovement,
    now: Timestamp,
) -> ClockMoved {
    let (was, is) = (happened_events(before, now), happened_events(after, now));
    let events = |indices: &BTreeSet<usize>, others: &BTreeSet<usize>| -> Vec<EventStatus> {
        indices.difference(others).map(|index| event_status(after, *index, now)).collect()
    };
    let (happened, undone) = (events(&is, &was), events(&was, &is));
    let place = format_duration(after.clock().elapsed(now));
    let was_paused = before.clock().paused.is_some();
    let position = match movement {
        ClockMovement::Pause if was_paused => format!("the clock was already paused at {place}"),
        ClockMovement::Resume if !was_paused => format!("the clock was already running at {place}"),
        ClockMovement::Pause => format!("the clock is paused at {place}"),
        ClockMovement::Resume => format!("the clock resumes at {place}"),
        _ if was_paused => format!("the clock is paused at {place}"),
        _ => format!("the clock is at {place}"),
    };
    let came = happened.iter().map(|event| format!("happened: {}", event.what));
    let went = undone.iter().map(|event| format!("has not happened: {}", event.what));
    let message = std::iter::once(position).chain(came).chain(went).collect::<Vec<_>>().join("; ");
    ClockMoved { clock: clock_status(after.clock(), now), happened, undone, message }
}

/// The indices of the events that have happened.
fn happened_events(fleet: &Fleet, now: Timestamp) -> BTreeSet<usize> {
    fleet.clock().occurrences(fleet.events(), now).into_iter().map(|occurrence| occurrence.index).collect()
}
