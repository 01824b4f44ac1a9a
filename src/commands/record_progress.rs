//! A sign of life while a service is recorded: on a terminal a line that is redrawn, else a line now and then.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::print::warn;
use crate::record::Crawl;

const REDRAWN_EVERY: Duration = Duration::from_secs(1);
const PRINTED_EVERY: Duration = Duration::from_secs(5);
/// A longer line would be wrapped, and only its end erased.
const COLUMNS: usize = 79;
/// Back to the first column, and erase the line.
const ERASE: &str = "\r\x1b[K";

#[derive(Debug)]
pub(super) struct Progress {
    ticks: Interval,
    on_terminal: bool,
    drawn: bool,
}

impl Progress {
    /// Needs an event loop.
    pub(super) fn start() -> Self {
        let on_terminal = io::stderr().is_terminal();
        let mut ticks = interval(if on_terminal { REDRAWN_EVERY } else { PRINTED_EVERY });
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset();
        Self { ticks, on_terminal, drawn: false }
    }

    /// Does the work, and shows how far the walk is meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>, crawl: &Crawl) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = self.ticks.tick() => self.show(&crawl.progress()),
            }
        }
    }

    fn show(&mut self, line: &str) {
        if self.on_terminal {
            self.drawn = true;
            let line: String = line.chars().take(COLUMNS).collect();
            let _ = write!(io::stderr(), "{ERASE}{line}");
        } else {
            warn(line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn {
            let _ = write!(io::stderr(), "{ERASE}");
        }
    }
}
