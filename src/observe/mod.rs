//! Logging: to the journal when stderr is the journal, else readable lines on stderr.
//!
//! Messages are whole sentences. The values that a program may search for stand beside them in fields whose names
//! begin with `IMDS_`: `journalctl IMDS_PATH=/latest/user-data` finds them; stderr leaves them out.

mod journal;
mod stderr;

use std::fmt;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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
    let registry = tracing_subscriber::registry().with(LevelFilter::from(level));
    let layer = if journal::is_stderr() { journal::layer().ok() } else { None };
    let _ = match layer {
        Some(layer) => registry.with(layer).try_init(),
        None => registry.with(stderr::layer()).try_init(),
    };
}

/// Starts logging as the drop-in does: dated lines on stderr, in local time. Without a level that the user chose,
/// `modules` log at theirs and the others warnings.
pub(crate) fn start_dated(chosen: Option<Level>, modules: &[(&'static str, Level)]) {
    let default = chosen.unwrap_or(Level::Warn);
    let modules = if chosen.is_some() { &[] } else { modules };
    let targets = modules.iter().map(|(module, level)| (*module, LevelFilter::from(*level)));
    let filter = Targets::new().with_default(LevelFilter::from(default)).with_targets(targets);
    let _ = tracing_subscriber::registry().with(filter).with(stderr::dated_layer()).try_init();
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
