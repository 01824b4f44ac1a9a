//! The accept loop: nothing that a client or the kernel does ends it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Listener, Shared, connection};

/// How long accepting must go well before trouble is worth another line.
const QUIET: Duration = Duration::from_secs(10);

/// Accepts until the server stops.
pub(super) async fn run(shared: Arc<Shared>, listener: Listener) {
    let mut stop = shared.stop.subscribe();
    let mut failures = 0;
    let mut quiet_until = Instant::now();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = next(&shared, &listener) => accepted,
        };
        match accepted {
            Ok(connection) => {
                failures = 0;
                tokio::spawn(connection);
            }
            Err(error) => {
                let pause = pause(&error, failures);
                if !pause.is_zero() {
                    failures += 1;
                    let now = Instant::now();
                    if now >= quiet_until {
                        let address = listener.address;
                        tracing::warn!("cannot accept connections at {address}: {error}; retrying");
                    }
                    quiet_until = now + QUIET;
                }
                sleep(pause).await;
            }
        }
    }
}

/// The next connection, once there is room for it: until then it waits in the kernel.
async fn next(
    shared: &Arc<Shared>,
    listener: &Listener,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let permit = Arc::clone(&shared.permits).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.socket.accept().await?;
    Ok(connection::serve(Arc::clone(shared), stream, peer, permit))
}

/// How long to wait after a failure. None if it was that client's alone; longer and longer if the process or
/// the machine ran out of something.
fn pause(error: &io::Error, failures: u32) -> Duration {
    let exhausted = matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) | None
    );
    if exhausted { Duration::from_millis(10 << failures.min(6)) } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_left_costs_no_pause_and_a_full_table_does() {
        for code in [libc::ECONNABORTED, libc::EINTR, libc::EPROTO, libc::ENETDOWN, libc::EHOSTUNREACH] {
            assert_eq!(pause(&io::Error::from_raw_os_error(code), 9), Duration::ZERO, "errno {code}");
        }
        for code in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM] {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(pause(&error, 0), Duration::from_millis(10), "errno {code}");
            assert_eq!(pause(&error, 1_000), Duration::from_millis(640), "errno {code}");
        }
    }
}
