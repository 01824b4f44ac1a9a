//! Lines on stdout of a server: they are waited for as little as the log is.

use std::io::{self, IoSlice, Stdout};

use rustix::io::{ReadWriteFlags, pwritev2};

use super::descriptor::RecordWriter;
use super::queue::Sink;

/// As an offset: write(2)'s own. A pipe has no other.
const CURRENT_POSITION: u64 = u64::MAX;

/// Writes a line to stdout if that takes it at once, as a pipe with a reader does; else gives `false`, and nothing is written.
///
/// The kernel knows it of few other files, and says so: those are for the thread that may wait.
pub(super) fn write_at_once(line: &[u8]) -> bool {
    // Up to this length a line gets into a pipe as a whole, or not at all.
    line.len() <= libc::PIPE_BUF
        && pwritev2(io::stdout(), &[IoSlice::new(line)], CURRENT_POSITION, ReadWriteFlags::NOWAIT)
            .is_ok_and(|written| written == line.len())
}

pub(super) struct StdoutSink(RecordWriter<Stdout>);

impl StdoutSink {
    pub(super) fn new() -> Self {
        Self(RecordWriter::new(io::stdout()))
    }
}

impl Sink for StdoutSink {
    fn write(&mut self, record: &[u8]) -> io::Result<()> {
        self.0.write(record)
    }

    /// What is on stdout is for programs: they would not understand it.
    fn warning(&self, _message: &str) -> Vec<u8> {
        Vec::new()
    }
}
