//! The scenario's clock, at instants that are numbers.

mod order;
mod polls;
mod properties;
mod repetition;
mod wall_clock;

use super::*;
use crate::model::EventTime;

const START: Timestamp = Timestamp::from_secs(1_000_000);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(offset: u64) -> Timestamp {
    START.plus(seconds(offset))
}

fn event(at: EventTime) -> Event {
    Event::once(at, [])
}

fn load(offset: u64) -> Event {
    event(EventTime::AfterLoad(seconds(offset)))
}

fn repeated(offset: u64, repeat: u64) -> Event {
    Event { repeat: Some(seconds(repeat)), ..load(offset) }
}

fn start() -> ScenarioClock {
    ScenarioClock::starting(START, START)
}

/// Which events have happened, in order.
fn order(clock: &ScenarioClock, events: &[Event], now: Timestamp) -> Vec<usize> {
    clock.occurrences(events, now).into_iter().map(|occurrence| occurrence.index).collect()
}

/// The instant and the index of what has happened, in order.
fn happened(clock: &ScenarioClock, events: &[Event], now: Timestamp) -> Vec<(Timestamp, usize)> {
    clock.occurrences(events, now).into_iter().map(|occurrence| (occurrence.at, occurrence.index)).collect()
}
