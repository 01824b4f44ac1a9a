//! The system's clocks. Everything else takes the time as an argument.
#![expect(clippy::disallowed_methods, reason = "the one place that reads the system's clocks")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::model::{ClockReading, Timestamp};

/// 9999-12-31T23:59:59Z. Formats end there, and sums of later times would, too.
const LATEST: Timestamp = Timestamp::from_secs(253_402_300_799);

pub(crate) fn now() -> Timestamp {
    // A clock before 1970 is a machine without one; it reads as 1970.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)).min(LATEST)
}

/// Whether HTTP has a date for the present time, which the kernel's own clocks never leave. hyper formats one whether it
/// is sent or not, and ends the process where there is none.
pub(crate) fn has_http_date() -> bool {
    is_http_date(SystemTime::now())
}

fn is_http_date(time: SystemTime) -> bool {
    time.duration_since(UNIX_EPOCH).is_ok_and(|since| since.as_secs() <= LATEST.as_secs())
}

/// The time since the boot, suspends included, as if the boot had been in 1970.
pub(crate) fn boottime() -> Timestamp {
    // Every Linux has it. Where something else plays a kernel, the clock that stands still in a suspend has to do.
    let read = clock_gettime(ClockId::CLOCK_BOOTTIME).or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC));
    Timestamp::default().plus(read.map(Duration::from).unwrap_or_default())
}

pub(crate) fn read() -> ClockReading {
    ClockReading { wall: now(), boottime: boottime() }
}

/// The id of this boot, where the kernel's settings are not hidden.
pub(crate) fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_has_dates_from_1970_to_9999() {
        let latest = LATEST.as_secs();
        for (time, expected) in [
            (Some(UNIX_EPOCH), true),
            (UNIX_EPOCH.checked_sub(Duration::from_secs(1)), false),
            (UNIX_EPOCH.checked_add(Duration::from_secs(latest)), true),
            (UNIX_EPOCH.checked_add(Duration::from_secs(latest + 1)), false),
            (UNIX_EPOCH.checked_add(Duration::from_secs(latest + 2)), false),
        ] {
            let time = time.expect("the system's clock has it");
            assert_eq!(is_http_date(time), expected, "{time:?}");
        }
    }

    #[test]
    fn the_system_has_booted() {
        let first = boottime();
        assert!(first > Timestamp::default(), "no machine compiles this in its first millisecond");
        assert!(boottime() >= first && boottime() < now(), "the boot was after 1970");
        let written = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        assert_eq!(boot_id().as_deref(), written.as_deref().map(str::trim));
    }
}
