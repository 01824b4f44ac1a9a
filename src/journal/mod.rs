//! The journal of requests: who asked what, when, and what came of it.
//!
//! It holds the last [`ENTRIES`] requests in memory and nowhere else. What it never holds: headers, tokens, bodies,
//! the query of a URL. Requests wait for each other only while one entry is put into its place; readers filter
//! outside of the lock. A reader that comes too late for some entries is told how many it [missed](JournalPage).

mod filter;
mod request_record;
mod ring;
mod terms;

use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub use filter::RequestFilter;
pub(crate) use request_record::{RequestRecord, method, path};
use ring::Ring;
pub(crate) use terms::{ClientFilter, CommaSeparated, MethodFilter, OutcomeFilter, SinceFilter};

/// The entries that a server keeps: with usual paths 2 MB, with the longest ones 12 MB.
pub(crate) const ENTRIES: usize = 10_000;

/// A journal that requests write and others read.
#[derive(Debug)]
pub struct Journal {
    kept: Mutex<Buffer>,
    news: Notify,
}

#[derive(Debug)]
struct Buffer {
    ring: Ring,
    /// Whether somebody waits for the next entry.
    awaited: bool,
}

/// What a reader finds.
#[derive(Debug)]
pub struct JournalPage {
    /// Entries that were overwritten before this reader came, whether they fit its filter or not.
    pub missed: u64,
    /// Those that fit, the oldest first.
    pub entries: Vec<Arc<RequestRecord>>,
    /// The number up to which the reader has seen all; what it gives as `since` next time.
    pub next: u64,
}

impl JournalPage {
    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.missed == 0 && self.entries.is_empty()
    }
}

impl Journal {
    /// A journal of this many entries. With none it only counts.
    pub(crate) fn new(size: usize) -> Self {
        Self { kept: Mutex::new(Buffer { ring: Ring::new(size), awaited: false }), news: Notify::new() }
    }

    /// Takes an entry and gives it its number.
    pub(crate) fn record(&self, entry: RequestRecord) {
        let entry = Arc::new(entry);
        let (overwritten, awaited) = {
            let mut kept = self.lock();
            (kept.ring.push(entry), mem::take(&mut kept.awaited))
        };
        if awaited {
            self.news.notify_waiters();
        }
        drop(overwritten);
    }

    /// The number of the last entry; they count from 1.
    pub(crate) fn last(&self) -> u64 {
        self.lock().ring.last()
    }

    /// The newest entries that fit, `limit` at most.
    pub(crate) fn newest(&self, filter: &RequestFilter, limit: usize) -> JournalPage {
        let mut reading = self.after(0, filter, usize::MAX);
        reading.missed = 0;
        reading.entries.drain(..reading.entries.len().saturating_sub(limit));
        reading
    }

    /// The first entries after a number that fit, `limit` at most.
    pub fn after(&self, since: u64, filter: &RequestFilter, limit: usize) -> JournalPage {
        let (missed, mut entries, last) = {
            let kept = self.lock();
            let (missed, entries) = kept.ring.after(since);
            (missed, entries, kept.ring.last())
        };
        let mut next = last;
        let mut fitting = 0;
        entries.retain(|entry| {
            let fits = fitting < limit && filter.matches(entry);
            fitting += usize::from(fits);
            if fitting == limit && fits {
                next = entry.number;
            }
            fits
        });
        JournalPage { missed, entries, next }
    }

    /// Waits until there is an entry after this number.
    pub(crate) async fn follow(&self, since: u64) {
        loop {
            let mut news = pin!(self.news.notified());
            // From here on news are not lost, also those that come before the await.
            news.as_mut().enable();
            {
                let mut kept = self.lock();
                if kept.ring.last() > since {
                    return;
                }
                kept.awaited = true;
            }
            news.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        // Nothing is half done when a holder panics.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
