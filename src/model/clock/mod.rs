//! The scenario's clock: which events have occurred by a time, and in which order. Pure: nothing waits, nothing ticks.
//!
//! An occurrence has an instant, which its notices show, and an offset on the timeline, which decides the order.
//! While the clock runs both grow together. A seek moves the offsets to come, but not the instants of past
//! occurrences: a notice keeps its time. So only offsets tell which of two occurrences was first.
//!
//! Instants are those of a calendar that the wall clock gives at the load and that then goes on by itself: whoever sets
//! the wall clock moves no event. The steps of the wall clock since then are kept, for what is written: the date of an
//! occurrence is what the wall clock showed then.
//!
//! | time of the event | offset | moved by a seek or a pause |
//! |---|---|---|
//! | after loading, after a first poll | fixed | yes |
//! | after the daemon's start, an instant | the clock's offset at that instant | no |

mod epoch;
mod moves;
mod wall_clock;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::propagation::until_refresh;
use super::time::{ClockReading, Timestamp};

/// The scenario's clock: the relation between instants and offsets on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScenarioClock {
    /// The instant of offset 0: the load of the scenario, moved by seeks and pauses.
    pub epoch: Timestamp,
    /// The instant at which the scenario was loaded. Nothing moves it.
    pub loaded: Timestamp,
    /// The instant at which the daemon started.
    pub started: Timestamp,
    /// The instant of the pause, while the clock is paused.
    pub paused: Option<Timestamp>,
    /// The occurrences before the last move of the clock, by the event's index. They keep instant and offset.
    pub pinned: BTreeMap<usize, EventOccurrence>,
    /// The offset of the first request for the path that an event waits for, by the event's index.
    pub first_polls: BTreeMap<usize, Duration>,
    /// The milliseconds by which the calendar is ahead of the time since the boot; unknown in states of the first version.
    #[serde(default)]
    ahead: Option<i64>,
    /// The steps of the wall clock since the load, in order.
    #[serde(default)]
    steps: Vec<ClockStep>,
}

/// Somebody set the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct ClockStep {
    /// The instant on the clock's calendar.
    at: Timestamp,
    /// The milliseconds by which the wall clock is ahead of the calendar from then on.
    ahead: i64,
}

/// The last occurrence of an event. The serialized names are those of saved states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventOccurrence {
    /// The offset on the timeline in milliseconds; negative before the scenario was loaded.
    #[serde(rename = "place")]
    pub offset: i64,
    /// The rank among the occurrences that an order or a seek moved to this offset; 0 if nothing moved it.
    #[serde(rename = "turn")]
    pub sequence: u64,
    /// The instant.
    pub at: Timestamp,
}

/// An occurrence of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// The instant.
    pub at: Timestamp,
    /// The index of the event.
    pub index: usize,
    /// The offset on the timeline in milliseconds.
    pub offset: i64,
    /// The last delay of the event that is over: what it changed is visible as far as it is not later than this.
    pub reached: Duration,
}

/// The point that an [`EventTime`](super::event::EventTime) resolves to.
#[derive(Clone, Copy)]
enum TimelinePoint {
    /// An offset from the clock's epoch.
    Offset(Duration),
    /// An instant, whatever the clock's offset is then.
    Instant(Timestamp),
}

impl ScenarioClock {
    /// A clock that starts at `now`.
    pub(crate) fn starting(now: impl Into<ClockReading>, started: Timestamp) -> Self {
        let (pinned, first_polls) = (BTreeMap::new(), BTreeMap::new());
        let ClockReading { wall, boottime } = now.into();
        let ahead = Some(difference(wall, boottime));
        Self { epoch: wall, loaded: wall, started, paused: None, pinned, first_polls, ahead, steps: vec![] }
    }

    // === Reading ===

    /// The present on the scenario's clock: it stands still while the clock is paused.
    pub(crate) fn effective(&self, now: Timestamp) -> Timestamp {
        self.paused.map_or(now, |paused| paused.min(now))
    }

    /// The present offset on the timeline.
    pub(crate) fn elapsed(&self, now: Timestamp) -> Duration {
        self.effective(now).since(self.epoch)
    }

    /// The last occurrence of an event, if there was one.
    pub(crate) fn last(&self, index: usize, event: &Event, now: Timestamp) -> Option<EventOccurrence> {
        let computed = self.computed(index, event, now);
        let Some(pinned) = self.pinned.get(&index).copied() else { return computed };
        // The same occurrence, computed from another epoch, is not a later one.
        let later = computed.filter(|computed| match self.point(index, &event.at) {
            Some(TimelinePoint::Offset(_)) => computed.offset > pinned.offset,
            Some(TimelinePoint::Instant(_)) | None => computed.at > pinned.at,
        });
        Some(later.unwrap_or(pinned))
    }

    /// The instant of an event's next occurrence, if the clock runs on from `now`.
    pub(crate) fn next(&self, index: usize, event: &Event, now: Timestamp) -> Option<Timestamp> {
        let first = self.instant(self.point(index, &event.at)?);
        let next = match (self.last(index, event, now), event.repeat) {
            (None, _) => first,
            (Some(_), None) => return None,
            (Some(last), Some(repeat)) => match self.point(index, &event.at)? {
                TimelinePoint::Offset(_) => self.epoch.plus(millis(last.offset)).plus(repeat),
                TimelinePoint::Instant(_) => last.at.plus(repeat),
            },
        };
        let end = event.until.as_ref().and_then(|until| self.point(index, until));
        let over = next > first && end.is_some_and(|end| next > self.instant(end));
        // A pause delays what has a fixed offset.
        let delay = match self.point(index, &event.at)? {
            TimelinePoint::Offset(_) => now.since(self.effective(now)),
            TimelinePoint::Instant(_) => Duration::ZERO,
        };
        (!over).then(|| next.plus(delay).max(now))
    }

    /// The last occurrence of each event that has occurred, in order; at equal offsets the file's order decides.
    ///
    /// Earlier occurrences of a repeated event are left out: each overwrites the changes of the one before.
    pub(crate) fn occurrences(&self, events: &[impl Borrow<Event>], now: Timestamp) -> Vec<Occurrence> {
        let numbered = events.iter().map(Borrow::borrow).enumerate();
        let last = |(index, event)| self.last(index, event, now).map(|occurrence| (occurrence, index));
        let mut occurrences: Vec<(EventOccurrence, usize)> = numbered.filter_map(last).collect();
        occurrences.sort_by_key(|(occurrence, index)| (occurrence.offset, occurrence.sequence, *index));
        let occurred = |(EventOccurrence { at, offset, .. }, index): (EventOccurrence, usize)| {
            let reached = self.reached(events[index].borrow(), at, offset, now);
            Occurrence { at, index, offset, reached }
        };
        occurrences.into_iter().map(occurred).collect()
    }

    /// Which of an event's occurrences this is: 1 is the first.
    pub(crate) fn number(&self, event: &Event, occurrence: &Occurrence) -> u32 {
        let point = self.point(occurrence.index, &event.at);
        let (Some(repeat), Some(point)) = (event.repeat, point) else { return 1 };
        let passed = match point {
            TimelinePoint::Offset(first) => millis(occurrence.offset.saturating_sub(signed(first))),
            TimelinePoint::Instant(first) => occurrence.at.since(first),
        };
        let before = passed.as_millis() / repeat.as_millis().max(1);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The delays of an event at an occurrence after which something changes, in order.
    fn delays<'e>(&self, event: &'e Event, at: Timestamp) -> impl Iterator<Item = Duration> + 'e {
        let date = self.date(at);
        let refreshes = event.lateness.refreshes.iter().map(move |refresh| until_refresh(date, *refresh));
        event.lateness.stages.iter().copied().chain(refreshes)
    }

    /// The time since an occurrence, on the timeline.
    fn passed(&self, offset: i64, now: Timestamp) -> Duration {
        millis(signed(self.elapsed(now)).saturating_sub(offset))
    }

    /// The last delay of an event that is over.
    fn reached(&self, event: &Event, at: Timestamp, offset: i64, now: Timestamp) -> Duration {
        if event.lateness.is_over_at_once() {
            return Duration::ZERO;
        }
        let passed = self.passed(offset, now);
        self.delays(event, at).filter(|delay| *delay <= passed).max().unwrap_or_default()
    }

    /// The instant of the next delay of an event that is over, if the clock runs on from `now`.
    fn next_delay(&self, index: usize, event: &Event, now: Timestamp) -> Option<Timestamp> {
        if event.lateness.is_over_at_once() {
            return None;
        }
        let last = self.last(index, event, now)?;
        let passed = self.passed(last.offset, now);
        let left = self.delays(event, last.at).filter_map(|delay| delay.checked_sub(passed));
        left.filter(|left| !left.is_zero()).min().map(|left| now.plus(left))
    }

    /// The first instant after `now` at which there may be other occurrences than at `now`, unless the clock is moved.
    pub(crate) fn next_change(&self, events: &[impl Borrow<Event>], now: Timestamp) -> Option<Timestamp> {
        if self.paused.is_some_and(|paused| paused <= now) {
            return None;
        }
        let events = events.iter().map(Borrow::borrow).enumerate();
        let next = |(index, event)| {
            let next = [self.next_computed(index, event, now), self.next_delay(index, event, now)];
            next.into_iter().flatten().min()
        };
        events.filter_map(next).min()
    }
}

/// `to` less `from` in milliseconds.
fn difference(to: Timestamp, from: Timestamp) -> i64 {
    let difference = i128::from(to.as_millis()) - i128::from(from.as_millis());
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

fn shift(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add_signed(millis))
}

fn signed(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn millis(offset: i64) -> Duration {
    Duration::from_millis(u64::try_from(offset).unwrap_or(0))
}

#[cfg(test)]
mod tests;
