//! The watchdog of the service manager: told that the writer is alive, also while it waits for what it computes.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::notify;

/// Work that takes longer has failed: the manager may restart the service.
const LONGEST_WORK: Duration = Duration::from_mins(1);

pub(super) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// The watchdog that the manager asks for, if it does.
    pub(super) fn from_env() -> Self {
        Self::every(notify::watchdog_interval())
    }

    fn every(time: Option<Duration>) -> Self {
        Self(time.map(|time| {
            let mut ticks = interval(time);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        }))
    }

    /// Waits for the next time to notify the manager, and does so; for ever without a watchdog.
    pub(super) async fn notify(&mut self) {
        match &mut self.0 {
            Some(ticks) => {
                ticks.tick().await;
                notify::watchdog();
            }
            None => std::future::pending().await,
        }
    }

    /// Notifies the manager while something is done that has an end.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let (mut work, begun) = (pin!(work), Instant::now());
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.notify(), if begun.elapsed() < LONGEST_WORK => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn the_manager_is_notified_while_something_is_done() {
        let mut watchdog = Watchdog::every(Some(Duration::from_millis(1)));
        let mut polls = 0;
        // Nothing but the watchdog wakes this task.
        let work = poll_fn(|_| {
            polls += 1;
            if polls > 5 { Poll::Ready("done") } else { Poll::Pending }
        });
        assert_eq!(watchdog.during(work).await, "done");
        assert_eq!(polls, 6, "once at first, and after each notification");
    }

    #[tokio::test]
    async fn without_a_watchdog_work_is_done_too() {
        assert_eq!(Watchdog::every(None).during(async { 7 }).await, 7);
    }
}
