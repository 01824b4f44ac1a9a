//! Points in time and durations, and their text forms. Nothing here reads a clock.

use std::time::Duration;

use jiff::fmt::friendly::{Spacing, SpanPrinter};
use serde::{Deserialize, Serialize};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time at a number of milliseconds since the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The time at a number of seconds since the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The duration since `earlier`; zero if that is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The time after a duration.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// The time before a duration; 1970 at the earliest.
    #[must_use]
    pub(crate) fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The time after a duration, or before if it is negative; 1970 at the earliest.
    #[must_use]
    pub(crate) fn shifted(self, by: jiff::SignedDuration) -> Self {
        let span = by.unsigned_abs();
        if !by.is_negative() {
            return self.plus(span);
        }
        Self(self.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The form of JSON bodies: `2024-01-15T09:30:00Z`, never with fractions (botocore rejects those).
    pub fn rfc3339(self) -> String {
        self.civil().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The form of maintenance events: `2 Jan 2019 09:00:43 GMT`, the day without a leading zero.
    pub fn maintenance_date(self) -> String {
        self.civil().strftime("%-d %b %Y %H:%M:%S GMT").to_string()
    }

    /// The form with milliseconds, for times that are compared: `2024-01-15T09:30:00.250Z`.
    pub(crate) fn rfc3339_millis(self) -> String {
        let whole = self.rfc3339();
        format!("{}.{:03}Z", whole.trim_end_matches('Z'), self.0 % 1000)
    }

    /// The form of headers: `Mon, 15 Jan 2024 09:30:00 GMT`. Source: RFC 9110, 5.6.7.
    pub(crate) fn http_date(self) -> String {
        // Twice in every answer, so without the detour over a format string.
        let at = self.civil();
        let weekday = WEEKDAYS[usize::from(at.weekday().to_monday_zero_offset().unsigned_abs())];
        let month = MONTHS[usize::from(at.month().unsigned_abs()) - 1];
        let (day, year) = (at.day(), at.year());
        format!(
            "{weekday}, {day:02} {month} {year} {:02}:{:02}:{:02} GMT",
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    /// The calendar date and time in UTC; the end of the year 9999 for later times.
    fn civil(self) -> jiff::civil::DateTime {
        let seconds = i64::try_from(self.as_secs()).unwrap_or(i64::MAX);
        let timestamp = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        jiff::tz::Offset::UTC.to_datetime(timestamp)
    }
}

/// Both clocks of the system, read at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock: programs and people set it.
    pub wall: Timestamp,
    /// The time since the boot, as if that had been in 1970. It goes on while the machine is suspended, and nobody sets it.
    pub boottime: Timestamp,
}

impl From<Timestamp> for ClockReading {
    /// The reading of a wall clock that nobody sets.
    fn from(wall: Timestamp) -> Self {
        Self { wall, boottime: wall }
    }
}

impl From<jiff::Timestamp> for Timestamp {
    /// Times before 1970 become 1970.
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(u64::try_from(timestamp.as_millisecond()).unwrap_or(0))
    }
}

/// A duration in the form of scenario files: `1m30s`, `6h`, `0s`; whole milliseconds.
pub fn format_duration(span: Duration) -> String {
    let millis = Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    SpanPrinter::new().spacing(Spacing::None).unsigned_duration_to_string(&millis)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_shift_goes_both_ways_and_stops_at_1970() {
        let time = Timestamp::from_secs(100);
        assert_eq!(time.shifted(SignedDuration::from_secs(30)), Timestamp::from_secs(130));
        assert_eq!(time.shifted(SignedDuration::from_millis(-30_001)), Timestamp::from_millis(69_999));
        assert_eq!(time.shifted(SignedDuration::MIN), Timestamp::from_secs(0));
        assert_eq!(time.shifted(SignedDuration::MAX), Timestamp::from_millis(u64::MAX));
    }

    #[test]
    fn dates_are_written_as_the_service_writes_them() {
        let time = Timestamp::from_millis(1_705_311_000_999);
        assert_eq!(time.rfc3339(), "2024-01-15T09:30:00Z");
        assert_eq!(time.rfc3339_millis(), "2024-01-15T09:30:00.999Z");
        assert_eq!(time.http_date(), "Mon, 15 Jan 2024 09:30:00 GMT");
        assert_eq!(Timestamp::from_millis(u64::MAX).rfc3339(), "9999-12-30T22:00:00Z");
    }

    #[test]
    fn durations_are_written_as_in_scenario_files() {
        let cases = [
            (0, "0s"),
            (250, "250ms"),
            (90_000, "1m30s"),
            (21_600_000, "6h"),
            (90_061_001, "25h1m1s1ms"),
            (u64::MAX, "5124095576030h25m51s615ms"),
        ];
        for (millis, words) in cases {
            assert_eq!(format_duration(Duration::from_millis(millis)), words);
        }
    }
}
