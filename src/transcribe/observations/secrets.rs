//! Values that are secrets, by their paths and by what they hold.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::model::secrets;
use crate::transcribe::known_paths::{IDENTITY, ROLES, below, is_user_data};
use crate::transcribe::shapes::is_known;

/// The secrets that are carried. None unless somebody asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecretsPolicy {
    pub credentials: bool,
    pub user_data: bool,
}

/// The kind of secret that a value is.
pub(super) enum Secrecy {
    Public,
    UserData,
    Credentials,
    /// Worthless without the key, which stays where it is.
    Signature,
}

/// Services that are not EC2's may have keys at other paths, so the value is looked into too.
pub(super) fn secrecy(path: &str, bytes: &[u8], aemm: bool) -> Secrecy {
    // There the name of the role is a value.
    let names = aemm && path == ROLES;
    let credentials = !names && (secrets::answers_keys(path) || secrets::names_secret_key(path.as_bytes()));
    if is_user_data(path) {
        Secrecy::UserData
    } else if credentials || secrets::looks_secret(bytes) {
        Secrecy::Credentials
    } else if aemm {
        // It has no key: its signatures are fixed texts that sign nothing.
        Secrecy::Public
    } else if below(path, IDENTITY).is_some_and(|leaf| leaf != "document") {
        Secrecy::Signature
    } else {
        Secrecy::Public
    }
}

/// The directory around a secret access key that has a path of its own.
pub(super) fn around_secret_key(path: &str) -> Option<&str> {
    // User data goes by a word of its own.
    let mut segments = path.split('/').scan(0, |end, segment| {
        let from = *end;
        *end += segment.len() + 1;
        Some((from, segment))
    });
    let (from, _) = segments
        .find(|(_, segment)| secrets::names_secret_key(segment.as_bytes()))
        .filter(|_| !is_user_data(path))?;
    path[..from].strip_suffix('/')
}

/// True of what is credentials too if a secret access key is in the same directory: all that is none of EC2's, and what
/// is called as the other members of keys are.
pub(super) fn belongs_to_keys(path: &str, directory: &str) -> bool {
    let Some(rest) = below(path, directory) else { return false };
    let name = rest.split('/').next().unwrap_or_default();
    let letters: String =
        name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    let is_member = ["accesskeyid", "token"].iter().any(|member| letters.ends_with(member));
    is_member || !is_known(path)
}

/// "1234 bytes, sha256 9f86d081…".
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut text = format!("{} bytes, sha256 ", bytes.len());
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A text without the key ids that may be real.
pub(super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        if secrets::has_real_key_id(part.as_bytes()) {
            masked += &part[..4];
            masked.push('…');
            masked.extend(part.chars().next_back().filter(|c| !c.is_ascii_alphanumeric()));
        } else {
            masked += part;
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn key_ids_that_may_be_real_are_masked() {
        assert_eq!(masked("a \"AKIAIOSFODNN7REALKEY\", b"), "a \"AKIA…\", b");
        assert_eq!(masked("ASIAIOSFODNN7REALKEY"), "ASIA…");
        assert_eq!(masked("AKIAIOSFODNN7EXAMPLE, ü"), "AKIAIOSFODNN7EXAMPLE, ü");
    }
}
