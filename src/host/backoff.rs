//! The pace of restorations when another program removes something repeatedly: at once the first time, then with growing
//! delays of at most a second.

use std::time::Duration;

/// A removal this long after the last restoration starts a new series.
const QUIET_PERIOD: Duration = Duration::from_secs(10);

/// Delay between a restoration and the next one, by the number of consecutive ones.
const DELAYS_MS: [u64; 7] = [0, 50, 100, 200, 400, 800, 1000];

#[derive(Debug, Default)]
pub(super) struct RestoreBackoff {
    last: Option<Duration>,
    consecutive: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogDecision {
    Log,
    LogRepeated,
    /// One line a minute is enough.
    Skip,
}

impl RestoreBackoff {
    /// Records a restoration. Times are since some fixed instant.
    pub(super) fn record(&mut self, now: Duration) -> LogDecision {
        let continues = self.last.is_some_and(|last| now.saturating_sub(last) < QUIET_PERIOD);
        self.consecutive = if continues { self.consecutive + 1 } else { 0 };
        self.last = Some(now);
        match self.consecutive.checked_sub(DELAYS_MS.len() - 1) {
            None => LogDecision::Log,
            Some(over) if over % 60 == 0 => LogDecision::LogRepeated,
            Some(_) => LogDecision::Skip,
        }
    }

    /// The earliest time of the next restoration.
    pub(super) fn earliest_next(&self) -> Duration {
        let delay = DELAYS_MS[self.consecutive.min(DELAYS_MS.len() - 1)];
        // After the first of a series there is no delay; the second one waits.
        self.last.map_or(Duration::ZERO, |last| last + Duration::from_millis(delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_removal_is_restored_at_once() {
        let mut backoff = RestoreBackoff::default();
        for minute in 1..5 {
            let now = Duration::from_secs(60 * minute);
            assert!(backoff.earliest_next() <= now);
            assert_eq!(backoff.record(now), LogDecision::Log);
        }
    }

    #[test]
    fn repeated_removal_slows_down_to_one_a_second_and_one_line_a_minute() {
        let mut backoff = RestoreBackoff::default();
        let mut now = Duration::from_secs(1);
        let mut decisions = Vec::new();
        for _ in 0..200 {
            now = now.max(backoff.earliest_next());
            decisions.push(backoff.record(now));
        }
        assert!(now > Duration::from_secs(190), "200 restorations took {now:?}");
        assert_eq!(backoff.earliest_next(), now + Duration::from_secs(1));
        assert_eq!(decisions.iter().filter(|decision| **decision == LogDecision::Log).count(), 6);
        assert_eq!(decisions.iter().filter(|decision| **decision == LogDecision::LogRepeated).count(), 4);
    }

    #[test]
    fn a_quiet_period_starts_again() {
        let mut backoff = RestoreBackoff::default();
        for tenth in 0..50 {
            backoff.record(Duration::from_millis(100 * tenth));
        }
        let mut at_its_end = RestoreBackoff { last: backoff.last, consecutive: backoff.consecutive };
        let end = Duration::from_millis(4900) + QUIET_PERIOD;
        at_its_end.record(end);
        assert_eq!(at_its_end.earliest_next(), end, "the period is over");
        let later = Duration::from_mins(1);
        assert_eq!(backoff.record(later), LogDecision::Log);
        assert_eq!(backoff.earliest_next(), later);
    }
}
