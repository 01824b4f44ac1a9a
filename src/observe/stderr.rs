//! Lines on stderr: `2026-11-21T03:14:11.123456Z  WARN what happened`.
//!
//! A file gets the time, and a terminal that of the people before it: `04:14:11  WARN what happened`. A pipe or a socket has
//! a supervisor at its other end (Docker, Kubernetes, runit), and these stamp each line themselves.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Stderr};
use std::os::fd::AsFd;
use std::sync::Arc;

use jiff::Zoned;
use jiff::tz::TimeZone;
use nix::sys::stat::{SFlag, fstat};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

use super::descriptor::RecordWriter;
use super::queue::{Sink, WriteQueue};
use super::subscriber::{EventLog, LogFilter};
use crate::clock;
use crate::terminal::{has_color, local_time};

/// The form of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineFormat {
    prefix: Prefix,
    ansi: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    TimeAndLevel,
    LocalTimeAndLevel,
    Level,
    LocalDate,
}

impl LineFormat {
    /// For people and supervisors.
    pub(super) fn of_stderr() -> Self {
        Self::of(&io::stderr())
    }

    fn of(stream: &(impl AsFd + IsTerminal)) -> Self {
        let supervised = fstat(stream).is_ok_and(|status| {
            let kind = status.st_mode & SFlag::S_IFMT.bits();
            kind == SFlag::S_IFIFO.bits() || kind == SFlag::S_IFSOCK.bits()
        });
        let prefix = match (supervised, stream.is_terminal()) {
            (true, _) => Prefix::Level,
            (false, true) => Prefix::LocalTimeAndLevel,
            (false, false) => Prefix::TimeAndLevel,
        };
        Self { prefix, ansi: has_color(stream.is_terminal()) }
    }

    /// As many programs have it: `2026/11/21 03:14:11 what happened`, in local time.
    pub(super) fn dated() -> Self {
        Self { prefix: Prefix::LocalDate, ansi: false }
    }

    fn line(self, event: &Event<'_>) -> String {
        let mut line = String::new();
        // A value that fails to show itself ends its line.
        let _ = self.write_prefix(&mut Writer::new(&mut line), *event.metadata().level());
        event.record(&mut EventMessage(&mut line));
        line.push('\n');
        line
    }

    fn write_prefix(self, writer: &mut Writer<'_>, level: Level) -> fmt::Result {
        match self.prefix {
            Prefix::TimeAndLevel => {
                SystemTime.format_time(writer)?;
                writer.write_char(' ')?;
                write_level(writer, level, self.ansi)
            }
            Prefix::LocalTimeAndLevel => {
                write!(writer, "{} ", local_time(clock::now(), &TimeZone::system(), false))?;
                write_level(writer, level, self.ansi)
            }
            Prefix::Level => write_level(writer, level, self.ansi),
            Prefix::LocalDate => write!(writer, "{} ", Zoned::now().strftime("%Y/%m/%d %H:%M:%S")),
        }
    }
}

/// The log that writes lines to the queue of [`StderrSink`].
pub(super) fn log(filter: LogFilter, format: LineFormat, queue: Arc<WriteQueue>) -> impl Subscriber {
    EventLog { filter, write: move |event: &Event<'_>| queue.push(format.line(event).into_bytes()) }
}

pub(super) struct StderrSink {
    format: LineFormat,
    stderr: RecordWriter<Stderr>,
}

impl StderrSink {
    pub(super) fn new(format: LineFormat) -> Self {
        Self { format, stderr: RecordWriter::new(io::stderr()) }
    }
}

impl Sink for StderrSink {
    fn write(&mut self, record: &[u8]) -> io::Result<()> {
        self.stderr.write(record)
    }

    fn warning(&self, message: &str) -> Vec<u8> {
        let mut line = String::new();
        let _ = self.format.write_prefix(&mut Writer::new(&mut line), Level::WARN);
        line.push_str(message);
        line.push('\n');
        line.into_bytes()
    }
}

fn write_level(writer: &mut Writer<'_>, level: Level, ansi: bool) -> fmt::Result {
    let colour = match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        _ => 34,
    };
    if ansi { write!(writer, "\x1b[{colour}m{level:>5}\x1b[0m ") } else { write!(writer, "{level:>5} ") }
}

/// Writes the message without the `IMDS_` fields: the sentence has their values.
struct EventMessage<'a>(&'a mut String);

impl Visit for EventMessage<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc::{Sender, channel};

    use tracing::level_filters::LevelFilter;

    use super::*;

    #[test]
    fn levels_have_their_colours() {
        let shown = |level, ansi| {
            let mut line = String::new();
            let format = LineFormat { prefix: Prefix::Level, ansi };
            format.write_prefix(&mut Writer::new(&mut line), level).expect("a string takes everything");
            line
        };
        for (level, expected) in [
            (Level::ERROR, "\x1b[31mERROR\x1b[0m "),
            (Level::WARN, "\x1b[33m WARN\x1b[0m "),
            (Level::INFO, "\x1b[32m INFO\x1b[0m "),
            (Level::DEBUG, "\x1b[34mDEBUG\x1b[0m "),
            (Level::TRACE, "\x1b[34mTRACE\x1b[0m "),
        ] {
            assert_eq!(shown(level, true), expected);
            assert_eq!(shown(level, false), format!("{level:>5} "));
        }
    }

    /// Sends each record to a test.
    struct Sent(Sender<Vec<u8>>);

    impl Sink for Sent {
        fn write(&mut self, record: &[u8]) -> io::Result<()> {
            self.0.send(record.to_vec()).map_err(io::Error::other)
        }

        fn warning(&self, _message: &str) -> Vec<u8> {
            vec![]
        }
    }

    #[test]
    fn a_line_has_the_sentence_and_not_its_fields() {
        let (sender, sent) = channel();
        let queue = WriteQueue::new(Sent(sender));
        let format = LineFormat { prefix: Prefix::Level, ansi: false };
        let log = log(LogFilter::Level(LevelFilter::TRACE), format, queue);
        tracing::subscriber::with_default(log, || {
            tracing::warn!(IMDS_PATH = "/x", IMDS_STATUS = 404, "what happened");
        });
        let line = sent.recv().expect("the queue is alive");
        assert_eq!(String::from_utf8_lossy(&line), " WARN what happened\n");
    }

    #[test]
    fn a_supervisor_stamps_the_lines_itself_and_a_file_does_not() {
        let (_, pipe) = io::pipe().expect("descriptors are left");
        let (socket, _) = UnixStream::pair().expect("descriptors are left");
        let file = File::open("/proc/self/exe").expect("every process has one");
        let device = File::open("/dev/null").expect("every system has it");
        for (what, stream, expected) in [
            ("a pipe", OwnedFd::from(pipe), Prefix::Level),
            ("a socket", socket.into(), Prefix::Level),
            ("a file", file.into(), Prefix::TimeAndLevel),
            ("a device", device.into(), Prefix::TimeAndLevel),
        ] {
            assert_eq!(LineFormat::of(&File::from(stream)).prefix, expected, "{what}");
        }
    }
}
