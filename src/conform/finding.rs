//! What a check finds.

/// The reason that a check does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CheckFinding {
    /// The service answers something else: what was found, and what was expected where that is more than the check says.
    Fails { expected: Option<String>, found: String },
    /// There is nothing to judge: no public address, no notice.
    NotApplicable(String),
}

impl CheckFinding {
    pub(super) fn fails(found: impl Into<String>) -> Self {
        Self::Fails { expected: None, found: found.into() }
    }

    pub(super) fn differs(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Fails { expected: Some(expected.into()), found: found.into() }
    }

    pub(super) fn not_applicable(why: impl Into<String>) -> Self {
        Self::NotApplicable(why.into())
    }
}

pub(super) type Judgement = Result<(), CheckFinding>;
