//! What a check finds.

use super::redaction::printable;

/// The reason that a check does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CheckFinding {
    /// The service answers something else: what was found, and what was expected where that is more than the check says.
    Fails { expected: Option<String>, found: String },
    /// There is nothing to judge: no public address, no notice.
    NotApplicable(String),
}

/// The service chooses the words that a finding quotes: each is cut where it is long, and shows its control characters.
impl CheckFinding {
    pub(super) fn fails(found: impl Into<String>) -> Self {
        Self::Fails { expected: None, found: printable(found.into()) }
    }

    pub(super) fn differs(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Fails { expected: Some(printable(expected.into())), found: printable(found.into()) }
    }

    pub(super) fn not_applicable(why: impl Into<String>) -> Self {
        Self::NotApplicable(printable(why.into()))
    }
}

pub(super) type Judgement = Result<(), CheckFinding>;
