//! The system's clocks. Everything else takes the time as an argument.
#![expect(clippy::disallowed_methods, reason = "the one place that reads the system's clocks")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

pub(crate) fn now() -> Timestamp {
    // A clock before 1970 is a machine without one; it reads as 1970.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn monotonic() -> Instant {
    Instant::now()
}
