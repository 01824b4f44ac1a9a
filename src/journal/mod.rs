//! The journal of requests: the client, the time, the path and the outcome of each.
//!
//! It holds the last [`CAPACITY`] requests in memory and nowhere else, and never headers, tokens, bodies, or the query
//! of a URL. Requests wait for each other only while a record is put into its place; readers filter outside of the
//! lock. A reader that comes too late for some records gets the number that it [missed](JournalPage).

mod filter;
mod filter_terms;
mod request_record;
mod ring;

use std::mem;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub use filter::RequestFilter;
pub(crate) use filter_terms::{CommaSeparated, MethodFilter, OutcomeFilter, SinceFilter};
pub(crate) use request_record::{RequestRecord, method, path};
use ring::Ring;

/// The records that a server keeps: with usual paths 1.5 MB, with the longest ones 12 MB.
pub(crate) const CAPACITY: usize = 10_000;

#[derive(Debug)]
pub struct Journal {
    buffer: Mutex<Buffer>,
    recorded: Notify,
}

#[derive(Debug)]
struct Buffer {
    ring: Ring,
    /// `true` while somebody waits for the next record.
    awaited: bool,
}

/// The records that a reader asked for.
#[derive(Debug)]
pub struct JournalPage {
    /// The number of records that were overwritten before this reader came, whether they match its filter or not.
    pub missed: u64,
    /// The records that match, the oldest first.
    pub entries: Vec<RequestRecord>,
    /// The number of the last record that was considered; the `since` of the next reading.
    pub next: u64,
}

impl JournalPage {
    pub(crate) fn is_empty(&self) -> bool {
        self.missed == 0 && self.entries.is_empty()
    }
}

impl Journal {
    /// A journal of at most so many records. Without any it only counts.
    pub(crate) fn new(capacity: usize) -> Self {
        let buffer = Mutex::new(Buffer { ring: Ring::new(capacity), awaited: false });
        Self { buffer, recorded: Notify::new() }
    }

    /// Appends a record and gives it its number.
    pub(crate) fn record(&self, record: &RequestRecord) {
        let awaited = {
            let mut buffer = self.lock();
            buffer.ring.push(record);
            mem::take(&mut buffer.awaited)
        };
        if awaited {
            self.recorded.notify_waiters();
        }
    }

    /// The number of the last record, from 1 on; 0 before the first.
    pub(crate) fn last_number(&self) -> u64 {
        self.lock().ring.last_number()
    }

    /// The newest records that match, `limit` at most.
    pub(crate) fn newest(&self, filter: &RequestFilter, limit: usize) -> JournalPage {
        let mut page = self.after(0, filter, usize::MAX);
        page.missed = 0;
        page.entries.drain(..page.entries.len().saturating_sub(limit));
        page
    }

    /// The first records after a number that match, `limit` at most.
    pub fn after(&self, since: u64, filter: &RequestFilter, limit: usize) -> JournalPage {
        let (missed, excerpt, last) = {
            let buffer = self.lock();
            let (missed, excerpt) = buffer.ring.after(since);
            (missed, excerpt, buffer.ring.last_number())
        };
        let matching = excerpt.records().filter(|record| filter.matches(record));
        let entries: Vec<RequestRecord> = matching.take(limit).collect();
        let next = match entries.last() {
            Some(record) if entries.len() == limit => record.number,
            _ => last,
        };
        JournalPage { missed, entries, next }
    }

    /// Waits until there is a record after this number.
    pub(crate) async fn wait_after(&self, since: u64) {
        loop {
            let mut recorded = pin!(self.recorded.notified());
            // From here on no notification is lost, not even one that comes before the await.
            recorded.as_mut().enable();
            {
                let mut buffer = self.lock();
                if buffer.ring.last_number() > since {
                    return;
                }
                buffer.awaited = true;
            }
            recorded.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        // Nothing is half done when a holder panics.
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
