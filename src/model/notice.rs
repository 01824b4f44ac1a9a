//! Notices: the paths that announce something to an instance, and the times that they show.

use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::time::Timestamp;

/// A path that announces something to an instance, below the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum Notice {
    /// The spot interruption notice, as JSON.
    #[strum(serialize = "meta-data/spot/instance-action")]
    InstanceAction,
    /// The time of the spot interruption, as text.
    #[strum(serialize = "meta-data/spot/termination-time")]
    TerminationTime,
    /// The rebalance recommendation, as JSON.
    #[strum(serialize = "meta-data/events/recommendations/rebalance")]
    Rebalance,
    /// The scheduled maintenance events, as a JSON array.
    #[strum(serialize = "meta-data/events/maintenance/scheduled")]
    Scheduled,
    /// The target lifecycle state that the Auto Scaling group sets.
    #[strum(serialize = "meta-data/autoscaling/target-lifecycle-state")]
    TargetLifecycleState,
}

/// The time of an announced action, as an event sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeDue {
    /// A duration after the notice.
    After(Duration),
    /// A duration after the daemon started.
    AfterStart(Duration),
    /// A duration after each request: the time moves with the client that asks.
    AfterRequest(Duration),
    /// An instant.
    At(InstantAsWritten),
}

impl NoticeDue {
    /// The time in a notice that is given at `notice` by a daemon that started at `started`.
    pub(crate) fn from(&self, notice: Timestamp, started: Timestamp) -> NoticeTime {
        match self {
            Self::After(span) => NoticeTime::Fixed(notice.plus(*span)),
            Self::AfterStart(span) => NoticeTime::Fixed(started.plus(*span)),
            Self::AfterRequest(span) => NoticeTime::Moving(*span),
            Self::At(instant) => NoticeTime::AsWritten(instant.clone()),
        }
    }
}

/// An instant with the text that it was read from: amazon-ec2-metadata-mock repeats such a text as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstantAsWritten {
    /// The instant.
    pub instant: Timestamp,
    /// The text, in any form of RFC 3339.
    pub text: String,
}

/// The time in a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeTime {
    /// An instant, the same for every request.
    Fixed(Timestamp),
    /// An instant that was written out, the same for every request.
    AsWritten(InstantAsWritten),
    /// A duration after each request.
    Moving(Duration),
}

impl NoticeTime {
    /// The time that a request at `now` gets.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Moving(span) => now.plus(*span),
            fixed => fixed.fixed().unwrap_or(now),
        }
    }

    /// The time, unless it moves with each request.
    pub(crate) fn fixed(&self) -> Option<Timestamp> {
        match self {
            Self::Fixed(at) | Self::AsWritten(InstantAsWritten { instant: at, .. }) => Some(*at),
            Self::Moving(_) => None,
        }
    }

    /// The text that a request at `now` gets: the original one of an instant that was written out, else RFC 3339.
    pub(crate) fn text(&self, now: Timestamp) -> String {
        match self {
            Self::AsWritten(written) => written.text.clone(),
            Self::Fixed(_) | Self::Moving(_) => self.at(now).rfc3339(),
        }
    }
}
