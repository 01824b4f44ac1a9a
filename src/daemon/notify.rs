//! What the service manager hears: `sd_notify(3)`. Without one, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service is up, or up again after a reload.
pub(super) fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(&line(status))]);
}

/// What the service does has changed.
pub(super) fn status(status: &str) {
    send(&[NotifyState::Status(&line(status))]);
}

/// A reload begins; [`ready`] ends it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!("no monotonic clock for the service manager: {error}"),
    }
}

/// The service stops.
pub(super) fn stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("finishing the requests that are being answered")]);
}

/// The service is alive.
pub(super) fn watchdog() {
    send(&[NotifyState::Watchdog]);
}

/// How often to say so: twice in the time that the manager allows.
pub(super) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|allowed| allowed / 2).filter(|interval| !interval.is_zero())
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("cannot notify the service manager: {error}");
    }
}

/// A message of the protocol is a line; what a file's name brings in must not begin another.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_status_stays_one_line() {
        assert_eq!(super::line("a\nREADY=1\r\tb"), "a READY=1  b");
    }
}
