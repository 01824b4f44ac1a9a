//! The times at which requests may be sent. Time is an argument.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::model::{Accepted, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(f64);

impl FromStr for Rate {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        const ACCEPTED: Accepted = Accepted("requests a second, from 0.1 to 1000");
        let rate = text.parse::<f64>().map_err(|_| ACCEPTED)?;
        if (0.1..=1000.0).contains(&rate) { Ok(Self(rate)) } else { Err(ACCEPTED) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The pause after the first refusal; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, whatever the service asks for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The time at which the next request may be sent.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    next: Timestamp,
}

impl Pace {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / rate.0), next: Timestamp::default() }
    }

    pub(crate) fn wait(&self, now: Timestamp) -> Duration {
        self.next.since(now)
    }

    pub(crate) fn request_sent(&mut self, now: Timestamp) {
        self.next = now.plus(self.interval);
    }

    /// Puts the next request off by this much at least.
    pub(super) fn pause(&mut self, span: Duration, now: Timestamp) {
        self.next = self.next.max(now.plus(span));
    }

    /// Pauses after the nth failure in a row, counted from 1; the service may ask for more.
    pub(crate) fn back_off(&mut self, nth: u32, retry_after: Option<Duration>, now: Timestamp) {
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(nth.saturating_sub(1)));
        let pause = retry_after.unwrap_or(Duration::ZERO).max(doubled).min(LONGEST_PAUSE);
        self.pause(pause, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1000);

    #[test]
    fn requests_keep_their_distance() {
        let mut pace = Pace::new("5".parse().expect("a rate"));
        assert_eq!(pace.wait(START), Duration::ZERO);
        pace.request_sent(START);
        assert_eq!(pace.wait(START), Duration::from_millis(200));
        assert_eq!(pace.wait(START.plus(Duration::from_millis(150))), Duration::from_millis(50));
        assert_eq!(pace.wait(START.plus(Duration::from_secs(9))), Duration::ZERO);
    }

    #[test]
    fn pauses_double_and_follow_the_service_within_bounds() {
        for (nth, retry_after, seconds) in [
            (1, None, 1),
            (2, None, 2),
            (4, None, 8),
            (1, Some(7), 7),
            (4, Some(1), 8),
            (1, Some(9999), 60),
            (40, None, 60),
        ] {
            let mut pace = Pace::new("1000".parse().expect("a rate"));
            pace.request_sent(START);
            pace.back_off(nth, retry_after.map(Duration::from_secs), START);
            assert_eq!(
                pace.wait(START),
                Duration::from_secs(seconds),
                "attempt {nth}, Retry-After {retry_after:?}"
            );
        }
    }

    #[test]
    fn rates_have_bounds() {
        for (text, accepted) in [
            ("5", true),
            ("0.1", true),
            ("1000", true),
            ("0", false),
            ("1001", false),
            ("NaN", false),
            ("x", false),
        ] {
            assert_eq!(text.parse::<Rate>().is_ok(), accepted, "{text}");
        }
    }
}
