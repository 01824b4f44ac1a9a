//! Files of other programs and languages, given as a scenario: one sentence instead of what TOML has against them.

use serde_json::Value;

use crate::config::{Report, SourceText, reject, shell_word};

/// Refuses JSON and YAML.
pub(super) fn refuse(source: &SourceText) -> Result<(), Report> {
    let text = &source.text;
    // The standard input, which may be piped on, has no name.
    let name = if source.name == "<stdin>" { "FILE".into() } else { shell_word(&source.name) };
    let start = text.len() - text.trim_start().len();
    if text[start..].starts_with('{') {
        let help = match import_of(text) {
            Some(format) => format!("did you mean `mock-imds import {format} {name}`?"),
            None => return Err(refusal(source, start, "this is JSON, not TOML", vec![])),
        };
        return Err(refusal(source, start, "this is JSON, not TOML", vec![help]));
    }
    if let Some(start) = yaml(text) {
        let help = format!("if it is amazon-ec2-metadata-mock's file: `mock-imds import aemm {name}`");
        return Err(refusal(source, start, "this is YAML, not TOML", vec![help]));
    }
    Ok(())
}

fn refusal(source: &SourceText, start: usize, found: &str, mut help: Vec<String>) -> Report {
    help.push(
        "accepted: TOML, key = value below [table]; `mock-imds init` writes a file to start from".to_owned(),
    );
    reject(source, start..start + 1, found, help)
}

/// The program that the JSON is of, as `mock-imds import` calls it.
fn import_of(text: &str) -> Option<&'static str> {
    /// Tables of amazon-ec2-metadata-mock's configuration.
    const AEMM: [&str; 8] =
        ["metadata", "spot", "events", "dynamic", "userdata", "server", "imdsv2", "mock-delay-sec"];
    /// Parts of cloud-init's instance-data.json.
    const CLOUD_INIT: [&str; 3] = ["ds", "v1", "base64_encoded_keys"];
    let Ok(Value::Object(members)) = serde_json::from_str(text) else { return None };
    let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
    if has(&CLOUD_INIT) { Some("dump") } else { has(&AEMM).then_some("aemm") }
}

/// Where a text of YAML begins: `---`, or a first line `key:` or `key: value`, which no TOML has.
fn yaml(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.lines() {
        let word = line.trim_end().split_once(':').filter(|(key, value)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            !key.is_empty() && key.chars().all(plain) && (value.is_empty() || value.starts_with(' '))
        });
        if line.trim_end() == "---" || word.is_some() {
            return Some(at);
        }
        if !line.trim().is_empty() && !line.starts_with('#') {
            return None;
        }
        at = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        refused_as("f", text)
    }

    fn refused_as(name: &str, text: &str) -> String {
        let source = SourceText::new(name, text);
        refuse(&source).err().map_or_else(String::new, |report| report.to_string())
    }

    #[test]
    fn other_languages_are_told_and_where_to_take_them() {
        for (text, expected) in [
            ("{\"metadata\": {}}", ["f:1:1: error: this is JSON", "did you mean `mock-imds import aemm f`?"]),
            ("\n {\"ds\": {}}", ["f:2:2: error: this is JSON", "did you mean `mock-imds import dump f`?"]),
            ("{\"x\": 1}", ["this is JSON", "accepted: TOML"]),
            ("{ broken", ["this is JSON", "accepted: TOML"]),
            ("# a\n\ninstance:\n  instance-id: i-1\n", ["f:3:1: error: this is YAML", "import aemm f`"]),
            ("---\na: 1\n", ["f:1:1: error: this is YAML", "accepted: TOML"]),
        ] {
            let found = refused(text);
            for expected in expected {
                assert!(found.contains(expected), "expected {expected:?} for:\n{text}\nfound:\n{found}");
            }
        }
    }

    #[test]
    fn the_advice_can_be_typed() {
        for (name, expected) in
            [("<stdin>", "`mock-imds import aemm FILE`"), ("a b", "`mock-imds import aemm 'a b'`")]
        {
            for text in ["{\"metadata\": {}}", "metadata:\n"] {
                let found = refused_as(name, text);
                assert!(found.contains(expected), "expected {expected:?} for {name:?}, found:\n{found}");
            }
        }
    }

    #[test]
    fn toml_is_not_refused() {
        for text in ["", "# a: b\n", "[a]\nb = \"c: d\"\n", "\"a:b\" = 1\n", "a = { b = 1 }\n", "[a]\nc: 1\n"]
        {
            assert_eq!(refused(text), "", "{text}");
        }
    }
}
