//! Hands each event to the log. There are no spans here: the registry that keeps them would take seven pages of memory and
//! a part of each start.

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};

/// What is logged.
pub(super) enum LogFilter {
    Level(LevelFilter),
    Targets(Targets),
}

/// A subscriber that gives each event that is logged to `write`.
pub(super) struct EventLog<W> {
    pub(super) filter: LogFilter,
    pub(super) write: W,
}

impl<W: Fn(&Event<'_>) + 'static> Subscriber for EventLog<W> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match &self.filter {
            LogFilter::Level(level) => metadata.level() <= level,
            LogFilter::Targets(targets) => targets.would_enable(metadata.target(), metadata.level()),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        match &self.filter {
            LogFilter::Level(level) => Some(*level),
            LogFilter::Targets(_) => None,
        }
    }

    fn event(&self, event: &Event<'_>) {
        (self.write)(event);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
