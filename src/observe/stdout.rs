//! Lines on stdout of a server: they are waited for as little as the log is.

use std::io::{self, Stdout};

use super::descriptor::RecordWriter;
use super::queue::Sink;

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
