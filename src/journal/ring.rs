//! The last entries, in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use super::RequestRecord;

/// A ring: the newest entry overwrites the oldest.
#[derive(Debug)]
pub(super) struct Ring {
    entries: VecDeque<Arc<RequestRecord>>,
    size: usize,
    last: u64,
}

impl Ring {
    pub(super) fn new(size: usize) -> Self {
        Self { entries: VecDeque::with_capacity(size), size, last: 0 }
    }

    /// Numbers an entry and takes it in; gives back the one that had to go.
    pub(super) fn push(&mut self, mut entry: Arc<RequestRecord>) -> Option<Arc<RequestRecord>> {
        self.last += 1;
        if self.size == 0 {
            return Some(entry);
        }
        let overwritten = if self.entries.len() == self.size { self.entries.pop_front() } else { None };
        Arc::get_mut(&mut entry).expect("nobody else has a new entry yet").number = self.last;
        self.entries.push_back(entry);
        overwritten
    }

    /// The number of the last entry; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The entries after a number, and how many after it are not there any more.
    pub(super) fn after(&self, since: u64) -> (u64, Vec<Arc<RequestRecord>>) {
        let kept = u64::try_from(self.entries.len()).expect("a length fits 64 bits");
        let gone = self.last - kept;
        let seen = usize::try_from(since.saturating_sub(gone)).unwrap_or(usize::MAX);
        (gone.saturating_sub(since), self.entries.iter().skip(seen).cloned().collect())
    }
}
