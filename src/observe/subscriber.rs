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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What is logged of two modules' events.
    fn logged(filter: LogFilter) -> Vec<String> {
        let lines = Arc::new(Mutex::new(vec![]));
        let written = Arc::clone(&lines);
        let write = move |event: &Event<'_>| {
            let line = format!("{} {}", event.metadata().target(), event.metadata().level());
            written.lock().expect("nobody panics with it").push(line);
        };
        tracing::subscriber::with_default(EventLog { filter, write }, || {
            tracing::warn!(target: "a", "x");
            tracing::info!(target: "a", "x");
            tracing::debug!(target: "a", "x");
            tracing::warn!(target: "b", "x");
            tracing::info!(target: "b", "x");
        });
        lines.lock().expect("nobody panics with it").clone()
    }

    #[test]
    fn what_is_less_severe_than_the_filter_says_is_left_out() {
        let level = || LogFilter::Level(LevelFilter::INFO);
        assert_eq!(logged(level()), ["a WARN", "a INFO", "b WARN", "b INFO"]);
        let targets = Targets::new().with_default(LevelFilter::WARN).with_target("a", LevelFilter::INFO);
        assert_eq!(logged(LogFilter::Targets(targets.clone())), ["a WARN", "a INFO", "b WARN"]);
        // Whoever asks for the level of the log gets it from here.
        let hint = |filter| EventLog { filter, write: |_: &Event<'_>| () }.max_level_hint();
        assert_eq!(hint(level()), Some(LevelFilter::INFO));
        assert_eq!(hint(LogFilter::Targets(targets)), None, "each target has its own");
    }
}
