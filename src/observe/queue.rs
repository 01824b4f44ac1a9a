//! A bounded queue of records, and the one thread that writes them.
//!
//! Whoever logs never waits: a pipe that nobody reads, a journal that hangs and a full disk stop the thread, and records
//! that do not fit meanwhile are dropped. They are counted, and the count is written where they are missing.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow};

/// Records that wait at most.
const RECORDS: usize = 1024;
/// Their bytes, but for the last one.
const BYTES: usize = 1 << 20;
/// The writer has flat calls only. What it does not touch is not backed by memory.
const STACK: usize = 256 << 10;

/// Where records go. Only the writer's thread calls it, and it may block.
pub(super) trait Sink: Send {
    fn write(&mut self, record: &[u8]) -> io::Result<()>;
    /// A warning, as a record.
    fn warning(&self, message: &str) -> Vec<u8>;
}

pub(super) struct WriteQueue {
    state: Mutex<QueueState>,
    /// Something waits for the writer.
    filled: Condvar,
    /// Everything is written.
    emptied: Condvar,
    sink: Mutex<Box<dyn Sink>>,
}

#[derive(Default)]
struct QueueState {
    records: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Dropped after the last of the records. As long as there are any, the next ones are dropped too: so the place where
    /// they are missing is one.
    dropped: u64,
    /// Requests that were not shown since the last one that was.
    hidden: u64,
    has_writer: bool,
    writing: bool,
}

/// What the writer does next.
enum Next {
    Record(Vec<u8>),
    Dropped(u64),
}

impl WriteQueue {
    pub(super) fn new(sink: impl Sink + 'static) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            sink: Mutex::new(Box::new(sink)),
        })
    }

    /// Queues a record, or drops it. The writer starts with the first one.
    pub(super) fn push(self: &Arc<Self>, record: Vec<u8>) {
        self.push_into(self.state(), record);
    }

    /// Queues a line that may be missing, unless the queue is half full: the rest is kept for the log. How many are
    /// missing is said before the next such line.
    pub(super) fn push_request(self: &Arc<Self>, line: &str) {
        let mut state = self.state();
        if state.dropped > 0 || state.records.len() >= RECORDS / 2 || state.bytes >= BYTES / 2 {
            state.hidden += 1;
            return;
        }
        let record = match std::mem::take(&mut state.hidden) {
            0 => format!("{line}\n"),
            1 => format!("-- 1 request is not shown --\n{line}\n"),
            hidden => format!("-- {hidden} requests are not shown --\n{line}\n"),
        };
        self.push_into(state, record.into_bytes());
    }

    fn push_into(self: &Arc<Self>, mut state: MutexGuard<'_, QueueState>, record: Vec<u8>) {
        if state.dropped > 0 || state.records.len() >= RECORDS || state.bytes >= BYTES {
            state.dropped += 1;
            return;
        }
        state.bytes += record.len();
        state.records.push_back(record);
        if !state.has_writer {
            state.has_writer = self.start_writer().is_ok();
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Waits until everything is written, up to `limit`. `false` if something is left.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let unwritten = |state: &mut QueueState| state.writing || state.has_next();
        let waited = self.emptied.wait_timeout_while(self.state(), limit, unwritten);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signals are for the other threads.
    fn start_writer(self: &Arc<Self>) -> io::Result<()> {
        let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let queue = Arc::clone(self);
        let started = Builder::new().name("log".to_owned()).stack_size(STACK).spawn(move || queue.run());
        mask.thread_set_mask()?;
        started.map(drop)
    }

    /// The writer. It ends with the process.
    fn run(&self) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dropped = 0;
        loop {
            match self.next() {
                Next::Record(record) => {
                    write_dropped(&mut **sink, &mut dropped);
                    if sink.write(&record).is_err() {
                        dropped += 1;
                    }
                }
                Next::Dropped(more) => {
                    dropped += more;
                    write_dropped(&mut **sink, &mut dropped);
                }
            }
        }
    }

    fn next(&self) -> Next {
        let mut state = self.state();
        state.writing = false;
        if !state.has_next() {
            self.emptied.notify_all();
            let waited = self.filled.wait_while(state, |state| !state.has_next());
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.writing = true;
        match state.records.pop_front() {
            Some(record) => {
                state.bytes -= record.len();
                Next::Record(record)
            }
            None => Next::Dropped(std::mem::take(&mut state.dropped)),
        }
    }
}

impl QueueState {
    fn has_next(&self) -> bool {
        !self.records.is_empty() || self.dropped > 0
    }
}

/// Says how many are missing. The count stays as long as it cannot be written.
fn write_dropped(sink: &mut dyn Sink, dropped: &mut u64) {
    if *dropped == 0 {
        return;
    }
    let lines = if *dropped == 1 { "1 log line was".to_owned() } else { format!("{dropped} log lines were") };
    let warning =
        sink.warning(&format!("{lines} dropped here: the log was not read, or could not be written"));
    if sink.write(&warning).is_ok() {
        *dropped = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    /// Takes a record for each permit, and fails while it is `broken`.
    struct Stubborn {
        permits: Receiver<()>,
        written: Sender<String>,
        broken: Arc<AtomicBool>,
    }

    impl Sink for Stubborn {
        fn write(&mut self, record: &[u8]) -> io::Result<()> {
            // Without a sender it is stubborn no more.
            let _ = self.permits.recv();
            if self.broken.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let text = String::from_utf8_lossy(record).into_owned();
            self.written.send(text).map_err(io::Error::other)
        }

        fn warning(&self, message: &str) -> Vec<u8> {
            message.as_bytes().to_vec()
        }
    }

    struct Case {
        queue: Arc<WriteQueue>,
        permits: Sender<()>,
        written: Receiver<String>,
        broken: Arc<AtomicBool>,
    }

    fn case() -> Case {
        let ((permits, permitted), (to, written)) = (channel(), channel());
        let broken = Arc::new(AtomicBool::new(false));
        let sink = Stubborn { permits: permitted, written: to, broken: Arc::clone(&broken) };
        Case { queue: WriteQueue::new(sink), permits, written, broken }
    }

    fn dropped(count: &str) -> String {
        format!("{count} dropped here: the log was not read, or could not be written")
    }

    #[test]
    fn what_is_written_takes_no_room() {
        let Case { queue, permits, written, .. } = case();
        drop(permits);
        for _ in 0..8 {
            queue.push(vec![b'x'; BYTES / 4]);
            assert!(queue.flush(SOON), "expected all to be written");
        }
        assert!(written.try_iter().all(|line| line.len() == BYTES / 4), "expected none to be dropped");
    }

    #[test]
    fn what_is_not_written_yet_takes_room() {
        let Case { queue, permits, written, .. } = case();
        let push = |count| (0..count).for_each(|_| queue.push(vec![b'x'; BYTES / 4]));
        push(4);
        for _ in 0..2 {
            permits.send(()).expect("the sink is there");
            written.recv_timeout(SOON).expect("a record that was permitted");
        }
        // Two are left, of which the sink may have one: there is room for two or three.
        push(8);
        drop(permits);
        assert!(queue.flush(SOON), "expected all to be written");
        let kept = written.try_iter().filter(|line| line.len() == BYTES / 4).count();
        assert!((4..=5).contains(&kept), "expected two, and two or three more, found {kept}");
    }

    #[test]
    fn requests_leave_half_of_the_bytes_to_the_log() {
        let Case { queue, permits, written, .. } = case();
        // One is with the sink, or will be; the next one stays.
        queue.push(b"first".to_vec());
        queue.push(vec![b'x'; BYTES / 2]);
        queue.push_request("hidden");
        queue.push(b"last".to_vec());
        drop(permits);
        assert!(queue.flush(SOON), "expected all to be written");
        queue.push_request("shown");
        assert!(queue.flush(SOON), "expected all to be written");
        let lines: Vec<String> = written.try_iter().filter(|line| line.len() < BYTES / 2).collect();
        assert_eq!(lines, ["first", "last", "-- 1 request is not shown --\nshown\n"]);
    }

    #[test]
    fn no_request_is_shown_before_it_is_said_what_was_dropped() {
        let Case { queue, permits, written, .. } = case();
        for number in 0..2 * RECORDS {
            queue.push(number.to_string().into_bytes());
        }
        // More than half is written, so that there is room again.
        for number in 0..RECORDS * 3 / 4 {
            permits.send(()).expect("the sink is there");
            assert_eq!(written.recv_timeout(SOON), Ok(number.to_string()));
        }
        queue.push_request("hidden");
        queue.push(b"dropped, too".to_vec());
        drop(permits);
        assert!(queue.flush(SOON), "expected all to be written");
        queue.push_request("shown");
        assert!(queue.flush(SOON), "expected all to be written");
        let lines: Vec<String> = written.try_iter().collect();
        assert!(lines.iter().all(|line| line != "dropped, too"), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("-- 1 request is not shown --\nshown\n"));
        assert!(lines[lines.len() - 2].contains("dropped here"), "{:?}", lines[lines.len() - 2]);
    }

    #[test]
    fn a_sink_that_hangs_costs_records_and_not_time() {
        let Case { queue, permits, written, .. } = case();
        for number in 0..5000 {
            queue.push(number.to_string().into_bytes());
        }
        assert!(!queue.flush(Duration::from_millis(1)), "nothing can have been written");
        drop(permits);
        assert!(queue.flush(SOON), "expected all to be written");
        queue.push(b"later".to_vec());
        assert!(queue.flush(SOON), "expected all to be written");
        let lines: Vec<String> = written.try_iter().collect();
        let kept = lines.len() - 2;
        assert!((RECORDS..=RECORDS + 1).contains(&kept), "expected {RECORDS} to be kept, found {kept}");
        assert!(lines.iter().take(kept).enumerate().all(|(at, line)| *line == at.to_string()), "{lines:?}");
        assert_eq!(lines[kept..], [dropped(&format!("{} log lines were", 5000 - kept)), "later".to_owned()]);
    }

    #[test]
    fn requests_leave_room_for_the_log() {
        let Case { queue, permits, written, .. } = case();
        for _ in 0..5000 {
            queue.push_request("request");
        }
        queue.push(b"log".to_vec());
        drop(permits);
        assert!(queue.flush(SOON), "expected all to be written");
        queue.push_request("later");
        assert!(queue.flush(SOON), "expected all to be written");
        let lines: Vec<String> = written.try_iter().collect();
        let shown = lines.len() - 2;
        assert!((RECORDS / 2..=RECORDS / 2 + 1).contains(&shown), "expected half to be kept, found {shown}");
        let later = format!("-- {} requests are not shown --\nlater\n", 5000 - shown);
        assert_eq!(lines[shown..], ["log".to_owned(), later]);
    }

    #[test]
    fn the_queue_is_bounded_in_bytes() {
        let Case { queue, permits, written, .. } = case();
        for _ in 0..100 {
            queue.push(vec![b'x'; BYTES / 10]);
        }
        drop(permits);
        assert!(queue.flush(SOON), "expected all to be written");
        let lines: Vec<String> = written.try_iter().collect();
        let kept = lines.len() - 1;
        assert!(kept <= 12, "expected a megabyte and what is being written, found {kept} tenths");
        assert_eq!(lines[kept], dropped(&format!("{} log lines were", 100 - kept)));
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_told_before_the_next_line() {
        let Case { queue, permits, written, broken } = case();
        drop(permits);
        broken.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            queue.push(b"lost".to_vec());
        }
        assert!(queue.flush(SOON), "a sink that fails is not waited for");
        broken.store(false, Ordering::SeqCst);
        queue.push(b"next".to_vec());
        assert!(queue.flush(SOON), "expected all to be written");
        assert_eq!(written.try_iter().collect::<Vec<_>>(), [dropped("3 log lines were"), "next".to_owned()]);
    }

    #[test]
    fn a_queue_without_records_has_no_thread_and_is_flushed() {
        let Case { queue, .. } = case();
        assert!(queue.flush(Duration::ZERO));
        assert!(!queue.state().has_writer);
    }
}
