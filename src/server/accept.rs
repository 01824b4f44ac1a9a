//! The accept loop: nothing that a client or the kernel does ends it, and no limit stops it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::connection;
use super::listen::{AcceptedSocket, Listener, WatchedListener};
use super::shared::Shared;

/// The time without a failure after which the next one is logged again.
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// Accepts until the server stops.
pub(super) async fn run(shared: Arc<Shared>, listener: Listener) {
    let mut stop = pin!(shared.stopped());
    let mut backoff = Backoff::default();
    let mut log_after = Instant::now();
    let address = listener.address;
    let mut watched = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => return,
            accepted = accept(&listener, &mut watched) => accepted,
        };
        match accepted {
            Ok(accepted) => {
                backoff = Backoff::default();
                shared.table.admit(|slot| {
                    let serving = connection::serve(Arc::clone(&shared), accepted, slot);
                    shared.runtimes.next().spawn(serving).abort_handle()
                });
                shared.table.caught_up().await;
            }
            Err(error) => {
                let delay = backoff.after(&error);
                if !delay.is_zero() {
                    shared.table.relieve();
                    let now = Instant::now();
                    if now >= log_after {
                        tracing::warn!("cannot accept connections at {address}: {error}; retrying");
                    }
                    log_after = now + LOG_PAUSE;
                }
                sleep(delay).await;
            }
        }
    }
}

/// Waits for the next connection. From the first time on the runtime watches the listener.
async fn accept(listener: &Listener, watched: &mut Option<WatchedListener>) -> io::Result<AcceptedSocket> {
    let watched = match watched {
        Some(watched) => watched,
        None => watched.insert(listener.watch()?),
    };
    watched.accept().await
}

/// The waits after failures in a row.
#[derive(Default)]
struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after a failure: none if that client alone failed, longer and longer if the process or the machine ran
    /// out of something.
    fn after(&mut self, error: &io::Error) -> Duration {
        let exhausted = matches!(
            error.raw_os_error(),
            // No room for another watch.
            Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM | libc::ENOSPC) | None
        );
        if !exhausted {
            return Duration::ZERO;
        }
        let wait = Duration::from_millis(1 << self.failures.min(7));
        self.failures += 1;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_left_costs_no_wait_and_a_full_table_does() {
        for code in [libc::ECONNABORTED, libc::EINTR, libc::EPROTO, libc::ENETDOWN, libc::EHOSTUNREACH] {
            let mut backoff = Backoff { failures: 9 };
            assert_eq!(backoff.after(&io::Error::from_raw_os_error(code)), Duration::ZERO, "errno {code}");
        }
        for code in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM, libc::ENOSPC] {
            let (mut backoff, error) = (Backoff::default(), io::Error::from_raw_os_error(code));
            let waits: Vec<_> = (0..10).map(|_| backoff.after(&error).as_millis()).collect();
            assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 128, 128], "errno {code}");
        }
    }
}
