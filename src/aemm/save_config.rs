//! The settings in force as a file: `-s` writes it, `-c` reads it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::settings::AemmSettings;
use crate::model::json::harmless;

/// Below the home directory, or else below the working directory.
pub(crate) fn place(home: Option<&Path>) -> PathBuf {
    home.unwrap_or(Path::new("")).join(".ec2-metadata-mock").join(".aemm-config-used.json")
}

/// JSON, two spaces a level, keys sorted and in lower case, without a newline at the end.
pub(crate) fn text(settings: &AemmSettings) -> String {
    let map = Value::Object(without_nulls(settings.map()));
    let text = serde_json::to_string_pretty(&map).expect("keys are strings");
    harmless(&text).into_owned()
}

fn without_nulls(fields: &Map<String, Value>) -> Map<String, Value> {
    let field = |(key, value): (&String, &Value)| match value {
        Value::Null => None,
        Value::Object(fields) => Some((key.clone(), Value::Object(without_nulls(fields)))),
        value => Some((key.clone(), value.clone())),
    };
    fields.iter().filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aemm::file;

    #[test]
    fn what_was_saved_says_the_same_again() {
        let mut settings = AemmSettings::defaults();
        settings.set("spot.action", "stop".into());
        settings.set("metadata.values.hostname", "<a & b>\u{2028}".into());
        let text = text(&settings);
        assert!(text.starts_with(
            "{\n  \"asg-termination-delay-sec\": 0,\n  \"config-file\": \"$HOME/aemm-config.json\",\n"
        ));
        assert!(text.contains("\"instanceprofilearn\": ") && !text.contains("null"), "{text}");
        assert!(text.contains("\"hostname\": \"\\u003ca \\u0026 b\\u003e\\u2028\""), "{text}");
        let reread = AemmSettings::defaults().with_file(file::parse("json", &text).unwrap());
        assert_eq!(reread, settings);
    }

    #[test]
    fn it_lies_below_home() {
        let file = ".ec2-metadata-mock/.aemm-config-used.json";
        assert_eq!(place(Some(Path::new("/home/u"))), Path::new("/home/u").join(file));
        assert_eq!(place(None), Path::new(file));
    }
}
