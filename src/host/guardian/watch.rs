//! The loop: wait for notifications, compare, restore.
//!
//! Addresses and interfaces are watched always. The tables are watched only where they are not owned: an owned table can't
//! be changed by anybody else.

use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Guardian;
use super::signals::{BlockedSignals, GuardianEvent};
use crate::clock;
use crate::exit::Failure;
use crate::host::HostError;
use crate::host::backoff::LogDecision;
use crate::host::network::{Deviation, RefusalChange};
use crate::host::status::Restoration;

/// Delay after a notification, to handle further ones with it: a flush comes as many.
const COLLECT_DELAY: Duration = Duration::from_millis(10);

const RETRY_DELAY: Duration = Duration::from_secs(1);

impl Guardian {
    /// Restores what other programs remove, until a signal comes.
    pub(super) fn watch(&mut self, signals: &BlockedSignals) -> Result<GuardianEvent, Failure> {
        // Something may have happened before the watch was opened.
        let mut due = Some(self.elapsed());
        let (mut follow_due, mut followed) = (due, Duration::ZERO);
        let (mut faults_due, mut faults_followed) = (due, Duration::ZERO);
        loop {
            if self.wait(signals, [due, follow_due, faults_due].into_iter().flatten().min())?
                && let Some(event) = signals.read()
            {
                return Ok(event);
            }
            // Not at the pace of restorations: a bridge to the LAN must not wait for somebody who removes the address.
            if self.link_watch.drain()? && follow_due.is_none() {
                follow_due = Some(self.elapsed().max(followed + COLLECT_DELAY));
            }
            if follow_due.is_some_and(|due| due <= self.elapsed()) {
                follow_due = self.follow();
                followed = self.elapsed();
            }
            if self.connection_faults.drain() {
                faults_due = Some(self.elapsed().max(faults_followed + COLLECT_DELAY));
            }
            if faults_due.is_some_and(|due| due <= self.elapsed()) {
                faults_due = self.follow_connection_faults();
                faults_followed = self.elapsed();
            }
            let mut changed = self.address_watch.drain()?;
            if let Some(tables) = &mut self.table_watch {
                changed |= tables.drain()?;
            }
            if changed && due.is_none() {
                due = Some(self.backoff.earliest_next().max(self.elapsed() + COLLECT_DELAY));
            }
            if due.is_some_and(|due| due <= self.elapsed()) {
                due = self.check();
            }
        }
    }

    /// Waits for a notification, a signal or the time; true if a signal came.
    fn wait(&self, signals: &BlockedSignals, due: Option<Duration>) -> Result<bool, HostError> {
        let remaining = due.map(|due| due.saturating_sub(self.elapsed()) + Duration::from_micros(999));
        let timeout = remaining.map_or(PollTimeout::NONE, |remaining| {
            PollTimeout::try_from(remaining.as_millis()).unwrap_or(PollTimeout::MAX)
        });
        let mut fds = vec![
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.address_watch.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.link_watch.as_fd(), PollFlags::POLLIN),
        ];
        fds.extend(self.connection_faults.fd().map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        fds.extend(self.table_watch.as_ref().map(|tables| PollFd::new(tables.as_fd(), PollFlags::POLLIN)));
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(fds[0].any().unwrap_or(false)),
            Err(error) => Err(HostError::kernel("wait for notifications", error)),
        }
    }

    /// Keeps interfaces out that lead out of this host by now. Returns the time of the next look without a notification,
    /// after a failure only.
    fn follow(&mut self) -> Option<Duration> {
        match self.network.follow_links() {
            Ok(None) => None,
            Ok(Some(change)) => {
                for uplink in change.removed {
                    self.logged.remove(&uplink.warning());
                    tracing::info!("{} does not lead out of this host any more, or is gone", uplink.name);
                }
                self.publish();
                None
            }
            Err(error) => {
                tracing::error!("the tables could not follow the interfaces: {error}");
                Some(self.retry())
            }
        }
    }

    /// Lets those connections fail that the server lists. Returns the time of the next look without a notification.
    fn follow_connection_faults(&mut self) -> Option<Duration> {
        let faults = self.connection_faults.refresh().to_vec();
        let next = self.connection_faults.next_check();
        match self.network.follow_connection_faults(&faults) {
            Ok(false) => {}
            Ok(true) => {
                let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
                let words = if words.is_empty() { "pass again".to_owned() } else { words.join("; ") };
                tracing::info!("connections {words}");
                self.publish();
            }
            Err(error) => {
                tracing::error!("the tables could not follow the faults of connections: {error}");
                return Some(self.retry());
            }
        }
        next.map(|next| self.elapsed() + next)
    }

    /// Compares and restores. Returns the time of the next check without a notification, after a failure only.
    fn check(&mut self) -> Option<Duration> {
        let restored = self.follow_refusals().and_then(|()| self.network.deviations());
        let restored = restored.and_then(|deviations| self.restore(&deviations));
        match restored {
            Ok(()) => None,
            Err(error) => {
                tracing::error!("what was removed could not be restored: {error}");
                self.backoff.record(self.elapsed());
                Some(self.retry())
            }
        }
    }

    /// When what has failed is tried again.
    fn retry(&self) -> Duration {
        self.elapsed() + RETRY_DELAY
    }

    /// Gives an endpoint's address up for a network that came up meanwhile, such as Docker's after a boot, and takes it again
    /// when that is gone.
    fn follow_refusals(&mut self) -> Result<(), HostError> {
        let Some(RefusalChange { lifted }) = self.network.follow_refusals()? else { return Ok(()) };
        for refused in lifted {
            self.logged.remove(&refused.sentence());
            tracing::info!("nothing stands against the endpoint {} any more", refused.endpoint.name());
        }
        self.publish();
        Ok(())
    }

    fn restore(&mut self, deviations: &[Deviation]) -> Result<(), HostError> {
        let (unrestorable, restorable): (Vec<_>, Vec<_>) = deviations
            .iter()
            .cloned()
            .partition(|deviation| matches!(deviation, Deviation::OnOtherInterface(..)));
        for deviation in unrestorable.iter().map(Deviation::to_string) {
            if self.logged.insert(deviation.clone()) {
                tracing::warn!("{deviation}");
            }
        }
        if restorable.is_empty() {
            return Ok(());
        }
        self.network.restore(&restorable)?;
        let decision = self.backoff.record(self.elapsed());
        for deviation in &restorable {
            match decision {
                LogDecision::Log => tracing::warn!("{deviation}; restored"),
                LogDecision::LogRepeated => tracing::warn!(
                    "{deviation}; restored repeatedly: find out what removes it; from now on it is restored \
                     once a second and logged once a minute"
                ),
                LogDecision::Skip => {}
            }
            self.history
                .restorations
                .push(Restoration { at: clock::now().rfc3339(), what: deviation.to_string() });
        }
        self.publish();
        Ok(())
    }
}
