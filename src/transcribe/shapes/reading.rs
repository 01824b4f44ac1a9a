//! What becomes of a file: what it was taken for, and what it says; or why it was not read.

use crate::transcribe::observations::Observations;

/// A file that was read.
#[derive(Debug)]
pub struct Reading {
    /// What it was taken for: "facter's facts".
    pub shape: &'static str,
    pub certainty: Certainty,
    /// By what it was recognised.
    pub evidence: String,
    pub observations: Observations,
}

/// The reason why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It is a configuration of amazon-ec2-metadata-mock.
    Aemm,
    /// One of its instances was asked for, and it lists none.
    NoList,
    /// It lists other instances than the one that was asked for: what was found, and what is accepted.
    NoInstance(String),
    /// What was found instead.
    Other(String),
}

/// How sure it is that a file is what it was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It could be something else that has such names.
    Guess,
    Likely,
    /// Nothing else has these names.
    Certain,
}

impl Certainty {
    /// As it is said: "certain".
    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Guess => "a guess",
        }
    }
}
