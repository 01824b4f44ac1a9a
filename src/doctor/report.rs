//! The report: findings, as text and as JSON. The names in the JSON are stable.

use std::fmt;

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DoctorReport {
    pub healthy: bool,
    /// In the order in which a request passes the checked parts.
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The name of the check, stable: `address`, `firewall`.
    pub check: &'static str,
    #[serde(rename = "verdict")]
    pub level: FindingLevel,
    pub found: String,
    /// Empty when there is nothing to explain.
    #[serde(rename = "means", skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Commands, in this order.
    #[serde(rename = "mend", skip_serializing_if = "Vec::is_empty")]
    pub repair: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FindingLevel {
    #[serde(rename = "well")]
    Ok,
    /// Information without a need to act.
    Note,
    /// This process may not see it.
    #[serde(rename = "unseen")]
    Unknown,
    Problem,
}

impl Finding {
    pub(super) fn new(check: &'static str, level: FindingLevel, found: impl Into<String>) -> Self {
        Self { check, level, found: found.into(), meaning: String::new(), repair: vec![] }
    }

    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Ok, found)
    }

    pub(super) fn note(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Note, found)
    }

    pub(super) fn unknown(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Unknown, found)
    }

    pub(super) fn problem(check: &'static str, found: impl Into<String>) -> Self {
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
        writeln!(f, "{word:<9}{:<14}{}", self.check, lines.next().unwrap_or_default())?;
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
