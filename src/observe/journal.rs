//! The journal of systemd, if stderr goes there, in its native protocol: <https://systemd.io/JOURNAL_NATIVE_PROTOCOL>.
//!
//! A record is a datagram of fields. The library that does this waits inside of the program's calls for a journal that
//! hangs, and does not say what it lost.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fmt, io};

use nix::sys::stat::fstat;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};

use super::queue::{Sink, WriteQueue};
use super::subscriber::{EventLog, LogFilter};

const SOCKET: &str = "/run/systemd/journal/socket";
/// A longer message is cut: the kernel takes no datagram that is longer than a socket's send buffer.
const MESSAGE_BYTES: usize = 64 << 10;

/// `true` if stderr is the stream that systemd connected.
///
/// Terminals of desktop sessions inherit `JOURNAL_STREAM` from the session's own service, so its device and
/// inode must be those of our stderr.
pub(super) fn is_stderr() -> bool {
    let Ok(status) = fstat(io::stderr()) else { return false };
    names(env::var("JOURNAL_STREAM").ok().as_deref(), status.st_dev, status.st_ino)
}

/// `true` if `JOURNAL_STREAM`, "device:inode", names this file.
fn names(stream: Option<&str>, device: u64, inode: u64) -> bool {
    stream
        .and_then(|stream| stream.split_once(':'))
        .is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// The log that writes records to the queue of a [`JournalSink`].
pub(super) fn log(filter: LogFilter, queue: Arc<WriteQueue>) -> impl Subscriber {
    EventLog { filter, write: move |event: &Event<'_>| queue.push(Record::of(event).0) }
}

pub(super) struct JournalSink {
    socket: UnixDatagram,
    journal: PathBuf,
}

impl JournalSink {
    /// Fails where no journal listens.
    pub(super) fn open() -> io::Result<Self> {
        Self::at(Path::new(SOCKET))
    }

    fn at(journal: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // The journal ignores an empty datagram. One that hangs is a journal too.
        socket.set_nonblocking(true)?;
        match socket.send_to(&[], journal) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => socket.set_nonblocking(false)?,
        }
        Ok(Self { socket, journal: journal.to_owned() })
    }
}

impl Sink for JournalSink {
    /// By path, as the journal's restart makes a new socket.
    fn write(&mut self, record: &[u8]) -> io::Result<()> {
        self.socket.send_to(record, &self.journal).map(drop)
    }

    fn warning(&self, message: &str) -> Vec<u8> {
        let mut record = Record::new(Level::WARN);
        record.put("MESSAGE", message);
        record.0
    }
}

/// The fields of a record, as the journal reads them.
struct Record(Vec<u8>);

impl Record {
    fn of(event: &Event<'_>) -> Self {
        let metadata = event.metadata();
        let mut record = Self::new(*metadata.level());
        record.put("TARGET", metadata.target());
        if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
            record.put("CODE_FILE", file);
            record.put("CODE_LINE", &line.to_string());
        }
        event.record(&mut record);
        record
    }

    fn new(level: Level) -> Self {
        let priority = match level {
            Level::ERROR => "3",
            Level::WARN => "4",
            Level::INFO => "6",
            _ => "7",
        };
        let mut record = Self(Vec::with_capacity(256));
        record.put("PRIORITY", priority);
        record.put("SYSLOG_IDENTIFIER", "mock-imds");
        record
    }

    /// With the length, as a value may have newlines.
    fn put(&mut self, name: &str, value: &str) {
        let value = &value[..value.floor_char_boundary(MESSAGE_BYTES)];
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'\n');
        self.0.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'\n');
    }
}

impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.put("MESSAGE", value),
            name if name.starts_with("IMDS_") => self.put(name, value),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use tracing::level_filters::LevelFilter;

    use super::*;

    fn socket(name: &str) -> (PathBuf, UnixDatagram) {
        let path = env::temp_dir().join(format!("mock-imds-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).expect("the temporary directory is writable");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("the time-out is not zero");
        (path, socket)
    }

    fn receive(journal: &UnixDatagram) -> String {
        let mut bytes = vec![0; 1 << 20];
        let count = journal.recv(&mut bytes).expect("a datagram");
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    }

    #[test]
    fn an_event_is_a_record_of_fields() {
        let (path, journal) = socket("journal");
        let queue = WriteQueue::new(JournalSink::at(&path).expect("it listens"));
        assert_eq!(receive(&journal), "", "the question whether it listens");
        let log = log(LogFilter::Level(LevelFilter::TRACE), queue);
        tracing::subscriber::with_default(log, || {
            tracing::info!(IMDS_STATUS = 200, IMDS_PATH = "/a", other = 3, "two\nlines");
            tracing::warn!("{}", "x".repeat(1 << 20));
        });
        let found = receive(&journal);
        let field = |name: &str, value: &str| {
            format!("{name}\n{}\0\0\0\0\0\0\0{value}\n", char::from(u8::try_from(value.len()).unwrap()))
        };
        for (name, value) in [
            ("PRIORITY", "6"),
            ("SYSLOG_IDENTIFIER", "mock-imds"),
            ("TARGET", module_path!()),
            ("CODE_FILE", file!()),
            ("IMDS_STATUS", "200"),
            ("IMDS_PATH", "/a"),
            ("MESSAGE", "two\nlines"),
        ] {
            assert!(found.contains(&field(name, value)), "expected {name}={value:?}, found {found:?}");
        }
        assert!(!found.contains("other"), "{found:?}");
        let cut = receive(&journal);
        assert!(cut.contains("PRIORITY\n\u{1}\0\0\0\0\0\0\x004\n"), "expected a warning");
        assert!(cut.len() < MESSAGE_BYTES + 1000, "expected a message that was cut, found {}", cut.len());
        let _ = fs::remove_file(path);
    }

    #[test]
    fn a_journal_that_hangs_does_not_delay_the_start() {
        let (path, _journal) = socket("hanging");
        let client = UnixDatagram::unbound().expect("descriptors are left");
        client.set_nonblocking(true).expect("it can be set");
        while client.send_to(b"x", &path).is_ok() {}
        assert!(JournalSink::at(&path).is_ok());
        let _ = fs::remove_file(&path);
        assert!(JournalSink::at(&path).is_err(), "expected no journal where none listens");
    }

    #[test]
    fn only_our_own_stderr_counts() {
        let cases = [
            (Some("8:1234"), true),
            (Some("8:1235"), false),
            (Some("9:1234"), false),
            (Some("8"), false),
            (Some(""), false),
            (Some("8:1234:5"), false),
            (None, false),
        ];
        for (stream, expected) in cases {
            assert_eq!(names(stream, 8, 1234), expected, "JOURNAL_STREAM={stream:?} for 8:1234");
        }
    }
}
