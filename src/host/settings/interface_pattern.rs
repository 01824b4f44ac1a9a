//! Names of network interfaces.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a network interface, or the beginning of names followed by `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum InterfacePattern {
    /// `docker0`.
    Exact(String),
    /// `br-` for `br-*`.
    Prefix(String),
}

/// The accepted forms, as a phrase for error messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an interface name of at most 15 characters such as \"docker0\", or its beginning and a *, such as \"br-*\""
)]
pub struct PatternError;

impl FromStr for InterfacePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        // The kernel's own rule (dev_valid_name) refuses '/', ':' and blanks, and the names "." and "..".
        let valid = |name: &str| {
            let fits = (1..=15).contains(&name.len());
            let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'*' | b'"');
            fits && name.bytes().all(plain) && name != "." && name != ".."
        };
        match text.strip_suffix('*') {
            Some(prefix) if valid(prefix) => Ok(Self::Prefix(prefix.to_owned())),
            None if valid(text) => Ok(Self::Exact(text.to_owned())),
            _ => Err(PatternError),
        }
    }
}

impl InterfacePattern {
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => name == exact,
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }
}

impl fmt::Display for InterfacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl TryFrom<String> for InterfacePattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<InterfacePattern> for String {
    fn from(pattern: InterfacePattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_survive_a_round_trip() {
        for text in ["docker0", "br-*", "x", "123456789012345", "123456789012345*"] {
            let pattern: InterfacePattern = text.parse().expect("valid");
            assert_eq!(pattern.to_string(), text);
        }
    }

    #[test]
    fn a_pattern_matches_a_name_or_what_begins_like_it() {
        for (pattern, name, expected) in [
            ("docker0", "docker0", true),
            ("docker0", "docker01", false),
            ("docker0", "docker", false),
            ("br-*", "br-", true),
            ("br-*", "br-1", true),
            ("br-*", "xbr-1", false),
            ("br-*", "br", false),
        ] {
            let parsed: InterfacePattern = pattern.parse().expect("valid");
            assert_eq!(parsed.matches(name), expected, "{pattern} and {name}");
        }
    }

    #[test]
    fn what_is_no_name_of_an_interface_is_no_pattern() {
        for text in
            ["", "*", ".", "..", "..*", "a b", "a/b", "a:1", "a*b", "a**", "a\"", "1234567890123456", "é"]
        {
            assert!(text.parse::<InterfacePattern>().is_err(), "{text:?}");
        }
    }
}
