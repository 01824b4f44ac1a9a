//! Keys and values as TOML writes them. Quoting is the toml crate's own, but for indented JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use toml::{Table, Value};

use crate::model::Timestamp;

/// A key, quoted if it has to be.
pub(super) fn key(key: &str) -> String {
    if has_c1(key) {
        return escaped(key);
    }
    let line = Table::from_iter([(key.to_owned(), Value::Boolean(true))]).to_string();
    line.trim_end().trim_end_matches("true").trim_end().trim_end_matches('=').trim_end().to_owned()
}

/// A string, on one line or several. The toml crate escapes tabs, and JSON may be full of them.
pub(super) fn text(text: &str) -> String {
    let plain = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let indented = plain && text.contains("\n\t") && !text.contains("'''") && !text.ends_with('\'');
    if indented {
        format!("'''\n{text}'''")
    } else if has_c1(text) {
        escaped(text)
    } else {
        Value::from(text).to_string()
    }
}

/// Whether control characters are in it that TOML allows, and a terminal obeys.
fn has_c1(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}'))
}

/// On one line, without any control character. TOML has all of JSON's escapes.
fn escaped(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let visible = |c: char| if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    json.chars().map(visible).collect()
}

/// A value's content: text if it is UTF-8, else base64; with its content type if there is one.
pub(super) fn content(bytes: &[u8], content_type: Option<&str>) -> String {
    let (key, value) = match std::str::from_utf8(bytes) {
        Ok(utf8) if content_type.is_none() => return text(utf8),
        Ok(utf8) => ("text", Value::from(utf8)),
        Err(_) => ("base64", Value::from(BASE64_STANDARD.encode(bytes))),
    };
    let content_type = content_type.map(|name| ("content-type", Value::from(name)));
    inline(content_type.into_iter().chain([(key, value)]))
}

pub(super) fn list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> String {
    let texts: Vec<S> = texts.into_iter().collect();
    if texts.iter().any(|text| has_c1(text.as_ref())) {
        let quoted: Vec<String> = texts.iter().map(|text| escaped(text.as_ref())).collect();
        return format!("[{}]", quoted.join(", "));
    }
    Value::Array(texts.iter().map(|text| Value::from(text.as_ref())).collect()).to_string()
}

/// A table on one line, in this order.
pub(super) fn inline<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> String {
    let quoted = |value: Value| value.as_str().map_or_else(|| value.to_string(), text);
    let entries: Vec<String> =
        entries.into_iter().map(|(name, value)| format!("{} = {}", key(name), quoted(value))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// An instant, in whole seconds.
pub(super) fn instant(time: Timestamp) -> Value {
    let text = time.rfc3339();
    // What is no instant of TOML's is written as text, and validated as such.
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

    fn read_back(written: &str) -> Result<String, TestCaseError> {
        let read: Table = format!("a = {written}\n")
            .parse()
            .map_err(|error| TestCaseError::fail(format!("{error} in {written:?}")))?;
        Ok(read["a"].as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn json_with_tabs_is_written_as_it_is() {
        let json = "{\n\t\"a\": [\n\t\t1\n\t]\n}";
        assert_eq!(text(json), format!("'''\n{json}'''"));
        for odd in ["\n\t'", "\n\t'''", "\n\t\r\n", "\n\t\u{1}", "\n\n\t", "\n\t\n"] {
            assert_eq!(read_back(&text(odd)).ok().as_deref(), Some(odd), "{odd:?}");
        }
    }

    #[test]
    fn what_moves_a_cursor_is_escaped() {
        let odd = "a\u{9b}31m\u{7f}\"\n";
        let written = [key(odd), text(odd), list([odd]), inline([(odd, Value::from(odd))])];
        for written in &written {
            assert!(!written.chars().any(char::is_control), "expected escapes, found {written:?}");
        }
        assert_eq!(read_back(&text(odd)).ok().as_deref(), Some(odd));
        assert_eq!(written[0], r#""a\u009b31m\u007f\"\n""#);
    }

    proptest! {
        /// `(?s).*` has every character, control characters and line ends among them.
        #[test]
        fn any_text_survives_as_key_and_as_value(name in "(?s).{0,40}", value in "(?s)(.|[ab'\"\\\\]){0,80}") {
            let indented = value.replace('a', "\n\t").replace('b', "'''");
            prop_assert_eq!(&read_back(&text(&indented))?, &indented);
            let written = format!("{} = {}\n", key(&name), text(&value));
            let read: Table = written.parse().map_err(|error| TestCaseError::fail(format!("{error} in {written:?}")))?;
            prop_assert_eq!(read, Table::from_iter([(name, Value::from(value))]));
        }

        #[test]
        fn any_list_and_any_inline_table_survive(texts in proptest::collection::vec("(?s).{0,20}", 0..5)) {
            let first = texts.first().cloned().unwrap_or_default();
            let first = first.replace('a', "\n\t");
            let table = inline([("a-b", Value::from(first.as_str())), ("c", Value::from(true))]);
            let written = format!("l = {}\nt = {table}\n", list(&texts));
            let read: Table = written.parse().map_err(|error| TestCaseError::fail(format!("{error} in {written:?}")))?;
            let expected = texts.into_iter().map(Value::from).collect::<Vec<_>>();
            prop_assert_eq!(&read["l"], &Value::Array(expected));
            prop_assert_eq!(&read["t"]["a-b"], &Value::from(first));
        }

        #[test]
        fn a_comment_never_ends_early(text in "(?s).{0,80}") {
            let written = format!("{}\na = 1\n", comment(&text));
            let read: Table = written.parse().map_err(|error| TestCaseError::fail(format!("{error} in {written:?}")))?;
            prop_assert_eq!(read.len(), 1);
        }
    }
}
