//! What follows a crowd of connections: a line in the log, and memory that is given back.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::shared::Shared;
use super::table::Unregistered;
use crate::memory::{self, free_for_all, take_cached_chunks};

/// The time in which the connections of the first line of the log are counted.
const GATHER: Duration = Duration::from_secs(1);
/// The least time between two lines.
const REPORT_INTERVAL: Duration = Duration::from_mins(1);
/// The waits after a crowd, which may come again: the last of it go later.
const SETTLE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// Says how many connections were ended for others, or for want of a watch, at most once a minute. After that it is tried
/// again with as many as there is room for.
pub(super) async fn report_evictions(shared: Arc<Shared>) {
    loop {
        shared.table.shortage().await;
        sleep(GATHER).await;
        let (evicted, unregistered) = (shared.table.take_evicted(), shared.table.take_unregistered());
        for line in lines(evicted, shared.limits.connections, unregistered) {
            tracing::warn!("{line}");
        }
        sleep(REPORT_INTERVAL.saturating_sub(GATHER)).await;
        shared.table.restore();
    }
}

/// What there is to say of connections that were ended.
fn lines(evicted: u64, room: usize, unregistered: Option<Unregistered>) -> Vec<String> {
    let evicted = (evicted > 0).then(|| {
        format!(
            "more connections than there is room for: ended {evicted} of those with least to lose, idle ones first, \
             for others; room for {room}"
        )
    });
    let unregistered = unregistered.map(|Unregistered { count, error }| {
        format!(
            "the kernel watches no further socket: {error}; ended {count} new connections; \
             `sysctl fs.epoll.max_user_watches` shows how many it watches for each user"
        )
    });
    evicted.into_iter().chain(unregistered).collect()
}

/// Gives memory back to the kernel: after a crowd has gone, for the allocator would keep it; and once as many requests are
/// answered as the journal holds, for the first of them need code that the others do not.
pub(super) async fn give_memory_back(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.table.receded() => after_crowd(&shared).await,
            () = shared.service.journal.filled() => {
                let _ = spawn_blocking(memory::give_back).await;
            }
        }
    }
}

async fn after_crowd(shared: &Shared) {
    for wait in SETTLE {
        sleep(wait).await;
        let taken = shared.runtimes.all().map(|runtime| runtime.spawn(async { take_cached_chunks() }));
        let mut cached = Vec::new();
        for chunks in taken.collect::<Vec<_>>() {
            cached.extend(chunks.await);
        }
        let give_back = || {
            free_for_all(cached);
            memory::give_back();
        };
        let _ = spawn_blocking(give_back).await;
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_cause_that_ended_connections_has_a_line() {
        let unregistered = |count| Unregistered { count, error: io::Error::from_raw_os_error(libc::ENOSPC) };
        assert_eq!(lines(0, 10, None), [""; 0]);
        let found = lines(1, 10, None);
        assert!(found.len() == 1 && found[0].contains("ended 1 of") && found[0].ends_with("room for 10"));
        let found = lines(0, 10, Some(unregistered(2)));
        assert!(found.len() == 1 && found[0].contains("No space left") && found[0].contains("ended 2 new"));
        assert_eq!(lines(3, 10, Some(unregistered(2))).len(), 2);
    }
}
