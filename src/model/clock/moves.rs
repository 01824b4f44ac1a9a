//! Moves of the clock: seeks and pauses, and what is ordered or polled. Each gives another clock; this one stays.

use std::borrow::Borrow;
use std::time::Duration;

use super::{EventOccurrence, ScenarioClock, TimelinePoint, signed};
use crate::model::event::{Event, EventTime};
use crate::model::time::Timestamp;

impl ScenarioClock {
    /// The clock after a seek to an offset at `now`. Past occurrences keep their instants, unless their offset lies
    /// after the new one: those have not happened yet. Occurrences at instants of their own stay.
    #[must_use]
    pub(crate) fn seek(&self, events: &[impl Borrow<Event>], to: Duration, now: Timestamp) -> Self {
        let mut moved = self.pinning(events, now);
        let to = to.min(self.effective(now).since(Timestamp::default()));
        let epoch =
            self.effective(now).as_millis().saturating_sub(u64::try_from(to.as_millis()).unwrap_or(u64::MAX));
        moved.epoch = Timestamp::from_millis(epoch);
        moved.first_polls.retain(|_, polled| *polled <= to);
        let to = signed(to);
        let stays = |index: &usize, occurrence: &mut EventOccurrence| {
            match events.get(*index).map(|event| &event.borrow().at) {
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
    pub(crate) fn resume(&self, events: &[impl Borrow<Event>], now: Timestamp) -> Self {
        let Some(paused) = self.paused else { return self.clone() };
        let mut resumed = self.pinning(events, now);
        let offset = signed(self.elapsed(now));
        resumed.epoch = self.epoch.plus(now.since(paused));
        resumed.paused = None;
        for (index, event) in events.iter().map(Borrow::borrow).enumerate() {
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
    fn pinning(&self, events: &[impl Borrow<Event>], now: Timestamp) -> Self {
        let mut clock = self.clone();
        let last = |(index, event)| self.last(index, event, now).map(|occurrence| (index, occurrence));
        clock.pinned = events.iter().map(Borrow::borrow).enumerate().filter_map(last).collect();
        clock
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
