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
    use nix::fcntl::OFlag;
    use nix::unistd::{pipe2, write};

    use super::*;

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
