//! The last records, in their order.

use std::collections::VecDeque;

use super::RequestRecord;

/// A ring buffer: the newest record overwrites the oldest.
#[derive(Debug)]
pub(super) struct Ring {
    records: VecDeque<RequestRecord>,
    capacity: usize,
    last_number: u64,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { records: VecDeque::with_capacity(capacity), capacity, last_number: 0 }
    }

    /// Numbers a record and appends it; returns the one that is not kept for it.
    pub(super) fn push(&mut self, mut record: RequestRecord) -> Option<RequestRecord> {
        self.last_number += 1;
        if self.capacity == 0 {
            return Some(record);
        }
        let overwritten = if self.records.len() == self.capacity { self.records.pop_front() } else { None };
        record.number = self.last_number;
        self.records.push_back(record);
        overwritten
    }

    /// `true` after the record with which it has as many as it keeps for the first time.
    pub(super) fn has_just_filled(&self) -> bool {
        self.last_number == self.capacity as u64
    }

    pub(super) fn last_number(&self) -> u64 {
        self.last_number
    }

    /// Copies the first records after this number, `limit` at most, and gives the number of those before them that were
    /// overwritten.
    pub(super) fn copy_after(&self, since: u64, limit: usize, copies: &mut Vec<RequestRecord>) -> u64 {
        let kept = u64::try_from(self.records.len()).expect("a length fits 64 bits");
        let overwritten = self.last_number - kept;
        let skipped = usize::try_from(since.saturating_sub(overwritten)).unwrap_or(usize::MAX);
        copies.extend(self.records.iter().skip(skipped).take(limit).cloned());
        overwritten.saturating_sub(since)
    }
}
