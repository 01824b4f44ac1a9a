//! Steps of the wall clock: they move no event, and are kept for the dates that are written.

use super::{ClockStep, ScenarioClock, difference, shift};
use crate::model::time::{ClockReading, Timestamp};

/// Less is the precision of a step; the clocks are read one after the other.
const SMALLEST_STEP: u64 = 500;
/// Steps that are kept. Each request looks at some.
pub(super) const MAX_STEPS: usize = 100;

impl ScenarioClock {
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
}
