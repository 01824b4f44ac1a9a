//! The time that a walk may take. Time is an argument.

use std::time::Duration;

use crate::model::Timestamp;

/// Counted from the first question on.
#[derive(Debug, Default)]
pub(super) struct TimeLimit {
    pub(super) limit: Option<Duration>,
    end: Option<Timestamp>,
}

impl TimeLimit {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit: Some(limit), end: None }
    }

    /// Starts the count, unless it has begun; true once the time is over.
    pub(super) fn has_passed(&mut self, now: Timestamp) -> bool {
        if let (Some(limit), None) = (self.limit, self.end) {
            self.end = Some(now.plus(limit));
        }
        self.left(now).is_zero()
    }

    pub(super) fn left(&self, now: Timestamp) -> Duration {
        self.end.map_or(Duration::MAX, |end| end.since(now))
    }
}
