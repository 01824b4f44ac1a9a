//! Logging: to the journal when stderr is the journal, else readable lines on stderr.
//!
//! Messages are whole sentences. The values that a program may search for stand beside them in fields whose names
//! begin with `IMDS_`: `journalctl IMDS_PATH=/latest/user-data` finds them; stderr leaves them out.
//!
//! Nothing waits for either: a thread of its own writes what is logged ([`queue`]).

mod descriptor;
mod journal;
mod queue;
mod stderr;
mod stdout;
mod subscriber;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;
use std::{fmt, panic};

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;

use crate::terminal::Terminal;
use journal::JournalSink;
use queue::WriteQueue;
use stderr::{LineFormat, StderrSink};
use stdout::StdoutSink;
use subscriber::LogFilter;

/// At the end the process waits so long for what is not written.
const FLUSH: Duration = Duration::from_secs(1);

static LOG: OnceLock<Arc<WriteQueue>> = OnceLock::new();
/// Requests are shown, a line for each.
static SHOWS_REQUESTS: AtomicBool = AtomicBool::new(false);
static STDOUT: LazyLock<Arc<WriteQueue>> = LazyLock::new(|| WriteQueue::new(StdoutSink::new()));

/// The least severe level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Level {
    /// What failed
    Error,
    /// And what deserves attention
    Warn,
    /// And what changed: start, reload, stop
    #[default]
    Info,
    /// And every request
    Debug,
    /// And every step
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LevelFilter::from(*self).fmt(f)
    }
}

/// `true` if the journal records what this process writes to stderr.
pub(crate) fn under_journal() -> bool {
    journal::is_stderr()
}

/// Starts logging for the whole process. A second call changes nothing.
pub(crate) fn start(level: Level) {
    let filter = LogFilter::Level(level.into());
    if let Some(sink) = journal::is_stderr().then(JournalSink::open).and_then(Result::ok) {
        let queue = queue_log(WriteQueue::new(sink));
        let _ = set_global_default(journal::log(filter, queue));
    } else {
        start_lines(filter, LineFormat::of_stderr());
    }
}

fn start_lines(filter: LogFilter, format: LineFormat) {
    let queue = queue_log(WriteQueue::new(StderrSink::new(format)));
    let _ = set_global_default(stderr::log(filter, format, queue));
}

/// Starts logging as the drop-in does: dated lines on stderr, in local time. Without a level that the user chose,
/// `modules` log at theirs and the others warnings.
pub(crate) fn start_dated(chosen: Option<Level>, modules: &[(&'static str, Level)]) {
    let default = chosen.unwrap_or(Level::Warn);
    let modules = if chosen.is_some() { &[] } else { modules };
    let targets = modules.iter().map(|(module, level)| (*module, LevelFilter::from(*level)));
    let filter = Targets::new().with_default(LevelFilter::from(default)).with_targets(targets);
    start_lines(LogFilter::Targets(filter), LineFormat::dated());
}

fn queue_log(queue: Arc<WriteQueue>) -> Arc<WriteQueue> {
    let queue = Arc::clone(LOG.get_or_init(|| queue));
    // A panic aborts the process, and what is queued would be lost with it.
    panic::set_hook(Box::new(|panic| {
        tracing::error!("{}", with_backtrace(panic, &Backtrace::capture()));
        flush();
    }));
    queue
}

/// A panic, and the way to it if that is asked for.
fn with_backtrace(panic: &impl fmt::Display, backtrace: &Backtrace) -> String {
    match backtrace.status() {
        BacktraceStatus::Captured => format!("{panic}\n{backtrace}"),
        _ => panic.to_string(),
    }
}

/// Waits until what was logged is written, a second at most; `false` if it is not. To be called before the process ends,
/// before it executes another program, and before anything that shall come after the log.
pub(crate) fn flush() -> bool {
    LOG.get().is_none_or(|queue| queue.flush(FLUSH))
}

/// Prints to stdout, after what was logged, and waits a second at most. A reader that is gone is no failure.
pub(crate) fn print(text: &str) {
    flush();
    // What was printed before is written, or is before it in the queue.
    if !STDOUT.flush(Duration::ZERO) || !stdout::write_at_once(io::stdout(), text.as_bytes()) {
        STDOUT.push(text.as_bytes().to_vec());
        STDOUT.flush(FLUSH);
    }
}

/// Has each request shown from now on, if somebody looks on: if stderr is a terminal, and the log level the usual one.
/// Above it they are not wanted, and below it the log has them.
pub(crate) fn show_requests() {
    let are_shown = are_requests_shown(LevelFilter::current(), io::stderr().is_terminal());
    SHOWS_REQUESTS.store(are_shown, Ordering::Relaxed);
}

fn are_requests_shown(level: LevelFilter, is_terminal: bool) -> bool {
    level == LevelFilter::INFO && is_terminal
}

/// Shows the line of a request among those of the log, if requests are shown. Nothing waits for it.
pub(crate) fn show_request(line: impl FnOnce(Terminal) -> String) {
    if !SHOWS_REQUESTS.load(Ordering::Relaxed) {
        return;
    }
    if let Some(log) = LOG.get() {
        log.push_request(&line(Terminal::of(&io::stderr())));
    }
}

/// Logs a report, one message for each line: errors if `rejected`, else warnings.
///
/// On a terminal `systemctl status` shows ten messages, but only the first three lines of a long one.
pub(crate) fn report(report: &impl fmt::Display, rejected: bool) {
    for line in report.to_string().lines() {
        if rejected {
            tracing::error!("{line}");
        } else {
            tracing::warn!("{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// The level and the message of each event.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Logged {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn event(&self, event: &Event<'_>) {
            let mut line = event.metadata().level().to_string();
            event.record(&mut Message(&mut line));
            self.0.lock().expect("nobody panics with it").push(line);
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    struct Message<'a>(&'a mut String);

    impl Visit for Message<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            if field.name() == "message" {
                let _ = fmt::Write::write_fmt(self.0, format_args!(" {value:?}"));
            }
        }
    }

    /// `systemctl status` shows ten messages, but only the first three lines of a long one.
    #[test]
    fn a_report_is_a_message_for_each_line() {
        let logged = |rejected| {
            let lines = Logged::default();
            tracing::subscriber::with_default(lines.clone(), || {
                report(&"a.toml:1:1: error: x\n  1 | x\n", rejected);
            });
            lines.0.lock().expect("nobody panics with it").clone()
        };
        assert_eq!(logged(true), ["ERROR a.toml:1:1: error: x", "ERROR   1 | x"]);
        assert_eq!(logged(false), ["WARN a.toml:1:1: error: x", "WARN   1 | x"]);
    }

    /// A log that a program reads has none of them, whatever its level.
    #[test]
    fn requests_are_shown_on_a_terminal_at_the_usual_level() {
        for level in Level::value_variants() {
            for is_terminal in [true, false] {
                let expected = is_terminal && *level == Level::default();
                let found = are_requests_shown((*level).into(), is_terminal);
                assert_eq!(found, expected, "at {level}, on a terminal: {is_terminal}");
            }
        }
    }

    #[test]
    fn a_backtrace_follows_a_panic_if_there_is_one() {
        assert_eq!(with_backtrace(&"panicked", &Backtrace::disabled()), "panicked");
        let found = with_backtrace(&"panicked", &Backtrace::force_capture());
        let (sentence, way) = found.split_once('\n').expect("lines below it");
        assert!(sentence == "panicked" && !way.is_empty(), "{found}");
    }

    #[test]
    fn a_level_is_written_as_the_command_line_takes_it() {
        for level in Level::value_variants() {
            let word = level.to_possible_value().expect("none is hidden");
            assert_eq!(level.to_string(), word.get_name());
        }
    }
}
