//! Waiting for the outside world, with a deadline: the only place of the tests that reads a clock.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the outside world may take for anything, on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// Asks again until there is an answer, or fails after [`DEADLINE`].
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    match poll(DEADLINE, || ask().ok_or_else(|| "it did not happen".to_owned())) {
        Ok((answer, _)) => answer,
        Err(found) => panic!("expected within {DEADLINE:?}: {what}; {found}"),
    }
}

/// Asks again until `check` gives a value, and says how long that took; `Err` is what was found at the end.
#[expect(clippy::disallowed_methods, reason = "a deadline for what runs beside the test")]
pub fn poll<T>(
    limit: Duration,
    mut check: impl FnMut() -> Result<T, String>,
) -> Result<(T, Duration), String> {
    let start = Instant::now();
    loop {
        let asked = start.elapsed();
        match check() {
            Ok(value) => return Ok((value, start.elapsed())),
            Err(found) if asked > limit => return Err(format!("after {asked:.1?}: {found}")),
            Err(_) => sleep(PAUSE),
        }
    }
}
