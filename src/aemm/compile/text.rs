//! TOML strings, and JSON as the original lays it out.

use std::fmt::Write as _;

use crate::aemm::path_table::ConfigValue;
use crate::model::json;

/// A string: several lines as a block, so that they can be read as they are.
pub(crate) fn string(text: &str) -> String {
    let block = text.contains('\n') && is_plain(text) && !text.contains("'''") && !text.ends_with('\'');
    if block {
        return format!("'''\n{text}'''");
    }
    if text.contains(['"', '\\']) && !text.contains('\'') && !text.chars().any(char::is_control) {
        return format!("'{text}'");
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            '\r' => quoted += "\\r",
            c if c.is_control() => _ = write!(quoted, "\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// True of a text without control characters other than newlines and tabs.
pub(crate) fn is_plain(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
}

/// JSON with a tab for each level.
pub(crate) fn json(value: &ConfigValue, level: usize) -> String {
    match value {
        ConfigValue::Null => "null".to_owned(),
        ConfigValue::Text(text) => quoted(text),
        ConfigValue::List(items) => list(items),
        ConfigValue::Object(fields) if fields.is_empty() => "{}".to_owned(),
        ConfigValue::Object(fields) => {
            let tabs = "\t".repeat(level);
            let line = |(key, value): &(String, ConfigValue)| {
                format!("{tabs}\t{}: {}", quoted(key), json(value, level + 1))
            };
            let lines: Vec<String> = fields.iter().map(line).collect();
            format!("{{\n{}\n{tabs}}}", lines.join(",\n"))
        }
    }
}

/// JSON without blanks.
pub(crate) fn compact_json(value: &ConfigValue) -> String {
    match value {
        ConfigValue::Object(fields) => {
            let member =
                |(key, value): &(String, ConfigValue)| format!("{}:{}", quoted(key), compact_json(value));
            format!("{{{}}}", fields.iter().map(member).collect::<Vec<_>>().join(","))
        }
        other => json(other, 0),
    }
}

/// On one line, without blanks.
fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    json::harmless(&json::string(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_back_as_they_were() {
        let texts = [
            "",
            "a",
            "a\nb",
            "a\nb\n",
            "'''\n'",
            "x\n'",
            "\"\\\t\r\u{1}",
            "\n",
            "{\n\t\"a\": 1\n}",
            "é\u{7f}",
        ];
        for text in texts {
            let toml = format!("key = {}", string(text));
            let read: toml::Table = toml.parse().unwrap_or_else(|error| panic!("{toml}: {error}"));
            assert_eq!(read["key"].as_str(), Some(text), "{toml}");
        }
    }

    #[test]
    fn json_is_laid_out_as_the_originals() {
        let object = ConfigValue::Object(vec![
            ("b".into(), "<x>&\"\u{2028}".into()),
            ("a".into(), ConfigValue::Null),
            ("list".into(), ConfigValue::List(vec!["p".into(), "q".into()])),
            ("in".into(), ConfigValue::Object(vec![("c".into(), "d".into())])),
        ]);
        assert_eq!(
            json(&object, 0),
            "{\n\t\"b\": \"\\u003cx\\u003e\\u0026\\\"\\u2028\",\n\t\"a\": null,\n\t\"list\": [\"p\",\"q\"],\n\t\
             \"in\": {\n\t\t\"c\": \"d\"\n\t}\n}"
        );
        let inner =
            ConfigValue::Object(vec![("a".into(), ConfigValue::Object(vec![("b".into(), "c".into())]))]);
        assert_eq!(compact_json(&inner), "{\"a\":{\"b\":\"c\"}}");
    }
}
