//! Patterns for the names of checks.

use std::fmt;

/// A name, or a pattern whose stars stand for any characters. A group's name is a pattern for all its checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamePattern(String);

impl NamePattern {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, matches) in [
            ("token-ttl", "token-ttl", true),
            ("token-ttl", "token-ttl-0", false),
            ("token-*", "token-ttl", true),
            ("*-form", "leaf-mac-form", true),
            ("leaf-*-form", "leaf-mac-form", true),
            ("leaf-*-form", "leaf-form", false),
            ("*", "leaf", true),
            ("*a*a*", "banana", true),
            ("a*a", "a", false),
            ("", "a", false),
        ] {
            assert_eq!(NamePattern::new(pattern).matches(name), matches, "{pattern} {name}");
        }
    }
}
