//! Keys and values as TOML writes them. All quoting is the toml crate's own.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use toml::{Table, Value};

use crate::model::Timestamp;

/// A key, quoted if it has to be.
pub(super) fn key(key: &str) -> String {
    let line = Table::from_iter([(key.to_owned(), Value::Boolean(true))]).to_string();
    line.trim_end().trim_end_matches("true").trim_end().trim_end_matches('=').trim_end().to_owned()
}

/// A string, on one line or several.
pub(super) fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// A content: text if it is some, else base64.
pub(super) fn content(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(said) => text(said),
        Err(_) => inline([("base64", Value::from(BASE64_STANDARD.encode(bytes)))]),
    }
}

/// An array of strings.
pub(super) fn list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> String {
    Value::Array(texts.into_iter().map(|text| Value::from(text.as_ref())).collect()).to_string()
}

/// A table on one line, in this order.
pub(super) fn inline<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> String {
    let entries: Vec<String> =
        entries.into_iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// An instant, in whole seconds.
pub(super) fn instant(time: Timestamp) -> Value {
    let text = time.rfc3339();
    // What cannot be said as an instant is said as text, and judged as such.
    text.parse().map_or_else(|_| Value::from(text), Value::Datetime)
}

/// A comment: one line, whatever the text holds.
pub(super) fn comment(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("# {visible}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// `(?s).*` has every character, control characters and line ends among them.
        #[test]
        fn any_text_survives_as_key_and_as_value(name in "(?s).{0,40}", value in "(?s).{0,80}") {
            let said = format!("{} = {}\n", key(&name), text(&value));
            let read: Table = said.parse().map_err(|error| TestCaseError::fail(format!("{error} in {said:?}")))?;
            prop_assert_eq!(read, Table::from_iter([(name, Value::from(value))]));
        }

        #[test]
        fn any_list_and_any_inline_table_survive(texts in proptest::collection::vec("(?s).{0,20}", 0..5)) {
            let first = texts.first().cloned().unwrap_or_default();
            let table = inline([("a-b", Value::from(first.as_str())), ("c", Value::from(true))]);
            let said = format!("l = {}\nt = {table}\n", list(&texts));
            let read: Table = said.parse().map_err(|error| TestCaseError::fail(format!("{error} in {said:?}")))?;
            let expected = texts.into_iter().map(Value::from).collect::<Vec<_>>();
            prop_assert_eq!(&read["l"], &Value::Array(expected));
            prop_assert_eq!(&read["t"]["a-b"], &Value::from(first));
        }

        #[test]
        fn a_comment_never_ends_early(text in "(?s).{0,80}") {
            let said = format!("{}\na = 1\n", comment(&text));
            let read: Table = said.parse().map_err(|error| TestCaseError::fail(format!("{error} in {said:?}")))?;
            prop_assert_eq!(read.len(), 1);
        }
    }
}
