//! The only place of this room where a clock is read.

use std::time::Instant;

/// The time of day in whole seconds, RFC 3339.
pub(super) fn timestamp() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

#[expect(clippy::disallowed_methods, reason = "the guardian's loop is a daemon: its clock starts here")]
pub(super) fn instant() -> Instant {
    Instant::now()
}
