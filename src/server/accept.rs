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
    let mut failures = 0;
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
                failures = 0;
                shared.table.admit(|slot| {
                    let serving = connection::serve(Arc::clone(&shared), accepted, slot);
                    shared.runtimes.next().spawn(serving).abort_handle()
                });
                shared.table.caught_up().await;
            }
            Err(error) => {
                let delay = backoff(&error, failures);
                if !delay.is_zero() {
                    failures += 1;
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

/// The wait after a failure: none if that client alone failed, longer and longer if the process or the machine ran
/// out of something.
fn backoff(error: &io::Error, failures: u32) -> Duration {
    let exhausted = matches!(
        error.raw_os_error(),
        // No room for another watch.
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM | libc::ENOSPC) | None
    );
    if exhausted { Duration::from_millis(1 << failures.min(7)) } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_left_costs_no_wait_and_a_full_table_does() {
        for code in [libc::ECONNABORTED, libc::EINTR, libc::EPROTO, libc::ENETDOWN, libc::EHOSTUNREACH] {
            assert_eq!(backoff(&io::Error::from_raw_os_error(code), 9), Duration::ZERO, "errno {code}");
        }
        for code in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM, libc::ENOSPC] {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(backoff(&error, 0), Duration::from_millis(1), "errno {code}");
            assert_eq!(backoff(&error, 1_000), Duration::from_millis(128), "errno {code}");
        }
    }
}
