//! Takeover of 169.254.169.254 on a real cloud machine: refused unless the administrator allows it, in host.toml, by an
//! option, or by a variable of the unit's environment.

use std::fs;
use std::path::Path;

use super::HostError;
use super::cloud::{self, DetectedCloud};
use super::settings::{Endpoint, HostSettings};

/// The variable that allows it, of a process or in one of [`ENVIRONMENT_FILES`].
pub(crate) const VARIABLE: &str = "MOCK_IMDS_ALLOW_TAKEOVER";
/// The unit reads these: Debian's place and that of RPM systems, below a root.
const ENVIRONMENT_FILES: [&str; 2] = ["etc/default/mock-imds", "etc/sysconfig/mock-imds"];

/// Refuses on a real cloud machine unless takeover is allowed. `dmi` is [`cloud::DMI`], or made up.
pub(crate) fn check(dmi: &Path, allowed: bool) -> Result<(), HostError> {
    match cloud::detect(dmi) {
        Some(found) if !allowed => Err(HostError::Refused(refusal(dmi, &found))),
        Some(found) => {
            tracing::warn!(
                "this is a real {} machine; its metadata is hidden because takeover is allowed",
                found.cloud
            );
            Ok(())
        }
        None => Ok(()),
    }
}

/// What the guardian's unit would refuse with on this host: for those who look before it was started.
pub(crate) fn expected_refusal(dmi: &Path, settings: &HostSettings) -> Option<String> {
    if !settings.serves(Endpoint::Imds) {
        return None;
    }
    let allowed = settings.allow_takeover || allowed_by_environment(Path::new("/"));
    cloud::detect(dmi).filter(|_| !allowed).map(|found| refusal(dmi, &found))
}

/// This process' environment allows it, or that of the unit.
pub(crate) fn allowed_by_environment(root: &Path) -> bool {
    let here = std::env::var(VARIABLE).ok();
    let files = ENVIRONMENT_FILES.iter().filter_map(|file| fs::read_to_string(root.join(file)).ok());
    here.is_some_and(|value| parse_switch(&value) == Ok(true)) || files.into_iter().any(|text| allows(&text))
}

/// The last line of an environment file that sets the variable decides.
fn allows(text: &str) -> bool {
    let set = |line: &str| {
        let value = line.trim().strip_prefix(VARIABLE)?.strip_prefix('=')?;
        Some(value.trim().trim_matches(['"', '\'']).to_owned())
    };
    text.lines().filter_map(set).next_back().is_some_and(|value| parse_switch(&value) == Ok(true))
}

/// A variable that is on or off; an empty one is off.
pub(crate) fn parse_switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("expected 1 or 0".to_owned()),
    }
}

/// One line: it is shown as the status of the unit.
fn refusal(dmi: &Path, found: &DetectedCloud) -> String {
    let DetectedCloud { cloud, file, text } = found;
    format!(
        "this is a real {cloud} machine ({} is {text:?}), and taking 169.254.169.254 would hide its metadata; \
         to do so anyway, set allow-takeover = true under [host] in /etc/mock-imds/host.toml, or {VARIABLE}=1 in \
         /etc/default/mock-imds, then run `systemctl restart mock-imds` (without systemd: net up --allow-takeover)",
        dmi.join(file).display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_what_was_found_and_the_ways_out() {
        let found =
            DetectedCloud { cloud: "Amazon EC2", file: "sys_vendor".into(), text: "Amazon EC2".into() };
        let sentence = refusal(Path::new(cloud::DMI), &found);
        for expected in [
            "/sys/class/dmi/id/sys_vendor is \"Amazon EC2\"",
            "allow-takeover = true under [host]",
            "MOCK_IMDS_ALLOW_TAKEOVER=1 in /etc/default/mock-imds",
            "net up --allow-takeover",
        ] {
            assert!(sentence.contains(expected), "expected {expected:?} in {sentence}");
        }
        assert_eq!(sentence.lines().count(), 1, "a status of systemd is one line");
    }

    #[test]
    fn environment_files_are_read_as_systemd_reads_them() {
        for (text, expected) in [
            ("MOCK_IMDS_ALLOW_TAKEOVER=1\n", true),
            ("# of CI\n  MOCK_IMDS_ALLOW_TAKEOVER=\"true\"  \n", true),
            ("MOCK_IMDS_ALLOW_TAKEOVER=1\nMOCK_IMDS_ALLOW_TAKEOVER=0\n", false),
            ("#MOCK_IMDS_ALLOW_TAKEOVER=1\n", false),
            ("MOCK_IMDS_ALLOW_TAKEOVER=\n", false),
            ("MOCK_IMDS_ALLOW_TAKEOVER_TOO=1\n", false),
            ("", false),
        ] {
            assert_eq!(allows(text), expected, "{text:?}");
        }
    }
}
