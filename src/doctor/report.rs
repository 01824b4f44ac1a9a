//! The report: findings, as text and as JSON. The names in the JSON are stable.

use std::fmt;

use serde::{Serialize, Serializer};
use strum::{IntoStaticStr, VariantArray};

use crate::model::StringEnum as _;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DoctorReport {
    pub healthy: bool,
    /// In the order in which a request passes the checked parts.
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub check: CheckName,
    pub level: FindingLevel,
    pub found: String,
    /// Empty when there is nothing to explain.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Commands, in this order.
    #[serde(rename = "commands", skip_serializing_if = "Vec::is_empty")]
    pub repair: Vec<String>,
}

/// The name of a check, in the order in which a request passes what is checked. `docs/troubleshooting.md` has a part for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum CheckName {
    /// The machine is none of a cloud, or may be taken over.
    Cloud,
    /// systemd's units.
    Units,
    /// host.toml.
    Settings,
    /// scenario.toml.
    Scenario,
    /// The process that keeps the network.
    Guardian,
    /// What it had to restore.
    Restored,
    /// 169.254.169.254 on `lo`.
    Address,
    /// Its prefix length.
    Width,
    /// `fd00:ec2::254` on `lo`.
    Ipv6,
    /// The endpoints beside IMDS.
    Endpoints,
    /// The nftables tables.
    Tables,
    /// Bind mode: both halves of it.
    Bind,
    /// Other programs, or rules, at port 80.
    #[strum(serialize = "port-80")]
    Port80,
    /// Other programs at port 1690.
    #[strum(serialize = "port-1690")]
    Port1690,
    /// The server at the control socket.
    Server,
    /// The source of credentials.
    Credentials,
    /// Who answers at the address.
    Answer,
    /// Bridges that are trusted, or not.
    Callers,
    /// The host's own firewall.
    Firewall,
    /// Routes to the address.
    Routes,
    /// Programs that run are those that are installed.
    Version,
    /// Saved rulesets.
    Saved,
    /// cloud-init at the next boot.
    CloudInit,
    /// Proxies of programs.
    Proxy,
    /// `AWS_EC2_METADATA_DISABLED`.
    Disabled,
    /// Neither of the two.
    Environment,
    /// Files of older installs.
    Leftover,
}

impl Serialize for CheckName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FindingLevel {
    Ok,
    /// Information without a need to act.
    Note,
    /// This process may not see it.
    #[serde(rename = "unseen")]
    Unknown,
    Problem,
}

impl Finding {
    pub(super) fn new(check: CheckName, level: FindingLevel, found: impl Into<String>) -> Self {
        Self { check, level, found: found.into(), meaning: String::new(), repair: vec![] }
    }

    pub(super) fn ok(check: CheckName, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Ok, found)
    }

    pub(super) fn note(check: CheckName, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Note, found)
    }

    pub(super) fn unknown(check: CheckName, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Unknown, found)
    }

    pub(super) fn problem(check: CheckName, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Problem, found)
    }

    pub(super) fn meaning(mut self, meaning: impl Into<String>) -> Self {
        self.meaning = meaning.into();
        self
    }

    /// Adds a command that repairs it.
    pub(super) fn repair(mut self, command: impl Into<String>) -> Self {
        self.repair.push(command.into());
        self
    }
}

impl DoctorReport {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { healthy: findings.iter().all(|finding| finding.level != FindingLevel::Problem), findings }
    }

    fn count(&self, level: FindingLevel) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            write!(f, "{finding}")?;
        }
        let problems = match self.count(FindingLevel::Problem) {
            0 => "no problem".to_owned(),
            1 => "1 problem".to_owned(),
            many => format!("{many} problems"),
        };
        write!(f, "\n{problems}")?;
        match self.count(FindingLevel::Unknown) {
            0 => Ok(()),
            unknown => write!(f, "; {unknown} unseen: root sees more, sudo mock-imds doctor"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.level {
            FindingLevel::Ok => "ok",
            FindingLevel::Note => "note",
            FindingLevel::Unknown => "unseen",
            FindingLevel::Problem => "PROBLEM",
        };
        let mut lines = self.found.trim_end().lines();
        writeln!(f, "{word:<9}{:<14}{}", self.check.as_str(), lines.next().unwrap_or_default())?;
        for line in lines {
            writeln!(f, "{:23}{line}", "")?;
        }
        if !self.meaning.is_empty() {
            writeln!(f, "{:23}{}", "", self.meaning)?;
        }
        for command in &self.repair {
            writeln!(f, "{:23}$ {command}", "")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_json_has_the_keys() {
        let finding = Finding::problem(CheckName::Answer, "x").meaning("y").repair("z");
        let json = serde_json::to_value(DoctorReport::new(vec![finding])).expect("plain data");
        assert_eq!(
            json,
            serde_json::json!({"healthy": false, "findings": [
                {"check": "answer", "level": "problem", "found": "x", "meaning": "y", "commands": ["z"]}
            ]})
        );
        let page = include_str!("../../docs/control-api.md");
        for key in ["healthy", "findings", "check", "level", "found", "meaning", "commands"] {
            assert!(page.contains(&format!("`{key}`")), "docs/control-api.md lacks `{key}`");
        }
    }

    /// Whoever looks up the name of a check finds it there, in the order in which the doctor prints them.
    #[test]
    fn the_page_about_troubleshooting_has_each_check() {
        let page = include_str!("../../docs/troubleshooting.md");
        let headings = page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
        let names = CheckName::VARIANTS.iter().map(|name| name.as_str());
        assert_eq!(
            headings.collect::<Vec<_>>(),
            names.collect::<Vec<_>>(),
            "docs/troubleshooting.md, against CheckName"
        );
    }
}
