//! What a service does not claim to do, as a list of checks that are skipped.

use serde::Deserialize;

use super::check::ConformanceCheck;
use super::wildcard::NamePattern;

/// A profile: `ec2` claims everything.
#[derive(Debug, Clone)]
pub(crate) struct ConformanceProfile {
    pub(crate) name: String,
    skips: Vec<SkippedChecks>,
}

#[derive(Debug, Clone)]
struct SkippedChecks {
    patterns: Vec<NamePattern>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    #[serde(default)]
    skip: Vec<SkipTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SkipTable {
    checks: Vec<String>,
    reason: String,
}

/// The profiles of the program: name and text.
const PROFILES: [(&str, &str); 2] = [("ec2", ""), ("aemm", include_str!("profiles/aemm.toml"))];

impl ConformanceProfile {
    /// The names of the program's own profiles.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        PROFILES.iter().map(|(name, _)| *name)
    }

    /// One of the program's own, if there is one of this name.
    pub(crate) fn named(name: &str, checks: &[ConformanceCheck]) -> Option<Result<Self, String>> {
        let (name, text) = PROFILES.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(name, text, checks))
    }

    /// Reads a profile. The error is a sentence about the text.
    pub(crate) fn parse(name: &str, text: &str, checks: &[ConformanceCheck]) -> Result<Self, String> {
        let file: ProfileFile =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let mut skips = vec![];
        for table in file.skip {
            let patterns: Vec<_> = table.checks.iter().map(|text| NamePattern::new(text)).collect();
            for pattern in &patterns {
                if !checks.iter().any(|check| fits(pattern, check)) {
                    return Err(format!(
                        "checks = [\"{pattern}\"] names no check; accepted: names, groups and patterns with *, as \
                         `mock-imds conform --list` shows them"
                    ));
                }
            }
            skips.push(SkippedChecks { patterns, reason: table.reason });
        }
        Ok(Self { name: name.to_owned(), skips })
    }

    /// The reason that a check is skipped.
    pub(super) fn skips(&self, check: &ConformanceCheck) -> Option<&str> {
        let of = |skip: &&SkippedChecks| skip.patterns.iter().any(|pattern| fits(pattern, check));
        self.skips.iter().find(of).map(|skip| skip.reason.as_str())
    }
}

fn fits(pattern: &NamePattern, check: &ConformanceCheck) -> bool {
    pattern.matches(&check.name) || pattern.matches(check.group.name())
}
