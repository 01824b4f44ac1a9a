//! Names of files in commands that a report advises.

use std::borrow::Cow;

/// A text as one word of a shell's command: in quotes if it has blanks or anything else with a meaning there.
pub(crate) fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%');
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_it_as_one_word() {
        for (text, expected) in [
            ("/etc/mock-imds/s.toml", "/etc/mock-imds/s.toml"),
            ("my file.toml", "'my file.toml'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(text), expected);
        }
    }
}
