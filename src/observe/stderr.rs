//! Lines on stderr: `2026-11-21T03:14:11.123456Z  WARN what happened`.
//!
//! A terminal and a file get the time. A pipe or a socket has a supervisor at its other end (Docker,
//! Kubernetes, runit), and these stamp each line themselves. Colours on a terminal only.

use std::fmt;
use std::io::{self, IsTerminal as _};

use nix::sys::stat::{SFlag, fstat};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The layer that writes them.
pub(super) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let stderr = io::stderr();
    let supervised = fstat(&stderr).is_ok_and(|status| {
        let kind = status.st_mode & SFlag::S_IFMT.bits();
        kind == SFlag::S_IFIFO.bits() || kind == SFlag::S_IFSOCK.bits()
    });
    tracing_subscriber::fmt::layer()
        .with_ansi(stderr.is_terminal())
        .with_writer(io::stderr)
        .event_format(Lines { timed: !supervised })
}

struct Lines {
    timed: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.timed {
            SystemTime.format_time(&mut writer)?;
            writer.write_char(' ')?;
        }
        let level = *event.metadata().level();
        if writer.has_ansi_escapes() {
            write!(writer, "\x1b[{}m{level:>5}\x1b[0m ", colour(level))?;
        } else {
            write!(writer, "{level:>5} ")?;
        }
        EventMessage::of(event, &mut writer)?;
        writer.write_char('\n')
    }
}

fn colour(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        _ => 34,
    }
}

/// Writes the message and leaves the `IMDS_` fields out: the sentence has said it.
pub(super) struct EventMessage<'a, 'w> {
    writer: &'a mut Writer<'w>,
    result: fmt::Result,
}

impl EventMessage<'_, '_> {
    /// Writes that of an event.
    pub(super) fn of(event: &Event<'_>, writer: &mut Writer<'_>) -> fmt::Result {
        let mut message = EventMessage { writer, result: Ok(()) };
        event.record(&mut message);
        message.result
    }
}

impl Visit for EventMessage<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" && self.result.is_ok() {
            self.result = write!(self.writer, "{value:?}");
        }
    }
}
