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

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::{Event, EventTime};
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

/// Less is the precision of a step; the clocks are read one after the other.
const SMALLEST_STEP: u64 = 500;
/// Steps that are kept. Each request looks at some.
const MAX_STEPS: usize = 100;

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
    pub(crate) fn starting(now: impl Into<ClockReading>, started: Timestamp) -> Self {
        let (pinned, first_polls) = (BTreeMap::new(), BTreeMap::new());
        let ClockReading { wall, boottime } = now.into();
        let ahead = Some(difference(wall, boottime));
        Self { epoch: wall, loaded: wall, started, paused: None, pinned, first_polls, ahead, steps: vec![] }
    }

    // === The wall clock ===

    /// The instant of a reading on the clock's calendar, whatever the wall clock shows.
    pub(crate) fn now(&self, reading: ClockReading) -> Timestamp {
        match self.ahead {
            Some(ahead) => shift(reading.boottime, ahead),
            None => shift(reading.wall, self.wall_ahead().saturating_neg()),
        }
    }

    /// The date that the wall clock shows, or showed, at an instant.
    pub(crate) fn date(&self, at: Timestamp) -> Timestamp {
        let step = self.steps.iter().rfind(|step| step.at <= at);
        shift(at, step.map_or(0, |step| step.ahead))
    }

    /// The milliseconds by which the wall clock is ahead of the calendar.
    pub(crate) fn wall_ahead(&self) -> i64 {
        self.steps.last().map_or(0, |step| step.ahead)
    }

    /// The clock after somebody set the wall clock; `None` if nobody did.
    pub(crate) fn stepped(&self, reading: ClockReading) -> Option<Self> {
        let at = self.now(reading);
        let ahead = difference(reading.wall, at);
        if ahead.abs_diff(self.wall_ahead()) < SMALLEST_STEP {
            return None;
        }
        let mut clock = self.clone();
        if clock.steps.len() >= MAX_STEPS {
            clock.steps.remove(0);
        }
        clock.steps.push(ClockStep { at, ahead });
        Some(clock)
    }

    /// Whether the reading may be of the boot in which the clock was started, and later.
    pub(crate) fn goes_on_at(&self, reading: ClockReading) -> bool {
        self.ahead.is_some() && self.now(reading) >= self.loaded
    }

    /// The clock of another boot: the wall clock alone tells how much time has passed.
    #[must_use]
    pub(crate) fn after_boot(&self, reading: ClockReading) -> Self {
        let now = Self { ahead: None, ..self.clone() }.now(reading);
        Self { ahead: Some(difference(now, reading.boottime)), ..self.clone() }
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

    // === Moving ===

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

    /// The instant of an offset in milliseconds.
    pub(crate) fn instant_of(&self, offset: i64) -> Timestamp {
        shift(self.epoch, offset)
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

    /// The first instant after `now` at which [`computed`](Self::computed) changes, on a clock that runs.
    fn next_computed(&self, index: usize, event: &Event, now: Timestamp) -> Option<Timestamp> {
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

impl EventOccurrence {
    /// Moves the occurrence to another offset, after all that were moved there before `since`.
    fn move_to(&mut self, offset: i64, since: Timestamp) {
        self.offset = offset;
        if self.sequence == 0 {
            self.sequence = since.as_millis();
        }
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
