//! How fast to restore what is removed again and again: at once the first time, never faster than somebody
//! who fights, at most a second late.

use std::time::Duration;

/// A removal this long after the last restoration is a new story.
const CALM: Duration = Duration::from_secs(10);

/// How long after a restoration the next one may come, by how many there were in a row.
const DELAYS_MS: [u64; 7] = [0, 50, 100, 200, 400, 800, 1000];

/// Restorations in a row.
#[derive(Debug, Default)]
pub(super) struct RestoreBackoff {
    last: Option<Duration>,
    row: usize,
}

/// What to tell about a restoration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogDecision {
    /// What happened.
    It,
    /// What happened, and that it goes on and on.
    Fight,
    /// Nothing: a minute of it makes one line.
    Nothing,
}

impl RestoreBackoff {
    /// Notes a restoration. Times are since some fixed instant.
    pub(super) fn restored(&mut self, now: Duration) -> LogDecision {
        let goes_on = self.last.is_some_and(|last| now.saturating_sub(last) < CALM);
        self.row = if goes_on { self.row + 1 } else { 0 };
        self.last = Some(now);
        match self.row.checked_sub(DELAYS_MS.len() - 1) {
            None => LogDecision::It,
            Some(over) if over % 60 == 0 => LogDecision::Fight,
            Some(_) => LogDecision::Nothing,
        }
    }

    /// When the next restoration may come.
    pub(super) fn not_before(&self) -> Duration {
        let delay = DELAYS_MS[self.row.min(DELAYS_MS.len() - 1)];
        // The first of a row has no wait behind it; the second one waits.
        self.last.map_or(Duration::ZERO, |last| last + Duration::from_millis(delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_removal_is_restored_at_once() {
        let mut patience = RestoreBackoff::default();
        for minute in 1..5 {
            let now = Duration::from_secs(60 * minute);
            assert!(patience.not_before() <= now);
            assert_eq!(patience.restored(now), LogDecision::It);
        }
    }

    #[test]
    fn a_fight_slows_down_to_one_a_second_and_one_line_a_minute() {
        let mut patience = RestoreBackoff::default();
        let mut now = Duration::from_secs(1);
        let mut said = Vec::new();
        for _ in 0..200 {
            now = now.max(patience.not_before());
            said.push(patience.restored(now));
        }
        assert!(now > Duration::from_secs(190), "200 restorations took {now:?}");
        assert_eq!(patience.not_before(), now + Duration::from_secs(1));
        assert_eq!(said.iter().filter(|say| **say == LogDecision::It).count(), 6);
        assert_eq!(said.iter().filter(|say| **say == LogDecision::Fight).count(), 4);
    }

    #[test]
    fn calm_ends_the_fight() {
        let mut patience = RestoreBackoff::default();
        for tenth in 0..50 {
            patience.restored(Duration::from_millis(100 * tenth));
        }
        let later = Duration::from_mins(1);
        assert_eq!(patience.restored(later), LogDecision::It);
        assert_eq!(patience.not_before(), later);
    }
}
