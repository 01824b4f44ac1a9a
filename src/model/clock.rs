//! The scenario's clock: which events have happened by a time, in which order. Pure: nothing waits and nothing ticks.
//!
//! An event has an instant, which its notices show, and a place on the timeline, which decides about the order.
//! While the clock runs both grow together. A seek moves the places to come, and leaves the instants of what has
//! happened: a notice keeps its time. So only the place tells what came before what.
//!
//! | `at` | its place | a seek or a pause moves when it happens |
//! |---|---|---|
//! | after loading, after a first poll | fixed | yes |
//! | after the daemon's start, an instant | where the clock was then | no |

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::{Event, EventTime};
use super::time::Timestamp;

/// Where on the timeline the present is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScenarioClock {
    /// The zero of offsets: when the scenario was loaded, moved by seeks and pauses.
    pub epoch: Timestamp,
    /// When the scenario was loaded. Nothing moves it.
    pub loaded: Timestamp,
    /// When the daemon started.
    pub started: Timestamp,
    /// Since when the clock stands still.
    pub paused: Option<Timestamp>,
    /// What had happened when the clock was last moved, by the event's index: it keeps its instant and its place.
    pub pinned: BTreeMap<usize, EventOccurrence>,
    /// Where on the timeline a client first asked for the path that an event waits for, by the event's index.
    pub first_polls: BTreeMap<usize, Duration>,
}

/// An event's last happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventOccurrence {
    /// Its place on the timeline: milliseconds after the clock's zero, negative before the scenario was loaded.
    pub place: i64,
    /// Its turn among those of that place that were put there by an order or a movement; 0 if it is its own place.
    pub turn: u64,
    /// Its instant.
    pub at: Timestamp,
}

/// One happening of an event: when, and which.
pub(crate) type Occurrence = (Timestamp, usize);

/// What a [`EventTime`] amounts to.
#[derive(Clone, Copy)]
enum TimelinePoint {
    /// So long after the zero of the clock.
    Place(Duration),
    /// At an instant, wherever the clock is.
    Instant(Timestamp),
}

impl ScenarioClock {
    /// A clock that starts at `now`.
    pub(crate) fn starting(now: Timestamp, started: Timestamp) -> Self {
        let (pinned, first_polls) = (BTreeMap::new(), BTreeMap::new());
        Self { epoch: now, loaded: now, started, paused: None, pinned, first_polls }
    }

    /// The time by which events are judged: it stands still while the clock is paused.
    pub(crate) fn effective(&self, now: Timestamp) -> Timestamp {
        self.paused.map_or(now, |paused| paused.min(now))
    }

    /// How far the scenario has come.
    pub(crate) fn elapsed(&self, now: Timestamp) -> Duration {
        self.effective(now).since(self.epoch)
    }

    /// The last time that an event happened, if it has.
    pub(crate) fn last(&self, index: usize, event: &Event, now: Timestamp) -> Option<EventOccurrence> {
        let reckoned = self.reckoned(index, event, now);
        let Some(pinned) = self.pinned.get(&index).copied() else { return reckoned };
        // The same happening, reckoned from another epoch, is no other one.
        let later = reckoned.filter(|reckoned| match self.point(index, &event.at) {
            Some(TimelinePoint::Place(_)) => reckoned.place > pinned.place,
            Some(TimelinePoint::Instant(_)) | None => reckoned.at > pinned.at,
        });
        Some(later.unwrap_or(pinned))
    }

    /// The next time that an event happens, if the clock runs on from `now`.
    pub(crate) fn next(&self, index: usize, event: &Event, now: Timestamp) -> Option<Timestamp> {
        let first = self.instant(self.point(index, &event.at)?);
        let next = match (self.last(index, event, now), event.repeat) {
            (None, _) => first,
            (Some(_), None) => return None,
            (Some(last), Some(repeat)) => match self.point(index, &event.at)? {
                TimelinePoint::Place(_) => self.epoch.plus(millis(last.place)).plus(repeat),
                TimelinePoint::Instant(_) => last.at.plus(repeat),
            },
        };
        let end = event.until.as_ref().and_then(|until| self.point(index, until));
        let over = next > first && end.is_some_and(|end| next > self.instant(end));
        // Standing still puts off what has a place.
        let put_off = match self.point(index, &event.at)? {
            TimelinePoint::Place(_) => now.since(self.effective(now)),
            TimelinePoint::Instant(_) => Duration::ZERO,
        };
        (!over).then(|| next.plus(put_off).max(now))
    }

    /// The last happening of each event that has happened, in order; of equal places the file's order counts.
    ///
    /// Earlier happenings of a repeated event need not be told: each overwrites what the one before did.
    pub(crate) fn occurrences(&self, events: &[impl Borrow<Event>], now: Timestamp) -> Vec<Occurrence> {
        let events = events.iter().map(Borrow::borrow).enumerate();
        let last = |(index, event)| self.last(index, event, now).map(|happening| (happening, index));
        let mut happenings: Vec<(EventOccurrence, usize)> = events.filter_map(last).collect();
        happenings.sort_by_key(|(happening, index)| (happening.place, happening.turn, *index));
        happenings.into_iter().map(|(happening, index)| (happening.at, index)).collect()
    }

    // === Moving ===

    /// The clock after it was moved to a place of the timeline at `now`. What had happened keeps its instant,
    /// unless its place lies behind that one: then it has not happened. What happened at an instant of its own stays.
    #[must_use]
    pub(crate) fn seek(&self, events: &[impl Borrow<Event>], to: Duration, now: Timestamp) -> Self {
        let mut moved = self.pinning(events, now);
        let to = to.min(self.effective(now).since(Timestamp::default()));
        let place =
            self.effective(now).as_millis().saturating_sub(u64::try_from(to.as_millis()).unwrap_or(u64::MAX));
        moved.epoch = Timestamp::from_millis(place);
        moved.first_polls.retain(|_, polled| *polled <= to);
        let to = signed(to);
        let kept = |index: &usize, happening: &mut EventOccurrence| {
            match events.get(*index).map(|event| &event.borrow().at) {
                Some(EventTime::AfterLoad(_) | EventTime::AfterPoll(..)) => return happening.place <= to,
                // What happens again comes after it.
                Some(EventTime::AfterStart(_) | EventTime::At(_)) => {
                    if happening.place > to {
                        happening.put(to, happening.at);
                    }
                }
                None => return false,
            }
            true
        };
        moved.pinned.retain(kept);
        moved
    }

    /// The clock standing still from `now`.
    #[must_use]
    pub(crate) fn pause(&self, now: Timestamp) -> Self {
        Self { paused: self.paused.or(Some(now)), ..self.clone() }
    }

    /// The clock going on at `now` from where it stood. Instants that passed meanwhile come now.
    #[must_use]
    pub(crate) fn resume(&self, events: &[impl Borrow<Event>], now: Timestamp) -> Self {
        let Some(paused) = self.paused else { return self.clone() };
        let mut going = self.pinning(events, now);
        let place = signed(self.elapsed(now));
        going.epoch = self.epoch.plus(now.since(paused));
        going.paused = None;
        for (index, event) in events.iter().map(Borrow::borrow).enumerate() {
            if let Some(TimelinePoint::Instant(_)) = going.point(index, &event.at)
                && let Some(happening) = going.reckoned(index, event, now).filter(|h| h.at > paused)
                && going.pinned.get(&index).is_none_or(|pinned| pinned.at < happening.at)
            {
                let mut late = happening;
                late.put(place, late.at);
                going.pinned.insert(index, late);
            }
        }
        going
    }

    /// The clock after somebody ordered an event at `now`: if its instant has come, it has happened, and after all
    /// that happened before, whether the clock stands still or not.
    #[must_use]
    pub(crate) fn ordered(&self, index: usize, event: &Event, now: Timestamp) -> Self {
        let mut clock = self.clone();
        if let Some(TimelinePoint::Instant(_)) = self.point(index, &event.at)
            && let Some(mut ordered) = (Self { paused: None, ..self.clone() }).reckoned(index, event, now)
        {
            ordered.put(signed(self.elapsed(now)), now);
            clock.pinned.insert(index, ordered);
        }
        clock
    }

    /// The clock after a client asked for the path that these events wait for. Of two clients the first one counts.
    #[must_use]
    pub(crate) fn polled(&self, events: &[usize], now: Timestamp) -> Self {
        let mut clock = self.clone();
        for event in events {
            clock.first_polls.entry(*event).or_insert_with(|| self.elapsed(now));
        }
        clock
    }

    /// The clock for events that have other indices; those without one have not happened.
    #[must_use]
    pub(crate) fn renumbered(&self, index: impl Fn(usize) -> Option<usize>) -> Self {
        let mut clock = self.clone();
        clock.pinned = self.pinned.iter().filter_map(|(old, pin)| Some((index(*old)?, *pin))).collect();
        clock.first_polls =
            self.first_polls.iter().filter_map(|(old, at)| Some((index(*old)?, *at))).collect();
        clock
    }

    /// What has happened keeps its instant and its place.
    fn pinning(&self, events: &[impl Borrow<Event>], now: Timestamp) -> Self {
        let mut clock = self.clone();
        let last = |(index, event)| self.last(index, event, now).map(|happening| (index, happening));
        clock.pinned = events.iter().map(Borrow::borrow).enumerate().filter_map(last).collect();
        clock
    }

    // === Reckoning ===

    fn point(&self, index: usize, when: &EventTime) -> Option<TimelinePoint> {
        Some(match when {
            EventTime::AfterLoad(span) => TimelinePoint::Place(*span),
            EventTime::AfterPoll(_, span) => {
                TimelinePoint::Place(self.first_polls.get(&index)?.saturating_add(*span))
            }
            EventTime::AfterStart(span) => TimelinePoint::Instant(self.started.plus(*span)),
            EventTime::At(instant) => TimelinePoint::Instant(*instant),
        })
    }

    fn instant(&self, point: TimelinePoint) -> Timestamp {
        match point {
            TimelinePoint::Place(place) => self.epoch.plus(place),
            TimelinePoint::Instant(instant) => instant,
        }
    }

    /// The last happening by the present epoch alone.
    fn reckoned(&self, index: usize, event: &Event, now: Timestamp) -> Option<EventOccurrence> {
        let now = self.effective(now);
        let first = self.instant(self.point(index, &event.at)?);
        if first > now {
            return None;
        }
        let at = match event.repeat {
            None => first,
            Some(repeat) => {
                let until = event.until.as_ref().and_then(|until| self.point(index, until));
                let end = until.map_or(now, |until| self.instant(until).min(now));
                let period = u64::try_from(repeat.as_millis()).unwrap_or(u64::MAX).max(1);
                let times = u64::try_from(end.since(first).as_millis()).unwrap_or(u64::MAX) / period;
                Timestamp::from_millis(first.as_millis() + times * period)
            }
        };
        let place = at.as_millis().cast_signed().saturating_sub(self.epoch.as_millis().cast_signed());
        Some(EventOccurrence { place, turn: 0, at })
    }
}

impl EventOccurrence {
    /// Puts it to another place, after all that came there before `since`.
    fn put(&mut self, place: i64, since: Timestamp) {
        self.place = place;
        if self.turn == 0 {
            self.turn = since.as_millis();
        }
    }
}

fn signed(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn millis(place: i64) -> Duration {
    Duration::from_millis(u64::try_from(place).unwrap_or(0))
}

#[cfg(test)]
mod tests;
