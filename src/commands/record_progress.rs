//! How far the walk through a service is, while it waits.

use std::future::Future;
use std::pin::pin;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::progress::ProgressLine;
use crate::record::Crawl;

#[derive(Debug)]
pub(super) struct Progress {
    ticks: Interval,
    line: ProgressLine,
}

impl Progress {
    /// Needs an event loop.
    pub(super) fn start() -> Self {
        let line = ProgressLine::new();
        let mut ticks = interval(line.interval());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset();
        Self { ticks, line }
    }

    /// Does the work, and shows how far the walk is meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>, crawl: &Crawl) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = self.ticks.tick() => self.line.show(&crawl.progress()),
            }
        }
    }
}
