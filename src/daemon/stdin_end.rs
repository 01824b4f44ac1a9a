//! The end of the standard input ends the server: whoever started it with a pipe leaves none behind, however it ends.

use std::io;
use std::os::fd::AsFd;
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::unistd::read;

use crate::exit::{ExitStatus, Failure};

/// From now on the end of the standard input is a SIGTERM. To be called when that has its handler.
pub(super) fn terminate_at_end() -> Result<(), Failure> {
    let until_end = || {
        // In the background of a terminal a read would stop the process, serving and all; blocked, it is an error.
        let _ = SigSet::from(Signal::SIGTTIN).thread_block();
        wait_for_end(io::stdin());
        tracing::info!("the standard input has ended");
        // It ends this process as it does from outside, whatever the process does now.
        let _ = raise(Signal::SIGTERM);
    };
    thread::Builder::new().name("stdin".into()).spawn(until_end).map(drop).map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("cannot watch the standard input: {error}"))
    })
}

/// Reads, and forgets, to the end. What cannot be read has none that could be seen, and counts as ended.
fn wait_for_end(input: impl AsFd) {
    let mut bytes = [0; 512];
    loop {
        match read(&input, &mut bytes) {
            Ok(0) => return,
            Ok(_) | Err(Errno::EINTR) => {}
            // Whoever shares it with us may have made it non-blocking.
            Err(Errno::EAGAIN) => {
                let mut readable = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
                if poll(&mut readable, PollTimeout::NONE).is_err_and(|error| error != Errno::EINTR) {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use nix::fcntl::OFlag;
    use nix::sys::signal::{SigEvent, SigevNotify};
    use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
    use nix::time::ClockId;
    use nix::unistd::{gettid, pipe2, write};

    use super::*;

    /// It interrupts the wait for a non-blocking pipe.
    #[test]
    fn a_signal_is_no_end() {
        let came = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(libc::SIGUSR1, Arc::clone(&came)).expect("a signal that may be handled");
        let (input, to) = pipe2(OFlag::O_NONBLOCK).expect("descriptors are left");
        let (tell, thread) = channel();
        let reader = thread::spawn(move || {
            tell.send(gettid()).expect("the test listens");
            wait_for_end(input);
        });
        let thread_id = thread.recv().expect("it begins").as_raw();
        let notify = SigevNotify::SigevThreadId { signal: Signal::SIGUSR1, thread_id, si_value: 0 };
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notify)).expect("a timer is left");
        let each = Expiration::Interval(Duration::from_millis(1).into());
        timer.set(each, TimerSetTimeFlags::empty()).expect("a span");
        // The first ones may come before it waits.
        for _ in 0..20 {
            while !came.swap(false, Ordering::SeqCst) {
                assert!(!reader.is_finished(), "it ended at a signal");
                thread::yield_now();
            }
        }
        drop(timer);
        drop(to);
        reader.join().expect("it ends");
    }

    #[test]
    fn what_is_written_is_no_end_and_a_non_blocking_pipe_is_waited_for() {
        let (input, to) = pipe2(OFlag::O_NONBLOCK).expect("descriptors are left");
        let reader = thread::spawn(|| wait_for_end(input));
        for _ in 0..100 {
            // It fails when the other end is closed, or when nobody has read for 64 KiB.
            write(&to, b"x\n").expect("the reader goes on");
            thread::yield_now();
        }
        assert!(!reader.is_finished(), "it ended before the end");
        drop(to);
        reader.join().expect("it ends");
    }
}
