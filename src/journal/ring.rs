//! The last records, in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use super::RequestRecord;

/// A ring buffer: the newest record overwrites the oldest.
#[derive(Debug)]
pub(super) struct Ring {
    records: VecDeque<Arc<RequestRecord>>,
    capacity: usize,
    last_number: u64,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { records: VecDeque::with_capacity(capacity), capacity, last_number: 0 }
    }

    /// Numbers a record and appends it; returns the one that is not kept for it.
    pub(super) fn push(&mut self, mut record: Arc<RequestRecord>) -> Option<Arc<RequestRecord>> {
        self.last_number += 1;
        if self.capacity == 0 {
            return Some(record);
        }
        let overwritten = if self.records.len() == self.capacity { self.records.pop_front() } else { None };
        Arc::get_mut(&mut record).expect("nobody else has a new record yet").number = self.last_number;
        self.records.push_back(record);
        overwritten
    }

    pub(super) fn last_number(&self) -> u64 {
        self.last_number
    }

    /// The number of records after this number that were overwritten, and those that are there.
    pub(super) fn after(&self, since: u64) -> (u64, Vec<Arc<RequestRecord>>) {
        let kept = u64::try_from(self.records.len()).expect("a length fits 64 bits");
        let overwritten = self.last_number - kept;
        let skipped = usize::try_from(since.saturating_sub(overwritten)).unwrap_or(usize::MAX);
        (overwritten.saturating_sub(since), self.records.iter().skip(skipped).cloned().collect())
    }
}
