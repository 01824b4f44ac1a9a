//! Times in which clients may fail, because the test broke something.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How soon everything must work again after what was broken works again: a connection may have waited that long for
/// its SYN to be repeated.
const SETTLED: Duration = Duration::from_secs(3);

/// One of these times, from the deed until it was mended.
struct Window {
    what: &'static str,
    from: Instant,
    until: Option<Instant>,
}

#[derive(Default)]
pub struct Disturbances {
    windows: Mutex<Vec<Window>>,
}

impl Disturbances {
    /// Breaks something, mends it, and remembers when.
    pub fn during<T>(&self, what: &'static str, deed: impl FnOnce() -> T) -> T {
        let number = {
            let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
            windows.push(Window { what, from: Instant::now(), until: None });
            windows.len() - 1
        };
        let done = deed();
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)[number].until = Some(Instant::now());
        done
    }

    /// What was broken between these instants.
    pub fn between(&self, from: Instant, until: Instant) -> Option<&'static str> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let overlaps = |window: &&Window| {
            window.from <= until && window.until.is_none_or(|mended| from <= mended + SETTLED)
        };
        windows.iter().rev().find(overlaps).map(|window| window.what)
    }
}
