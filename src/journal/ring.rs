//! The last records, in their order.
//!
//! Packed into chunks: a record of its own on the heap would keep the page that it lies on from the kernel, and after a crowd
//! of connections ten thousand pages.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use super::RequestRecord;
use super::request_record::known_method;
use crate::imds::{AccessRefusal, Ingress, Protocol};
use crate::model::Timestamp;

/// The records of a chunk, and the bytes of their texts, at most.
const CHUNK_RECORDS: usize = 256;
const CHUNK_BYTES: usize = 16 << 10;

/// A ring buffer: the newest record overwrites the oldest. Its memory grows as it fills.
#[derive(Debug)]
pub(super) struct Ring {
    chunks: VecDeque<Chunk>,
    capacity: u64,
    last_number: u64,
}

#[derive(Debug, Clone, Default)]
struct Chunk {
    /// The number of the first record.
    first: u64,
    records: Vec<PackedRecord>,
    /// The texts of the records, one after the other.
    text: Vec<u8>,
}

/// A record without its number and its texts.
#[derive(Debug, Clone)]
struct PackedRecord {
    at: Timestamp,
    client: IpAddr,
    ingress: Ingress,
    protocol: Protocol,
    status: Option<u16>,
    latency: Duration,
    fault: Option<u32>,
    refused: Option<AccessRefusal>,
    /// The bytes of method, path and instance.
    lengths: [u16; 2],
    instance: Option<u16>,
}

/// Records that were copied out of a ring.
#[derive(Debug)]
pub(super) struct Excerpt(Vec<Chunk>);

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = u64::try_from(capacity).expect("a length fits 64 bits");
        Self { chunks: VecDeque::new(), capacity, last_number: 0 }
    }

    /// Numbers a record and appends it.
    pub(super) fn push(&mut self, record: &RequestRecord) {
        self.last_number += 1;
        if self.capacity == 0 {
            return;
        }
        let overwritten = self.overwritten();
        if self.chunks.back().is_none_or(|chunk| !chunk.has_room(record)) {
            let is_over = self.chunks.front().is_some_and(|oldest| oldest.next() <= overwritten + 1);
            let mut chunk = if is_over { self.chunks.pop_front() } else { None }.unwrap_or_default();
            chunk.start(self.last_number);
            self.chunks.push_back(chunk);
        }
        self.chunks.back_mut().expect("one was just added").push(record);
    }

    pub(super) fn last_number(&self) -> u64 {
        self.last_number
    }

    /// The number of records after this number that were overwritten, and those that are there.
    pub(super) fn after(&self, since: u64) -> (u64, Excerpt) {
        let overwritten = self.overwritten();
        let from = since.max(overwritten) + 1;
        let chunks = self.chunks.iter().filter(|chunk| chunk.next() > from);
        (overwritten.saturating_sub(since), Excerpt(chunks.map(|chunk| chunk.from(from)).collect()))
    }

    /// The number of the last record that is not kept any more.
    fn overwritten(&self) -> u64 {
        self.last_number.saturating_sub(self.capacity)
    }
}

impl Chunk {
    /// The number of the first record of the next chunk.
    fn next(&self) -> u64 {
        self.first + u64::try_from(self.records.len()).expect("a length fits 64 bits")
    }

    fn start(&mut self, first: u64) {
        self.first = first;
        self.records.clear();
        self.text.clear();
        // What is not written to is not backed by memory.
        self.records.reserve_exact(CHUNK_RECORDS);
        self.text.reserve_exact(CHUNK_BYTES);
    }

    fn has_room(&self, record: &RequestRecord) -> bool {
        let instance = record.instance.as_ref().map_or(0, |name| name.len());
        let bytes = record.method.len() + record.path.len() + instance;
        self.records.len() < CHUNK_RECORDS && self.text.len() + bytes <= CHUNK_BYTES
    }

    fn push(&mut self, record: &RequestRecord) {
        let RequestRecord {
            number: _, at, client, ingress, protocol, status, latency, fault, refused, ..
        } = *record;
        let mut pack = |text: &str| {
            self.text.extend_from_slice(text.as_bytes());
            u16::try_from(text.len()).expect("methods and paths come cut, and names have 64 bytes")
        };
        let lengths = [pack(&record.method), pack(&record.path)];
        let instance = record.instance.as_deref().map(pack);
        self.records.push(PackedRecord {
            at,
            client,
            ingress,
            protocol,
            status,
            latency,
            fault,
            refused,
            lengths,
            instance,
        });
    }

    /// A copy of the records from this number on.
    fn from(&self, number: u64) -> Self {
        let skipped = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let (before, records) = self.records.split_at(skipped.min(self.records.len()));
        let bytes: usize = before.iter().map(PackedRecord::bytes).sum();
        Self {
            first: self.first.max(number),
            records: records.to_vec(),
            text: self.text.get(bytes..).unwrap_or_default().to_vec(),
        }
    }
}

impl PackedRecord {
    fn bytes(&self) -> usize {
        self.lengths.iter().copied().chain(self.instance).map(usize::from).sum()
    }
}

impl Excerpt {
    /// The records, the oldest first.
    pub(super) fn records(self) -> impl Iterator<Item = RequestRecord> {
        self.0.into_iter().flat_map(|Chunk { first, records, text }| {
            let mut texts = Texts { text, next: 0 };
            (first..).zip(records).map(move |(number, record)| texts.unpack(number, &record))
        })
    }
}

/// The texts of the records of a chunk that are not unpacked yet.
struct Texts {
    text: Vec<u8>,
    next: usize,
}

impl Texts {
    fn unpack(&mut self, number: u64, packed: &PackedRecord) -> RequestRecord {
        let PackedRecord { at, client, ingress, protocol, status, latency, fault, refused, .. } = *packed;
        let [method, path] = packed.lengths.map(|length| self.take(length));
        let instance = packed.instance.map(|length| self.take(length).into());
        let method = known_method(&method).map_or(Cow::Owned(method), Cow::Borrowed);
        RequestRecord {
            number,
            at,
            client,
            ingress,
            method,
            path: path.into(),
            protocol,
            status,
            latency,
            fault,
            refused,
            instance,
        }
    }

    fn take(&mut self, length: u16) -> String {
        let start = self.next;
        self.next += usize::from(length);
        String::from_utf8_lossy(&self.text[start..self.next]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(path: &str, instance: Option<&str>) -> RequestRecord {
        RequestRecord {
            number: 0,
            at: Timestamp::from_secs(1),
            client: "fd00::1".parse().unwrap(),
            ingress: Ingress::Host,
            method: "PURGE".into(),
            path: path.into(),
            protocol: Protocol::V1,
            status: None,
            latency: Duration::from_micros(7),
            fault: Some(3),
            refused: None,
            instance: instance.map(Into::into),
        }
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        let mut ring = Ring::new(1_000);
        let paths = |number: u64| format!("/{}", "x".repeat(usize::try_from(number * 37 % 1_024).unwrap()));
        let name = |number: u64| number.is_multiple_of(3).then(|| format!("web{number}"));
        for number in 1..=3_000 {
            ring.push(&record(&paths(number), name(number).as_deref()));
        }
        let (missed, excerpt) = ring.after(0);
        let found: Vec<RequestRecord> = excerpt.records().collect();
        assert_eq!((missed, found.len()), (2_000, 1_000));
        for (number, found) in (2_001..).zip(found) {
            let expected = RequestRecord { number, ..record(&paths(number), name(number).as_deref()) };
            assert_eq!(found, expected);
        }
        let from = |since: u64| ring.after(since).1.records().map(|record| record.number).next();
        assert_eq!(
            [from(2_500), from(2_999), from(3_000), from(9_999)],
            [Some(2_501), Some(3_000), None, None]
        );
    }

    #[test]
    fn a_full_ring_takes_a_fixed_number_of_chunks() {
        let mut ring = Ring::new(10_000);
        for number in 0..1_000_000 {
            ring.push(&record("/latest/meta-data/iam/security-credentials/role", None));
            assert!(ring.chunks.len() <= 41, "found {} chunks after {number} requests", ring.chunks.len());
        }
        let mut ring = Ring::new(10_000);
        for _ in 0..100_000 {
            ring.push(&record(&"x".repeat(1_024), None));
        }
        // 15 of these fit into one.
        assert!(ring.chunks.len() <= 668, "found {} chunks", ring.chunks.len());
    }
}
