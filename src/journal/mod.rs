//! The journal of requests: the client, the time, the path and the outcome of each.
//!
//! It holds the last [`CAPACITY`] requests in memory and nowhere else, and never tokens, bodies, the query of a URL, or
//! headers but the lifetime that is asked for a token. Requests wait for each other only while a record is put into its
//! place, and for readers while these copy some; readers filter outside of the lock. A reader that comes too late for
//! some records gets the number that it [missed](JournalPage).

mod filter;
mod filter_terms;
mod recorded_path;
mod request_category;
mod request_counts;
mod request_format;
mod request_line;
mod request_record;
mod request_tally;
mod ring;

use std::mem;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub use filter::RequestFilter;
pub(crate) use filter_terms::{CommaSeparated, EndpointFilter, MethodFilter, OutcomeFilter, SinceFilter};
pub use request_counts::RequestCounts;
pub(crate) use request_format::RequestFormat;
pub(crate) use request_line::{RequestLines, client};
pub(crate) use request_record::{RequestRecord, method, path};
pub(crate) use request_tally::{RequestOutcome, RequestTally};
use ring::Ring;

/// The records that a server keeps: with usual paths 2 MB, with the longest ones 12 MB.
pub(crate) const CAPACITY: usize = 10_000;
/// The records that a reader copies at once.
const COPIED: usize = 128;

#[derive(Debug)]
pub struct Journal {
    buffer: Mutex<Buffer>,
    recorded: Notify,
    filled: Notify,
}

#[derive(Debug)]
struct Buffer {
    ring: Ring,
    tally: RequestTally,
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
        let buffer =
            Mutex::new(Buffer { ring: Ring::new(capacity), tally: RequestTally::default(), awaited: false });
        Self { buffer, recorded: Notify::new(), filled: Notify::new() }
    }

    /// Appends a record and gives it its number.
    pub(crate) fn record(&self, record: RequestRecord) {
        let (overwritten, awaited, filled) = {
            let mut buffer = self.lock();
            buffer.tally.count(&record);
            let overwritten = buffer.ring.push(record);
            (overwritten, mem::take(&mut buffer.awaited), buffer.ring.has_just_filled())
        };
        if filled {
            self.filled.notify_one();
        }
        if awaited {
            self.recorded.notify_waiters();
        }
        // Freed here, outside of the lock.
        drop(overwritten);
    }

    /// The number of the last record, from 1 on; 0 before the first.
    pub(crate) fn last_number(&self) -> u64 {
        self.lock().ring.last_number()
    }

    /// The numbers of all requests that were recorded.
    pub(crate) fn counts(&self) -> RequestCounts {
        RequestCounts::from(&self.tally())
    }

    /// The same by category, too.
    pub(crate) fn tally(&self) -> RequestTally {
        self.lock().tally.clone()
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
        // What comes after it is for the next reading.
        let last = self.last_number();
        let mut page = JournalPage { missed: 0, entries: Vec::new(), next: last };
        let (mut position, mut copies) = (since, Vec::with_capacity(COPIED));
        while position < last {
            let most = usize::try_from(last - position).unwrap_or(usize::MAX).min(COPIED);
            let missed = self.lock().ring.copy_after(position, most, &mut copies);
            page.missed += missed;
            position += missed + u64::try_from(copies.len()).expect("a length fits 64 bits");
            for record in copies.drain(..).filter(|record| filter.matches(record)) {
                if page.entries.len() < limit {
                    page.next = record.number;
                    page.entries.push(record);
                }
            }
            if page.entries.len() == limit {
                return page;
            }
        }
        // It is beyond `last` if that was overwritten meanwhile; whoever asks for what is to come gets no further.
        let next = if position > since { position } else { last };
        JournalPage { next, ..page }
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

    /// Waits until there are as many records as it keeps, which is once.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        // Nothing is half done when a holder panics.
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
