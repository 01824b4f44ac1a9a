//! The scenario's clock: which events have occurred by a time, and in which order. Pure: nothing waits, nothing ticks.
//!
//! An occurrence has an instant, which its notices show, and an offset on the timeline, which decides the order.
//! While the clock runs both grow together. A seek moves the offsets to come, but not the instants of past
//! occurrences: a notice keeps its time. So only offsets tell which of two occurrences was first.
//!
//! | time of the event | offset | moved by a seek or a pause |
//! |---|---|---|
//! | after loading, after a first poll | fixed | yes |
//! | after the daemon's start, an instant | the clock's offset at that instant | no |

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::{Event, EventTime};
use super::time::Timestamp;

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

/// An occurrence of an event: its instant, and the index of the event.
pub(crate) type Occurrence = (Timestamp, usize);

/// The point that an [`EventTime`] resolves to.
#[derive(Clone, Copy)]
enum TimelinePoint {
    /// An offset from the clock's epoch.
    Offset(Duration),
    /// An instant, whatever the clock's offset is then.
    Instant(Timestamp),
}

impl ScenarioClock {
    /// A clock that starts at `now`.
    pub(crate) fn starting(now: Timestamp, started: Timestamp) -> Self {
        let (pinned, first_polls) = (BTreeMap::new(), BTreeMap::new());
        Self { epoch: now, loaded: now, started, paused: None, pinned, first_polls }
    }

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
    pub(crate) fn occurrences(&self, events: &[Event], now: Timestamp) -> Vec<Occurrence> {
        let last = |(index, event)| self.last(index, event, now).map(|occurrence| (occurrence, index));
        let mut occurrences: Vec<(EventOccurrence, usize)> =
            events.iter().enumerate().filter_map(last).collect();
        occurrences.sort_by_key(|(occurrence, index)| (occurrence.offset, occurrence.sequence, *index));
        occurrences.into_iter().map(|(occurrence, index)| (occurrence.at, index)).collect()
    }

    // === Moving ===

    /// The clock after a seek to an offset at `now`. Past occurrences keep their instants, unless their offset lies
    /// after the new one: those have not happened yet. Occurrences at instants of their own stay.
    #[must_use]
    pub(crate) fn seek(&self, events: &[Event], to: Duration, now: Timestamp) -> Self {
        let mut moved = self.pinning(events, now);
        let to = to.min(self.effective(now).since(Timestamp::default()));
        let epoch =
            self.effective(now).as_millis().saturating_sub(u64::try_from(to.as_millis()).unwrap_or(u64::MAX));
        moved.epoch = Timestamp::from_millis(epoch);
        moved.first_polls.retain(|_, polled| *polled <= to);
        let to = signed(to);
        let stays = |index: &usize, occurrence: &mut EventOccurrence| {
            match events.get(*index).map(|event| &event.at) {
                Some(EventTime::AfterLoad(_) | EventTime::AfterPoll(..)) => return occurrence.offset <= to,
                // Events that occur again after the seek come after this one.
                Some(EventTime::AfterStart(_) | EventTime::At(_)) => {
                    if occurrence.offset > to {
                        occurrence.move_to(to, occurrence.at);
                    }
                }
                None => return false,
            }
            true
        };
        moved.pinned.retain(stays);
        moved
    }

    /// The clock paused at `now`.
    #[must_use]
    pub(crate) fn pause(&self, now: Timestamp) -> Self {
        Self { paused: self.paused.or(Some(now)), ..self.clone() }
    }

    /// The clock resumed at `now` from its offset. Events whose instants passed meanwhile occur now.
    #[must_use]
    pub(crate) fn resume(&self, events: &[Event], now: Timestamp) -> Self {
        let Some(paused) = self.paused else { return self.clone() };
        let mut resumed = self.pinning(events, now);
        let offset = signed(self.elapsed(now));
        resumed.epoch = self.epoch.plus(now.since(paused));
        resumed.paused = None;
        for (index, event) in events.iter().enumerate() {
            if let Some(TimelinePoint::Instant(_)) = resumed.point(index, &event.at)
                && let Some(occurrence) = resumed.computed(index, event, now).filter(|o| o.at > paused)
                && resumed.pinned.get(&index).is_none_or(|pinned| pinned.at < occurrence.at)
            {
                let mut late = occurrence;
                late.move_to(offset, late.at);
                resumed.pinned.insert(index, late);
            }
        }
        resumed
    }

    /// The clock after an operator ordered an event at `now`: if the event's instant has come, it has occurred, and
    /// after all earlier occurrences, whether the clock is paused or not.
    #[must_use]
    pub(crate) fn ordered(&self, index: usize, event: &Event, now: Timestamp) -> Self {
        let mut clock = self.clone();
        if let Some(TimelinePoint::Instant(_)) = self.point(index, &event.at)
            && let Some(mut ordered) = (Self { paused: None, ..self.clone() }).computed(index, event, now)
        {
            ordered.move_to(signed(self.elapsed(now)), now);
            clock.pinned.insert(index, ordered);
        }
        clock
    }

    /// The clock after a request for the path that these events wait for. Later requests change nothing.
    #[must_use]
    pub(crate) fn polled(&self, events: &[usize], now: Timestamp) -> Self {
        let mut clock = self.clone();
        for event in events {
            clock.first_polls.entry(*event).or_insert_with(|| self.elapsed(now));
        }
        clock
    }

    /// The clock for events with other indices; an event without a new index has not occurred.
    #[must_use]
    pub(crate) fn renumbered(&self, index: impl Fn(usize) -> Option<usize>) -> Self {
        let mut clock = self.clone();
        clock.pinned = self.pinned.iter().filter_map(|(old, pin)| Some((index(*old)?, *pin))).collect();
        clock.first_polls =
            self.first_polls.iter().filter_map(|(old, at)| Some((index(*old)?, *at))).collect();
        clock
    }

    /// The clock with all past occurrences pinned: they keep instant and offset.
    fn pinning(&self, events: &[Event], now: Timestamp) -> Self {
        let mut clock = self.clone();
        let last = |(index, event)| self.last(index, event, now).map(|occurrence| (index, occurrence));
        clock.pinned = events.iter().enumerate().filter_map(last).collect();
        clock
    }

    // === Computing ===

    fn point(&self, index: usize, when: &EventTime) -> Option<TimelinePoint> {
        Some(match when {
            EventTime::AfterLoad(span) => TimelinePoint::Offset(*span),
            EventTime::AfterPoll(_, span) => {
                TimelinePoint::Offset(self.first_polls.get(&index)?.saturating_add(*span))
            }
            EventTime::AfterStart(span) => TimelinePoint::Instant(self.started.plus(*span)),
            EventTime::At(instant) => TimelinePoint::Instant(*instant),
        })
    }

    fn instant(&self, point: TimelinePoint) -> Timestamp {
        match point {
            TimelinePoint::Offset(offset) => self.epoch.plus(offset),
            TimelinePoint::Instant(instant) => instant,
        }
    }

    /// The last occurrence by the present epoch alone.
    fn computed(&self, index: usize, event: &Event, now: Timestamp) -> Option<EventOccurrence> {
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
        let offset = at.as_millis().cast_signed().saturating_sub(self.epoch.as_millis().cast_signed());
        Some(EventOccurrence { offset, sequence: 0, at })
    }
}

impl EventOccurrence {
    /// Moves the occurrence to another offset, after all that were moved there before `since`.
    fn move_to(&mut self, offset: i64, since: Timestamp) {
        self.offset = offset;
        if self.sequence == 0 {
            self.sequence = since.as_millis();
        }
    }
}

fn signed(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn millis(offset: i64) -> Duration {
    Duration::from_millis(u64::try_from(offset).unwrap_or(0))
}

#[cfg(test)]
mod tests;
