//! Lines on stderr as many programs write them: `2026/11/21 03:14:11 what happened`, in local time.

use std::fmt;
use std::io;

use jiff::Zoned;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::stderr::EventMessage;

/// The layer that writes them.
pub(super) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer().with_ansi(false).with_writer(io::stderr).event_format(Dated)
}

struct Dated;

impl<S, N> FormatEvent<S, N> for Dated
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
        write!(writer, "{} ", Zoned::now().strftime("%Y/%m/%d %H:%M:%S"))?;
        EventMessage::of(event, &mut writer)?;
        writer.write_char('\n')
    }
}
