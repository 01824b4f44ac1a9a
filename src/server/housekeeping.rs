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

/// Says how many connections were ended for others, or for want of a watch, at most once a minute. After that it is tried again with as many as
/// there is room for.
pub(super) async fn report_evictions(shared: Arc<Shared>) {
    loop {
        shared.table.shortage().await;
        sleep(GATHER).await;
        let (count, room) = (shared.table.take_evicted(), shared.limits.connections);
        if count > 0 {
            tracing::warn!(
                "more connections than there is room for: ended {count} of those with least to lose, idle ones first, \
                 for others; room for {room}"
            );
        }
        if let Some(Unregistered { count, error }) = shared.table.take_unregistered() {
            tracing::warn!(
                "the kernel watches no further socket: {error}; ended {count} new connections; \
                 `sysctl fs.epoll.max_user_watches` shows how many it watches for each user"
            );
        }
        sleep(REPORT_INTERVAL.saturating_sub(GATHER)).await;
        shared.table.restore();
    }
}

/// Gives memory back to the kernel after a crowd has gone. The allocator would keep it.
pub(super) async fn give_memory_back(shared: Arc<Shared>) {
    loop {
        shared.table.receded().await;
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
}
