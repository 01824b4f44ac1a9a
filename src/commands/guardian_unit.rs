//! What systemd says of the guardian's unit: its reason, where it refused to start.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::exit::{ExitStatus, Failure};
use crate::host::runtime;
use crate::host::settings::HostSettings;
use crate::host::takeover;

const UNIT: &str = "mock-imds-net.service";

/// The reason of the guardian that failed, or that would refuse if it were started.
pub(super) fn refusal(dmi: &Path, config: &Path) -> Option<String> {
    failure().or_else(|| {
        let (settings, _) = HostSettings::load(config).ok()?;
        takeover::expected_refusal(dmi, &settings)
    })
}

/// The reason of the guardian's unit, if it has failed; it is the unit's status.
pub(super) fn failure() -> Option<String> {
    if !Path::new("/run/systemd/system").exists() {
        return None;
    }
    let mut systemctl = Command::new("systemctl");
    systemctl.args(["show", "--property=ActiveState,StatusText", UNIT]);
    let output = systemctl.env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    failed_with(&String::from_utf8_lossy(&output.stdout))
}

fn failed_with(properties: &str) -> Option<String> {
    let value = |key: &str| properties.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let status = value("StatusText").filter(|status| !status.is_empty())?;
    (value("ActiveState")? == "failed").then(|| status.to_owned())
}

/// Fails where no guardian has set up the network: then no program would reach the server that the unit starts.
pub(super) fn require_network() -> Result<(), Failure> {
    if Path::new(runtime::DEFAULT_DIRECTORY).exists() {
        return Ok(());
    }
    let reason = failure().unwrap_or_else(|| format!("it does not run; see: systemctl status {UNIT}"));
    let sentence = format!("the guardian has not set up the network of this host: {reason}");
    // Systemd shows it as the status of the unit that people start.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Status(&sentence)]);
    Err(Failure::new(ExitStatus::Config, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_unit_has_a_reason() {
        for (properties, expected) in [
            ("ActiveState=failed\nStatusText=this is x = y\n", Some("this is x = y")),
            ("ActiveState=failed\nStatusText=\n", None),
            ("ActiveState=active\nStatusText=169.254.169.254/32 on lo\n", None),
            ("", None),
        ] {
            assert_eq!(failed_with(properties).as_deref(), expected, "{properties:?}");
        }
    }
}
