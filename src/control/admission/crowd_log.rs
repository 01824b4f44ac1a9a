//! A line in the log when connections are ended or refused; at most one a minute.

use std::time::Duration;

use tokio::time::Instant;

const INTERVAL: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(super) struct CrowdLog {
    last: Option<Instant>,
    /// Since the last line.
    count: u64,
}

impl CrowdLog {
    /// Notes that a connection of this user was ended or refused.
    pub(super) fn note(&mut self, now: Instant, uid: u32) {
        if let Some(count) = self.due(now) {
            let connections = if count == 1 { "a connection" } else { "connections" };
            tracing::warn!(
                "the control socket has no place left for user {uid}: {connections} ended or refused, {count} since the \
                 last such line"
            );
        }
    }

    /// The count for a line, if there may be one.
    fn due(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        if self.last.is_some_and(|last| now.duration_since(last) < INTERVAL) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_line_a_minute_with_the_count() {
        let (mut log, start) = (CrowdLog::default(), Instant::now());
        assert_eq!(log.due(start), Some(1), "the first is told at once");
        for seconds in 1..60 {
            assert_eq!(log.due(start + Duration::from_secs(seconds)), None);
        }
        assert_eq!(log.due(start + INTERVAL), Some(60));
    }
}
