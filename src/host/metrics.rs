//! The guardian's metrics, from what it publishes. Pure.

use super::status::GuardianStatus;
use crate::metrics::MetricsText;

/// Adds them. `None`: none runs, or it is gone.
pub(crate) fn write(text: &mut MetricsText, guardian: Option<&GuardianStatus>) {
    let help = "1 while the guardian of the host's network runs.";
    text.gauge("guardian_up", help).value(u8::from(guardian.is_some()));
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
