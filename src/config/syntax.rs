//! Syntax errors, explained to users who do not know the grammar of TOML.

use super::SourceText;

/// The finding and the help for a syntax error.
pub(super) fn explain(source: &SourceText, error: &toml::de::Error) -> (String, &'static str) {
    let message = error.message().trim().replace('\n', ", ");
    let explained = EXPLAINED.iter().find(|(beginning, ..)| message.starts_with(beginning));
    match explained {
        Some((_, found, help)) => {
            let text = error.span().and_then(|span| source.text.get(span)).unwrap_or_default();
            // Of these only keys are quoted: a value may be a secret.
            (found.replace("KEY", text.trim_matches(['"', '\''])), help)
        }
        None => (message, "accepted: TOML, as in /usr/share/mock-imds/scenarios/default.toml"),
    }
}

/// A finding that repeats on every line until the closing bracket.
pub(super) const OPEN_LIST: &str = "no comma, and no closing bracket, after an element of a list";

/// The beginning of the parser's message, the finding, and the help.
const EXPLAINED: &[(&str, &str, &str)] = &[
    (
        "duplicate key",
        "\"KEY\" is a duplicate key",
        "accepted: each key and each table once; put what belongs to a table under one heading",
    ),
    (
        "string values must be quoted",
        "text without quotes",
        "accepted: text between quotes, such as \"m5.large\"; numbers, true and false need none",
    ),
    (
        "invalid basic string",
        "text without its closing quote",
        "accepted: text between quotes on one line, or between \"\"\" over several",
    ),
    (
        "invalid unquoted key",
        "a key with a character that needs quotes",
        "accepted: letters, digits, - and _ without quotes; any key between quotes, such as \"meta-data/public-ipv4\"; then = and a value",
    ),
    ("key with no value", "a key without a value", "accepted: key = value on one line"),
    (
        "unclosed table",
        "a heading without its closing bracket",
        "accepted: [table], or [[table]] for tables that may be repeated",
    ),
    ("unclosed array", "a list without its closing bracket", "accepted: [\"one\", \"two\"]"),
    (
        "missing comma between array elements",
        OPEN_LIST,
        "accepted: [\"one\", \"two\"]; the bracket may be missing on a line before this one",
    ),
];
