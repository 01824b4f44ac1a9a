//! Work that may take more than a millisecond: on a thread of its own, so that the threads that answer go on.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::imds::Fleet;
use crate::memory;

/// How often, and after what time each, a fleet is looked at that requests still use.
const LOOKS: usize = 1_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// The result of a computation. There is one at a time for each task that waits for it.
pub(super) async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match background(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        // The process ends.
        Err(_) => std::future::pending().await,
    }
}

/// Starts work on a thread of its own, which gives way to those that answer.
pub(super) fn background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    spawn_blocking(move || memory::yielding(work))
}

/// Frees what nobody uses any more: a large scenario has a million parts.
pub(super) fn free(value: impl Send + 'static) {
    drop(background(move || drop(value)));
}

/// Frees what is not served any more. A large scenario has a million parts; whoever drops the last reference frees them
/// all, so this waits until no request has one.
pub(super) fn retire(fleet: Arc<Fleet>, others: impl Send + 'static) {
    drop(background(move || {
        drop(others);
        for _ in 0..LOOKS {
            if Arc::strong_count(&fleet) == 1 {
                break;
            }
            sleep(BETWEEN_LOOKS);
        }
        drop(fleet);
        memory::give_back();
    }));
}
