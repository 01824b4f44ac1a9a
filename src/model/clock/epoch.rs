//! What follows from the clock's epoch alone: points of the timeline, their instants, and the occurrences beside a time.

use super::{EventOccurrence, ScenarioClock, TimelinePoint, shift};
use crate::model::event::{Event, EventTime};
use crate::model::time::Timestamp;

impl ScenarioClock {
    pub(super) fn point(&self, index: usize, when: &EventTime) -> Option<TimelinePoint> {
        Some(match when {
            EventTime::AfterLoad(span) => TimelinePoint::Offset(*span),
            EventTime::AfterPoll(_, span) => {
                TimelinePoint::Offset(self.first_polls.get(&index)?.saturating_add(*span))
            }
            EventTime::AfterStart(span) => TimelinePoint::Instant(self.started.plus(*span)),
            EventTime::At(instant) => TimelinePoint::Instant(*instant),
        })
    }

    /// The instant of an offset in milliseconds.
    pub(crate) fn instant_of(&self, offset: i64) -> Timestamp {
        shift(self.epoch, offset)
    }

    pub(super) fn instant(&self, point: TimelinePoint) -> Timestamp {
        match point {
            TimelinePoint::Offset(offset) => self.epoch.plus(offset),
            TimelinePoint::Instant(instant) => instant,
        }
    }

    /// The last occurrence by the present epoch alone.
    pub(super) fn computed(&self, index: usize, event: &Event, now: Timestamp) -> Option<EventOccurrence> {
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

    /// The first instant after `now` at which [`computed`](Self::computed) changes, on a clock that runs.
    pub(super) fn next_computed(&self, index: usize, event: &Event, now: Timestamp) -> Option<Timestamp> {
        let first = self.instant(self.point(index, &event.at)?);
        if first > now {
            return Some(first);
        }
        let period = u64::try_from(event.repeat?.as_millis()).unwrap_or(u64::MAX).max(1);
        let times = (now.as_millis() - first.as_millis()) / period;
        let next = Timestamp::from_millis(
            first.as_millis().saturating_add(times.saturating_add(1).saturating_mul(period)),
        );
        let until = event.until.as_ref().and_then(|until| self.point(index, until));
        until.is_none_or(|until| next <= self.instant(until)).then_some(next)
    }
}
