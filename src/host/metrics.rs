//! The guardian's metrics, from what it publishes. Pure.

use super::status::{GuardianStatus, NetMode};
use crate::metrics::MetricsText;

/// Adds them. `None`: the network is not set up, or the guardian is gone.
pub(crate) fn write(text: &mut MetricsText, guardian: Option<&GuardianStatus>) {
    let help = "1 while the guardian of the host's network runs.";
    let runs = guardian.is_some_and(|status| status.mode == NetMode::Hold);
    text.gauge("guardian_up", help).value(u8::from(runs));
    let Some(guardian) = guardian else { return };
    let help = "Restorations of what other programs removed or changed, since the setup.";
    text.counter("guardian_restorations_total", help).value(guardian.restorations.count);
    let since: Option<jiff::Timestamp> = guardian.since.parse().ok();
    if let Some(since) = since {
        let help = "When the network was set up, in seconds since 1970.";
        text.gauge("guardian_setup_time_seconds", help).value(since.as_second());
    }
    let help = "1 unless the guardian rejected its last reload.";
    text.gauge("guardian_last_reload_successful", help).value(u8::from(guardian.rejected.is_none()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_nobody_holds_has_no_guardian() {
        let up = |status: Option<GuardianStatus>| {
            let mut text = MetricsText::default();
            write(&mut text, status.as_ref());
            let text = text.into_text();
            let value = text.lines().find_map(|line| line.strip_prefix("mock_imds_guardian_up "));
            (value.map(str::to_owned), text.contains("guardian_restorations_total 0"))
        };
        let status = GuardianStatus::example;
        assert_eq!(up(Some(status(NetMode::Hold))), (Some("1".into()), true));
        assert_eq!(up(Some(status(NetMode::Up))), (Some("0".into()), true));
        assert_eq!(up(None), (Some("0".into()), false));
    }
}
