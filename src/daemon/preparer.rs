//! Compiles what clients will meet after the next event, shortly before it occurs, so that no request has to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::compute::{compute, free};
use crate::server::ServiceState;

/// The time before an event at which it is prepared.
const LEAD: Duration = Duration::from_millis(50);
/// The least time between two preparations: events may follow each other faster than anybody can look.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs as long as the process. `replaced` is notified when another fleet is served.
pub(super) async fn run(service: Arc<ServiceState>, replaced: Arc<Notify>) {
    let mut requests = 0;
    loop {
        let fleet = service.fleet.load_full();
        let mut prepared = fleet.now(service.read_clocks());
        let mut since = prepared;
        while let Some(next) = fleet.next_occurrence(prepared) {
            let wait = next.since(fleet.now(service.read_clocks())).saturating_sub(LEAD).max(PAUSE);
            tokio::select! {
                () = replaced.notified() => break,
                () = sleep(wait) => {}
            }
            // Nobody asks, nobody has to wait.
            if service.requests() != requests {
                requests = service.requests();
                let fleet = Arc::clone(&fleet);
                compute(move || fleet.prepare_next(since, next)).await;
                since = next;
            }
            prepared = next.max(fleet.now(service.read_clocks()));
        }
        let is_over = fleet.next_occurrence(prepared).is_none();
        // This may be the last reference, and this thread answers requests.
        free(fleet);
        if is_over {
            replaced.notified().await;
        }
    }
}
