//! Waiting for the outside world, with a deadline; the only place of these tests that reads a clock.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Asks again and again until `check` gives a value; `Err` is what was found at the end, and after how long.
#[expect(clippy::disallowed_methods, reason = "a deadline for a machine that runs beside the test")]
pub fn until<T>(
    within: Duration,
    mut check: impl FnMut() -> Result<T, String>,
) -> Result<(T, Duration), String> {
    let start = Instant::now();
    loop {
        let asked = start.elapsed();
        match check() {
            Ok(value) => return Ok((value, start.elapsed())),
            Err(found) if asked > within => return Err(format!("after {asked:.1?}: {found}")),
            Err(_) => sleep(Duration::from_millis(10)),
        }
    }
}
