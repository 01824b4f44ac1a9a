//! The end of a walk whose time is over.

use std::time::Duration;

use super::crawl::{Crawl, CrawlTask, unavailable};
use super::limit::TimeLimit;
use crate::exit::Failure;
use crate::model::{Timestamp, format_duration};

/// Paths that were not requested in time, named in a note.
const NAMED: usize = 5;

impl Crawl {
    /// The same walk, which ends after this time with what it has.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = TimeLimit::new(limit);
        self
    }

    /// The time that is left to the walk.
    pub(crate) fn time_left(&self, now: Timestamp) -> Duration {
        self.limit.left(now)
    }

    /// The failure of a walk whose time is over, and that found nothing.
    pub(crate) fn found_nothing_in_time(&self, now: Timestamp) -> Option<Failure> {
        let limit = self.limit.limit.filter(|_| self.limit.left(now).is_zero())?;
        let problem = self.problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default();
        (self.observations.value_count() == 0).then(|| {
            let limit = format_duration(limit);
            unavailable(format!("gave no value within {limit}{problem}; --max-time allows more"))
        })
    }

    /// Ends the walk: what was not requested is unknown.
    pub(super) fn leave_unrequested(&mut self) {
        self.enqueue_unlisted();
        let tasks = self.current.take().into_iter().chain(self.queue.drain(..));
        let mut left = Vec::new();
        for task in tasks {
            if let CrawlTask::Directory(path) | CrawlTask::Leaf(path, _) = task
                && !path.is_empty()
            {
                self.observations.add_unknown(&path);
                left.push(path);
            }
        }
        self.timed_notices.clear();
        let limit = format_duration(self.limit.limit.unwrap_or_default());
        let more =
            if left.len() > NAMED { format!(" and {} more", left.len() - NAMED) } else { String::new() };
        let named = left.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        self.observations
            .add_note(format!("the walk ended after {limit} (--max-time); not requested: {named}{more}"));
    }
}
