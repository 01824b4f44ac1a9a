//! Notices that somebody sets the wall clock: `TFD_TIMER_CANCEL_ON_SET` of `timerfd_create(2)`.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::unistd::read;
use tokio::io::unix::AsyncFd;

/// A timer that nobody waits for: its end is beyond every date.
const NEVER: i64 = i64::MAX >> 1;

/// The watch on the wall clock.
pub(super) struct WallClock {
    /// Without one, a step is noticed at the next order.
    timer: Option<AsyncFd<OwnedFd>>,
}

impl WallClock {
    pub(super) fn watch() -> Self {
        let timer = timer().inspect_err(|error| {
            tracing::debug!("steps of the wall clock are noticed at the next order only: {error}");
        });
        Self { timer: timer.ok() }
    }

    /// Waits until somebody sets the wall clock.
    pub(super) async fn set(&mut self) {
        loop {
            let Some(timer) = &self.timer else { return std::future::pending().await };
            let Ok(mut ready) = timer.readable().await else {
                self.timer = None;
                continue;
            };
            match read(timer.get_ref(), &mut [0; 8]) {
                Err(Errno::ECANCELED) => {
                    ready.clear_ready();
                    return;
                }
                Err(Errno::EAGAIN | Errno::EINTR) => ready.clear_ready(),
                // It has ended after all, or something is wrong with it: it would be readable for ever.
                Ok(_) | Err(_) => self.timer = None,
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "its successor is unsafe; an OwnedFd keeps its descriptor open, which that one asks for"
)]
fn timer() -> std::io::Result<AsyncFd<OwnedFd>> {
    let timer = TimerFd::new(ClockId::CLOCK_REALTIME, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
    let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
    timer.set(Expiration::OneShot(TimeSpec::new(NEVER, 0)), flags)?;
    AsyncFd::new(timer.into())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use super::*;

    /// No test sets the clock. The kernel tells what it was asked for: 1 is `TFD_TIMER_ABSTIME`, 2 is
    /// `TFD_TIMER_CANCEL_ON_SET`.
    #[tokio::test]
    async fn the_timer_ends_when_somebody_sets_the_clock() {
        let timer = timer().expect("each kernel has them");
        let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", timer.as_raw_fd()));
        let about = about.expect("it is open");
        assert!(about.lines().any(|line| line == "settime flags: 03"), "{about}");
        let flags = about.lines().find_map(|line| line.strip_prefix("flags:")).expect("each file has some");
        let flags = i32::from_str_radix(flags.trim(), 8).expect("octal digits");
        for (name, flag) in [("O_NONBLOCK", libc::O_NONBLOCK), ("O_CLOEXEC", libc::O_CLOEXEC)] {
            assert!(flags & flag != 0, "expected {name}, found {flags:o}");
        }
    }
}
