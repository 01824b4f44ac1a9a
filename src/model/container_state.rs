//! What has changed of one container, by events so far.

use std::time::Duration;

use super::container_change::{ContainerStateChange, EcsStatus};
use super::ecs::ContainerHealth;
use super::time::Timestamp;

/// The changes of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerState {
    /// The outcome of its health check, and since when.
    pub health: Option<(ContainerHealth, Timestamp)>,
    /// The known status, and since when. It is known to have stopped with its task, whatever this says.
    pub known: Option<(EcsStatus, Timestamp)>,
    /// The time of its end, and the exit code.
    pub finished: Option<(Timestamp, u8)>,
    /// Its start; `None`: with the task.
    pub start: Option<ContainerStart>,
    /// The restarts, and the last of them.
    pub restarted: Option<(u32, Timestamp)>,
}

/// The start of a container that did not start with its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerStart {
    /// It has never started.
    NotYet,
    /// It started at this time.
    At(Timestamp),
}

/// The time of a change, and how far it is.
#[derive(Clone, Copy)]
pub(super) struct ChangeTime<'a> {
    /// The date.
    pub(super) at: Timestamp,
    /// The same less the time that the scenario's clock was moved ahead since: what has run from then on has run for longer.
    pub(super) since: Timestamp,
    /// Of its stages all up to this one are over.
    pub(super) reached: Duration,
    /// Which occurrence of its event it is: 1 is the first.
    pub(super) number: u32,
    /// Its offset, in milliseconds.
    pub(super) offset: i64,
    /// The time from one occurrence to the next, if it repeats.
    pub(super) repeat: Option<Duration>,
    /// The date at which a stage is over by the scenario's clock.
    pub(super) over_at: &'a dyn Fn(Duration) -> Timestamp,
}

impl ChangeTime<'_> {
    /// How many occurrences of its event came after an offset: this one is among them.
    pub(super) fn number_after(&self, cleared: Option<i64>) -> u32 {
        let (Some(cleared), Some(repeat)) = (cleared, self.repeat) else { return self.number };
        let passed = self.offset.saturating_sub(cleared).saturating_sub(1).max(0);
        let before = u128::from(passed.unsigned_abs()) / repeat.as_millis().max(1);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1).min(self.number)
    }
}

impl ContainerState {
    /// Makes a change.
    pub(super) fn apply(&mut self, change: &ContainerStateChange, time: ChangeTime<'_>) {
        let ChangeTime { at, since, number, .. } = time;
        match change.known {
            Some(EcsStatus::Pending | EcsStatus::Created) => self.start = Some(ContainerStart::NotYet),
            Some(EcsStatus::Running) if self.finished.is_some() => {
                self.start = Some(ContainerStart::At(since));
            }
            Some(EcsStatus::Running) => self.start_at_last(since),
            Some(EcsStatus::Stopped) | None => {}
        }
        if let Some(known) = change.known {
            self.known = Some((known, at));
            self.finished = (known == EcsStatus::Stopped).then(|| (at, change.exit_code.unwrap_or(0)));
        }
        if change.restarts {
            (self.known, self.finished) = (None, None);
            self.start = Some(ContainerStart::At(since));
            // An event that repeats is applied once, for all its occurrences.
            let count = self.restarted.map_or(0, |(count, _)| count);
            self.restarted = Some((count.saturating_add(number), at));
        }
        if let Some(health) = change.health {
            self.health = Some((health, at));
        }
    }

    /// It runs as its task does again.
    pub(super) fn run(&mut self, at: Timestamp) {
        self.start_at_last(at);
        (self.known, self.finished) = (None, None);
    }

    fn start_at_last(&mut self, at: Timestamp) {
        if self.start == Some(ContainerStart::NotYet) {
            self.start = Some(ContainerStart::At(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Such an event is applied once, for all its occurrences.
    #[test]
    fn of_an_event_that_repeats_the_occurrences_after_a_clear_count() {
        let at = Timestamp::from_secs(1);
        // At 0, 10, 20 and 30.
        let time = ChangeTime {
            at,
            since: at,
            reached: Duration::ZERO,
            number: 4,
            offset: 30,
            repeat: Some(Duration::from_millis(10)),
            over_at: &|_| at,
        };
        for (cleared, expected) in [
            (None, 4),
            (Some(-5), 4),
            (Some(0), 3),
            (Some(9), 3),
            (Some(10), 2),
            (Some(29), 1),
            (Some(30), 1),
        ] {
            assert_eq!(time.number_after(cleared), expected, "cleared at {cleared:?}");
        }
        assert_eq!(ChangeTime { number: 1, repeat: None, ..time }.number_after(Some(0)), 1);
    }
}
