//! Restarts of the server while `--follow` runs.

use std::thread::sleep;
use std::time::Duration;

use super::print::warn;
use crate::control::ControlClient;
use crate::control::api::ServiceStatus;
use crate::exit::{self, Failure};

const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// A restart may take this long.
pub(super) const RESTART_TIMEOUT: Duration = Duration::from_secs(10);

/// Warns that the server does not answer, and asks until one does. A missing permission does not come by waiting.
pub(super) fn wait_for_server(client: &ControlClient, failure: Failure) -> Result<ServiceStatus, Failure> {
    if failure.status != exit::ExitStatus::Unavailable {
        return Err(failure);
    }
    warn(&format!("{failure}; waiting for it to come back"));
    let mut last = failure;
    for _ in 0..RESTART_TIMEOUT.as_millis() / RETRY_INTERVAL.as_millis() {
        sleep(RETRY_INTERVAL);
        match client.status() {
            Ok(status) => return Ok(status),
            Err(failure) => last = failure,
        }
    }
    Err(not_back(&last))
}

/// The end of a command whose server is gone for good.
pub(super) fn not_back(last: &Failure) -> Failure {
    let sentence = format!("it did not come back within {} s: {last}", RESTART_TIMEOUT.as_secs());
    Failure::new(last.status, sentence)
}
