//! `mock-imds doctor`: what is wrong on this host, what it means, and the command that mends it.
//!
//! ```text
//! gather   the kernel, files, sockets, systemd, a probe → Facts; changes nothing
//! facts    what was seen, and why something was not
//! filter   nft's and iptables' rules: what becomes of a container's packet
//! check    Facts → Findings; pure
//! ```

mod check;
pub(crate) mod facts;
pub(crate) mod gather;
pub(crate) mod ruleset;

use std::fmt;

use serde::Serialize;

pub(crate) use check::examine;

/// What was found, in the order of a request's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DoctorReport {
    /// Whether nothing is to be mended.
    pub healthy: bool,
    /// Everything that was looked at.
    pub findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// A stable name for programs: `address`, `firewall`.
    pub check: &'static str,
    /// How it is.
    pub verdict: FindingLevel,
    /// What was found.
    pub found: String,
    /// What that means; empty when all is well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub means: String,
    /// Commands that mend it, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mend: Vec<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FindingLevel {
    /// As it should be.
    Well,
    /// Worth knowing; nothing need be done.
    Note,
    /// This process may not see it.
    Unseen,
    /// To be mended.
    Problem,
}

impl Finding {
    fn new(check: &'static str, verdict: FindingLevel, found: impl Into<String>) -> Self {
        Self { check, verdict, found: found.into(), means: String::new(), mend: vec![] }
    }

    fn well(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Well, found)
    }

    fn note(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Note, found)
    }

    fn unseen(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Unseen, found)
    }

    fn problem(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, FindingLevel::Problem, found)
    }

    /// Says what it means.
    fn means(mut self, means: impl Into<String>) -> Self {
        self.means = means.into();
        self
    }

    /// Adds a command that mends it.
    fn mend(mut self, command: impl Into<String>) -> Self {
        self.mend.push(command.into());
        self
    }
}

impl DoctorReport {
    fn new(findings: Vec<Finding>) -> Self {
        Self { healthy: findings.iter().all(|finding| finding.verdict != FindingLevel::Problem), findings }
    }

    fn count(&self, verdict: FindingLevel) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

/// For people.
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
        match self.count(FindingLevel::Unseen) {
            0 => Ok(()),
            unseen => write!(f, "; {unseen} unseen: root sees more, sudo mock-imds doctor"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            FindingLevel::Well => "ok",
            FindingLevel::Note => "note",
            FindingLevel::Unseen => "unseen",
            FindingLevel::Problem => "PROBLEM",
        };
        writeln!(f, "{word:<9}{:<14}{}", self.check, self.found)?;
        if !self.means.is_empty() {
            writeln!(f, "{:23}{}", "", self.means)?;
        }
        for command in &self.mend {
            writeln!(f, "{:23}$ {command}", "")?;
        }
        Ok(())
    }
}
