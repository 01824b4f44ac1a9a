//! Lines on stderr: `2026-11-21T03:14:11.123456Z  WARN what happened`.
//!
//! A terminal and a file get the time. A pipe or a socket has a supervisor at its other end (Docker,
//! Kubernetes, runit), and these stamp each line themselves. Colours on a terminal only.

use std::fmt;
use std::io::{self, IsTerminal as _};

use jiff::Zoned;
use nix::sys::stat::{SFlag, fstat};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The layer that writes lines for people and supervisors.
pub(super) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let stderr = io::stderr();
    let supervised = fstat(&stderr).is_ok_and(|status| {
        let kind = status.st_mode & SFlag::S_IFMT.bits();
        kind == SFlag::S_IFIFO.bits() || kind == SFlag::S_IFSOCK.bits()
    });
    lines(if supervised { Prefix::Level } else { Prefix::TimeAndLevel }, stderr.is_terminal())
}

/// The layer that writes lines as many programs do: `2026/11/21 03:14:11 what happened`, in local time.
pub(super) fn dated_layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    lines(Prefix::LocalTime, false)
}

fn lines<S>(prefix: Prefix, ansi: bool) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(io::stderr).event_format(Lines { prefix })
}

struct Lines {
    prefix: Prefix,
}

enum Prefix {
    TimeAndLevel,
    Level,
    LocalTime,
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
        let level = *event.metadata().level();
        match self.prefix {
            Prefix::TimeAndLevel => {
                SystemTime.format_time(&mut writer)?;
                writer.write_char(' ')?;
                write_level(&mut writer, level)?;
            }
            Prefix::Level => write_level(&mut writer, level)?,
            Prefix::LocalTime => write!(writer, "{} ", Zoned::now().strftime("%Y/%m/%d %H:%M:%S"))?,
        }
        let mut message = EventMessage { writer: &mut writer, result: Ok(()) };
        event.record(&mut message);
        message.result?;
        writer.write_char('\n')
    }
}

fn write_level(writer: &mut Writer<'_>, level: Level) -> fmt::Result {
    let colour = match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        _ => 34,
    };
    if writer.has_ansi_escapes() {
        write!(writer, "\x1b[{colour}m{level:>5}\x1b[0m ")
    } else {
        write!(writer, "{level:>5} ")
    }
}

/// Writes the message without the `IMDS_` fields: the sentence has their values.
struct EventMessage<'a, 'w> {
    writer: &'a mut Writer<'w>,
    result: fmt::Result,
}

impl Visit for EventMessage<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" && self.result.is_ok() {
            self.result = write!(self.writer, "{value:?}");
        }
    }
}
