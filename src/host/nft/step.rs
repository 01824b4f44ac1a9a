//! What each message of a batch is for, in the words of the sentence about its refusal.

use std::fmt;

use crate::host::plan::{Family, TABLE};

/// One message of a batch, for the sentence about its refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BatchStep {
    /// Begin or end of the batch.
    Frame,
    /// Creating the table if it is missing, so that it can be deleted.
    Ensure(Family),
    Remove(Family),
    Create(Family),
    /// Creating the chain of this name.
    Chain(Family, &'static str),
    /// Adding the rule that prints so.
    Rule(Family, String),
}

impl fmt::Display for BatchStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame => f.write_str("begin a transaction of nf_tables"),
            Self::Ensure(family) => write!(f, "look up the table {family} {TABLE}"),
            Self::Remove(family) => write!(f, "remove the table {family} {TABLE}"),
            Self::Create(family) => write!(f, "create the table {family} {TABLE}"),
            Self::Chain(family, name) => write!(f, "create the chain {name} in the table {family} {TABLE}"),
            Self::Rule(family, rule) => write!(f, "add the rule \"{rule}\" to the table {family} {TABLE}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_by_what_it_does() {
        for (step, expected) in [
            (BatchStep::Frame, "begin a transaction of nf_tables"),
            (BatchStep::Ensure(Family::Inet), "look up the table inet mock-imds"),
            (BatchStep::Remove(Family::Arp), "remove the table arp mock-imds"),
            (BatchStep::Create(Family::Inet), "create the table inet mock-imds"),
            (BatchStep::Chain(Family::Inet, "guard"), "create the chain guard in the table inet mock-imds"),
            (
                BatchStep::Rule(Family::Inet, "tcp dport 80 accept".into()),
                "add the rule \"tcp dport 80 accept\" to the table inet mock-imds",
            ),
        ] {
            assert_eq!(step.to_string(), expected);
        }
    }
}
