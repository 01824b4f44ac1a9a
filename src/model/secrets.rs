//! Which values are secrets, by the paths that answer them and by what they hold.

use super::{Instance, Override};

/// True of the paths that answer keys: `iam/security-credentials/…`, the extended ones, those of the identity role.
pub(crate) fn answers_keys(path: &str) -> bool {
    path.split('/').any(|segment| segment.starts_with("security-credentials"))
}

/// True of the paths whose values are shown to nobody but their clients: those with keys, and user data, in which
/// people put passwords.
pub(crate) fn is_secret(path: &str) -> bool {
    answers_keys(path) || path.split('/').any(|segment| segment == "user-data")
}

/// True if a text has keys in it, wherever it is: services other than EC2's have them at other paths.
pub(crate) fn looks_secret(text: &[u8]) -> bool {
    let has = |mark: &[u8]| text.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark));
    names_secret_key(text) || has(b"PRIVATE KEY-----") || has_real_key_id(text)
}

/// True if a text has the name of a secret access key or of a session token, as JSON, variables of the environment or
/// files of the SDKs write it.
pub(crate) fn names_secret_key(text: &[u8]) -> bool {
    let letters: Vec<u8> =
        text.iter().filter(|b| !matches!(b, b'_' | b'-')).map(u8::to_ascii_lowercase).collect();
    let has = |name: &[u8]| letters.windows(name.len()).any(|window| window == name);
    has(b"secretaccesskey") || has(b"awssessiontoken")
}

/// True if an access key id of AWS' form is in the text, and is not of the kind that documentation has.
pub(crate) fn has_real_key_id(text: &[u8]) -> bool {
    let mut words = text.split(|b| !b.is_ascii_alphanumeric());
    words.any(|word| {
        (16..=128).contains(&word.len())
            && (word.starts_with(b"AKIA") || word.starts_with(b"ASIA"))
            && word.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && !word.ends_with(b"EXAMPLE")
    })
}

impl Instance {
    /// Whether its credentials may be valid on AWS: those of its profile, or those that an override answers.
    pub(crate) fn has_real_credentials(&self) -> bool {
        let overridden = |(path, value): (&String, &Override)| match value {
            Override::Value(content) => answers_keys(path) && has_real_key_id(&content.bytes),
            Override::Moved(_) | Override::Removed => false,
        };
        self.credentials.as_ref().is_some_and(|credentials| credentials.source.is_real())
            || self.overrides.iter().any(overridden)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_key_id_is_real_unless_it_says_that_it_is_not() {
        for (text, expected) in [
            (r#"{"AccessKeyId" : "ASIAIOSFODNN7REALKEY"}"#, true),
            ("AKIAIOSFODNN7REALKEY", true),
            (r#"{"AccessKeyId" : "ASIAIOSFODNN7EXAMPLE"}"#, false),
            (r#"{"AccessKeyId": "12345678901"}"#, false),
            ("ASIA", false),
            ("xASIAIOSFODNN7REALKEY", false),
            ("", false),
        ] {
            assert_eq!(has_real_key_id(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn names_of_secret_keys_are_known_in_all_spellings() {
        for (text, expected) in [
            ("export AWS_SECRET_ACCESS_KEY=x", true),
            ("aws_secret_access_key = x", true),
            ("--secret-access-key", true),
            (r#"{"SecretAccessKey": "x"}"#, true),
            ("AWS_SESSION_TOKEN=x", true),
            ("secret", false),
            ("access-key", false),
            ("", false),
        ] {
            assert_eq!(
                (names_secret_key(text.as_bytes()), looks_secret(text.as_bytes())),
                (expected, expected),
                "{text}"
            );
        }
    }

    #[test]
    fn an_override_with_a_real_key_counts_as_real_credentials() {
        let with = |path: &str, key: &str| {
            let mut instance = Instance::default();
            Arc::make_mut(&mut instance.overrides)
                .insert(path.into(), Override::Value(key.as_bytes().to_vec().into()));
            instance.has_real_credentials()
        };
        assert!(!Instance::default().has_real_credentials());
        assert!(with("meta-data/iam/security-credentials/r", "AKIAIOSFODNN7REALKEY"));
        assert!(with("meta-data/identity-credentials/ec2/security-credentials/x", "ASIAIOSFODNN7REALKEY"));
        assert!(!with("meta-data/iam/security-credentials/r", "AKIAIOSFODNN7EXAMPLE"));
        assert!(!with("meta-data/ami-id", "AKIAIOSFODNN7REALKEY"));
    }
}
