//! Lines on stdout of a server: they are waited for as little as the log is.

use std::io::{self, IoSlice, Stdout};
use std::os::fd::AsFd;

use rustix::io::{ReadWriteFlags, pwritev2};

use super::descriptor::RecordWriter;
use super::queue::Sink;

/// As an offset: write(2)'s own. A pipe has no other.
const CURRENT_POSITION: u64 = u64::MAX;

/// Writes a line if the file takes it at once, as a pipe with a reader does; else gives `false`, and nothing is written.
///
/// The kernel knows it of few other files, and says so: those are for the thread that may wait.
pub(super) fn write_at_once(to: impl AsFd, line: &[u8]) -> bool {
    // Up to this length a line gets into a pipe as a whole, or not at all.
    line.len() <= libc::PIPE_BUF
        && pwritev2(to, &[IoSlice::new(line)], CURRENT_POSITION, ReadWriteFlags::NOWAIT)
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, pipe};

    use super::*;

    #[test]
    fn nothing_is_said_between_the_lines_for_programs() {
        assert_eq!(StdoutSink::new().warning("1 log line was dropped here"), [0; 0]);
    }

    #[test]
    fn a_pipe_takes_a_line_whole_or_not_at_all() {
        let (mut read, write) = pipe().expect("descriptors are left");
        let longest = vec![b'x'; libc::PIPE_BUF];
        let longer = vec![b'x'; libc::PIPE_BUF + 1];
        assert!(!write_at_once(&write, &longer), "it might get in only in part");
        // An older kernel knows of no pipe that it takes a line at once.
        let is_known =
            pwritev2(&write, &[IoSlice::new(b"!")], CURRENT_POSITION, ReadWriteFlags::NOWAIT).is_ok();
        assert_eq!(write_at_once(&write, b"a line\n"), is_known, "an empty pipe, as the kernel knows it");
        if !is_known {
            return;
        }
        let mut lines = 0;
        while write_at_once(&write, &longest) {
            lines += 1;
        }
        assert!(lines > 0 && !write_at_once(&write, &longest), "it is full");
        drop(write);
        let mut found = Vec::new();
        read.read_to_end(&mut found).expect("the pipe is readable");
        assert_eq!(found.len(), b"!a line\n".len() + lines * longest.len());
        let (read, write) = pipe().expect("descriptors are left");
        drop(read);
        assert!(!write_at_once(&write, b"a line\n"), "nobody reads it");
    }
}
