//! Syntax errors, explained to users who do not know the grammar of TOML.

use toml::de::Error;

use super::SourceText;
use super::context::Context;
use super::locate::Locator;

/// Reports syntax errors, without those that follow from the one before: further ones on its line, and a list that is
/// still not closed.
pub(super) fn report(context: &Context<'_>, source: &SourceText, mut errors: Vec<Error>) {
    let lines = Locator::new(&source.text);
    let start = |error: &Error| error.span().unwrap_or_default().start;
    errors.sort_by_key(start);
    errors.dedup_by_key(|error| lines.line(start(error)));
    errors.dedup_by(|next, cause| [next, cause].iter().all(|error| is_open_list(error)));
    for error in &errors {
        context.error_with(error.span().unwrap_or_default(), || {
            let (found, help) = explain(source, error);
            (found, vec![help.to_owned()])
        });
    }
}

/// The finding and the help for a syntax error.
fn explain(source: &SourceText, error: &Error) -> (String, &'static str) {
    let message = error.message().trim().replace('\n', ", ");
    let place = error.span().unwrap_or_default();
    let line = source.text.get(place.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    if source.text.get(place.clone()).unwrap_or_default().contains(TYPOGRAPHIC)
        || line.starts_with(TYPOGRAPHIC)
    {
        return ("typographic quotes".to_owned(), "accepted: straight ones, such as \"m5.large\"");
    }
    let value = line.split('#').next().unwrap_or_default();
    if message.starts_with("string values must be quoted") && value.trim().is_empty() {
        return ("a key without a value".to_owned(), "accepted: key = value on one line");
    }
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

/// An error that repeats on every line until the closing bracket.
fn is_open_list(error: &Error) -> bool {
    error.message().trim().starts_with(OPEN_LIST)
}

/// Quotes that word processors and chats put in the place of straight ones.
const TYPOGRAPHIC: [char; 9] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚'];

/// The beginning of the parser's message.
const OPEN_LIST: &str = "missing comma between array elements";

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
        OPEN_LIST,
        "no comma, and no closing bracket, after an element of a list",
        "accepted: [\"one\", \"two\"]; the bracket may be missing on a line before this one",
    ),
];
