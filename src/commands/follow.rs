//! Going on when the server restarts, as `--follow` does.

use std::thread::sleep;
use std::time::Duration;

use super::print::warn;
use crate::control::ControlClient;
use crate::control::api::ServiceStatus;
use crate::exit::{self, Failure};

/// Between two questions whether it is back.
const LOOK: Duration = Duration::from_millis(200);
/// How long a restart may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says that the server does not answer, and asks until one does. A permission that is missing does not come by waiting.
pub(super) fn wait_for_server(client: &ControlClient, failure: Failure) -> Result<ServiceStatus, Failure> {
    if failure.status != exit::ExitStatus::Unavailable {
        return Err(failure);
    }
    warn(&format!("{failure}; waiting for it to come back"));
    let mut last = failure;
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        sleep(LOOK);
        match client.status() {
            Ok(status) => return Ok(status),
            Err(failure) => last = failure,
        }
    }
    let sentence = format!("it did not come back within {} s: {last}", PATIENCE.as_secs());
    Err(Failure::new(last.status, sentence))
}
