//! Messages to the service manager: `sd_notify(3)`. Without one, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// A manager may read 4 KiB of a datagram.
const MAX_STATUS_BYTES: usize = 2_000;

/// The service is up, or up again after a reload.
pub(super) fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(&line(status))]);
}

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

pub(super) fn stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("finishing the requests that are being answered")]);
}

pub(super) fn watchdog() {
    send(&[NotifyState::Watchdog]);
}

/// The interval of [`watchdog`]: twice in the time that the manager allows.
pub(super) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().and_then(interval_within)
}

fn interval_within(allowed: Duration) -> Option<Duration> {
    Some(allowed / 2).filter(|interval| !interval.is_zero())
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("cannot notify the service manager: {error}");
    }
}

/// A message of the protocol is a line; what a file's name brings in must not begin another, nor make the datagram so
/// large that the manager reads none of it.
fn line(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(MAX_STATUS_BYTES)];
    let end = if cut.len() < text.len() { "…" } else { "" };
    cut.chars().map(|c| if c.is_control() { ' ' } else { c }).chain(end.chars()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn the_watchdog_is_fed_twice_in_the_time_that_is_allowed() {
        let interval = |micros| super::interval_within(Duration::from_micros(micros));
        assert_eq!(interval(30_000_000), Some(Duration::from_secs(15)));
        assert_eq!(interval(0), None);
    }

    #[test]
    fn a_status_stays_one_line() {
        assert_eq!(super::line("a\nREADY=1\r\tb"), "a READY=1  b");
    }

    #[test]
    fn a_status_fits_into_a_datagram() {
        assert_eq!(super::line(&"ä".repeat(150_000)), format!("{}…", "ä".repeat(1_000)));
    }
}
