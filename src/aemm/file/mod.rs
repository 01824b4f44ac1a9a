//! The configuration file: which one is read, and what it says as a tree of lower-case keys.
//!
//! | extension | format |
//! |---|---|
//! | `json` | JSON |
//! | `yaml`, `yml` | YAML |
//! | `toml` | TOML |
//!
//! The original reads more formats. A file in one of them is refused, so that its settings are not lost in silence.

mod yaml;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::config::nesting;

/// The longest error, in characters.
const LONGEST_ERROR: usize = 2_000;
/// The name of the default file, without its extension.
pub(crate) const DEFAULT_NAME: &str = "aemm-config";
/// Extensions of the formats that are read.
const ACCEPTED: [&str; 4] = ["json", "toml", "yaml", "yml"];
/// Extensions of the other formats of the original.
const REFUSED: [&str; 8] = ["properties", "props", "prop", "hcl", "tfvars", "dotenv", "env", "ini"];

/// The default files in a home directory, best first.
pub(crate) fn defaults(home: &Path) -> impl Iterator<Item = PathBuf> {
    // Those that are refused, too: the original would have read them.
    ACCEPTED.iter().chain(&REFUSED).map(move |extension| home.join(format!("{DEFAULT_NAME}.{extension}")))
}

/// The extension of a file, if it is that of a format of the original.
///
/// # Errors
/// A sentence: it is another one.
pub(crate) fn format_of(path: &Path) -> Result<&str, String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // A name such as `.env` is all extension.
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if ACCEPTED.contains(&extension) || REFUSED.contains(&extension) {
        return Ok(extension);
    }
    Err(format!(
        "Unsupported Config Type {extension:?}; accepted: a file whose name ends in .{}",
        ACCEPTED.join(", .")
    ))
}

/// Reads a text in the format of an extension; keys become lower-case.
pub(crate) fn parse(extension: &str, text: &str) -> Result<Map<String, Value>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = match extension {
        "json" => serde_json::from_str(text).map_err(|error| error.to_string()),
        "yaml" | "yml" => yaml::parse(text),
        "toml" if nesting::too_deep(text).is_some() => Err("brackets are nested too deep".to_owned()),
        "toml" => toml::from_str::<toml::Table>(text)
            .map(|table| from_toml(toml::Value::Table(table)))
            .map_err(|error| error.to_string().trim_end().to_owned()),
        other => Err(format!("files in the format {other} are not read; say the same in JSON, YAML or TOML")),
    };
    match value.map_err(|why| format!("While parsing config: {}", beginning(&why)))? {
        Value::Object(fields) => Ok(lower(fields)),
        // An empty YAML file says nothing.
        Value::Null => Ok(Map::new()),
        _ => Err("While parsing config: the file holds no keys".to_owned()),
    }
}

/// The beginning of an error's text, which may quote a line as long as the file.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(LONGEST_ERROR).map_or(text, |(end, _)| &text[..end])
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(on) => on.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, from_toml(value))).collect())
        }
    }
}

/// Keys mean the same in capitals. Of two that differ in nothing else the one with capitals counts, as in the original's
/// library, which renames it over the other; of several with capitals there it is any, here the last in order.
fn lower(fields: Map<String, Value>) -> Map<String, Value> {
    let (lower, other): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|(key, _)| key.to_lowercase() == *key);
    let field = |(key, value): (String, Value)| {
        let value = match value {
            Value::Object(fields) => Value::Object(self::lower(fields)),
            other => other,
        };
        (key.to_lowercase(), value)
    };
    lower.into_iter().chain(other).map(field).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn read(extension: &str, text: &str) -> Value {
        Value::Object(parse(extension, text).unwrap_or_else(|why| panic!("{extension}: {why}")))
    }

    #[test]
    fn every_format_says_the_same() {
        let expected =
            json!({ "imdsv2": "true", "spot": { "action": "stop", "time": "1994-05-15T00:00:00Z" } });
        let texts = [
            ("json", r#"{"IMDSv2": "true", "spot": {"Action": "stop", "time": "1994-05-15T00:00:00Z"}}"#),
            ("yaml", "IMDSv2: \"true\"\nspot:\n  action: stop\n  time: 1994-05-15T00:00:00Z\n"),
            ("toml", "imdsv2 = \"true\"\n[spot]\naction = \"stop\"\ntime = 1994-05-15T00:00:00Z\n"),
        ];
        for (extension, text) in texts {
            assert_eq!(read(extension, text), expected, "{extension}");
        }
    }

    #[test]
    fn of_two_keys_that_differ_in_case_the_one_with_capitals_counts() {
        for text in [r#"{"a": {"key": 1, "Key": 2}}"#, r#"{"A": {"Key": 2}, "a": {"key": 1}}"#] {
            assert_eq!(read("json", text), json!({ "a": { "key": 2 } }), "{text}");
        }
        assert_eq!(read("yaml", "accountId: b\naccountid: a\n"), json!({ "accountid": "b" }));
        assert_eq!(read("toml", "accountid = 'a'\naccountId = 'b'\n"), json!({ "accountid": "b" }));
    }

    #[test]
    fn numbers_switches_lists_and_nothing_keep_their_kinds() {
        let expected = json!({ "a": 7, "b": true, "c": ["x", 1], "d": null, "e": 1.5 });
        assert_eq!(read("yaml", "a: 7\nb: true\nc: [x, 1]\nd:\ne: 1.5\n"), expected);
        assert_eq!(read("json", r#"{"a":7,"b":true,"c":["x",1],"d":null,"e":1.5}"#), expected);
        assert_eq!(read("yaml", ""), json!({}));
        assert_eq!(read("yaml", "{\"a\": 1}"), json!({ "a": 1 }), "JSON is YAML");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let deep = vec!["a"; 100_000].join(".");
        for (extension, text) in [
            ("json", "{"),
            ("json", "[1]"),
            ("yaml", "a: [1"),
            ("toml", "a"),
            ("hcl", "a = 1"),
            ("env", "imdsv2=true"),
            ("ini", "imdsv2 = true"),
            ("properties", "imdsv2 = true"),
            ("json", &"[".repeat(100_000)),
            ("yaml", &"[".repeat(100_000)),
            ("toml", &format!("{deep} = 1")),
            ("toml", &format!("a = '{}", "x".repeat(100_000))),
        ] {
            let why = parse(extension, text).expect_err(extension);
            assert!(why.starts_with("While parsing config: "), "{extension}: {why}");
            assert!(why.len() < 2_100, "{extension}: an error of {} bytes", why.len());
        }
        let why = format_of(Path::new("/tmp/config")).expect_err("no extension");
        assert!(why.starts_with("Unsupported Config Type \"\""), "{why}");
        assert_eq!(format_of(Path::new("/x/a.b.yml")), Ok("yml"));
    }
}
