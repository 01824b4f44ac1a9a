//! A HAR, as browsers and proxies record requests: the answers to GET with 200, by path.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::reading::{Certainty, Reading};
use super::tree_file::is_version;
use crate::transcribe::account::lines_of;
use crate::transcribe::dump::{self, DumpFiles};
use crate::transcribe::observations::SecretsPolicy;

pub(super) fn is_har(document: &Value) -> bool {
    document.pointer("/log/entries").is_some_and(Value::is_array)
}

pub(super) fn read(document: &Value, policy: SecretsPolicy) -> Result<Reading, String> {
    let mut files = DumpFiles::new();
    let mut left: Vec<Vec<String>> = Vec::new();
    let entries = document.pointer("/log/entries").and_then(Value::as_array);
    for (number, entry) in entries.into_iter().flatten().enumerate() {
        match answer(entry) {
            Some((path, bytes)) if !files.contains_key(&path) => _ = files.insert(path, bytes),
            _ => left.push(vec![format!("log.entries.{number}")]),
        }
    }
    let mut observations =
        dump::read(&files, policy).map_err(|_| "it has no answers of a metadata service".to_owned())?;
    for line in lines_of(&left, "no GET of a metadata path with 200 and text, or a second one") {
        observations.add_note(line);
    }
    let (shape, evidence) = ("a HAR", "its key log.entries".to_owned());
    Ok(Reading { shape, certainty: Certainty::Certain, evidence, observations })
}

/// The segments of a path, and what it answered.
fn answer(entry: &Value) -> Option<(Vec<String>, Vec<u8>)> {
    let text = |path: &str| entry.pointer(path).and_then(Value::as_str);
    let is_get = text("/request/method")?.eq_ignore_ascii_case("GET");
    let status = entry.pointer("/response/status").and_then(Value::as_u64)?;
    if !is_get || status != 200 {
        return None;
    }
    let url = text("/request/url")?.split(['?', '#']).next()?;
    let path =
        url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let listing = path.ends_with('/');
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut segments: Vec<String> =
        path.strip_suffix('/').unwrap_or(path).split('/').map(segment).collect::<Option<_>>()?;
    if !is_version(segments.first()?) || segments.len() < 2 {
        return None;
    }
    if listing {
        segments.push("index.html".to_owned());
    }
    let body = text("/response/content/text")?;
    let bytes = match text("/response/content/encoding") {
        Some("base64") => BASE64_STANDARD.decode(body).ok()?,
        _ => body.as_bytes().to_vec(),
    };
    Some((segments, bytes))
}

/// A segment as the service reads it; none if no request asks for it.
fn segment(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    let is_path = !matches!(&*decoded, "" | "." | "..") && !decoded.contains('/');
    is_path.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_answer_of_a_path_counts() {
        let entry = |text: &str| {
            json!({
                "request": {"method": "GET", "url": "http://h/latest/meta-data/instance-id"},
                "response": {"status": 200, "content": {"text": text}},
            })
        };
        let document =
            json!({"log": {"entries": [entry("i-0123456789abcdef0"), entry("i-0fedcba9876543210")]}});
        let reading = read(&document, SecretsPolicy::default()).expect("it has an answer");
        assert_eq!(reading.observations.text("meta-data/instance-id"), Some("i-0123456789abcdef0"));
        let note = "log.entries.1: no GET of a metadata path with 200 and text, or a second one";
        let notes = reading.observations.notes;
        assert!(notes.iter().any(|found| found == note), "expected {note:?} in {notes:?}");
    }

    #[test]
    fn paths_are_read_segment_by_segment() {
        for (url, expected) in [
            (
                "http://169.254.169.254/latest/meta-data/tags/instance/a%20b?x#y",
                Some("latest meta-data tags instance a b"),
            ),
            ("/latest/meta-data/%c3%bc", Some("latest meta-data ü")),
            ("http://h/latest/meta-data/", Some("latest meta-data index.html")),
            ("http://h/latest/meta-data/%2e%2e/user-data", None),
            ("http://h/latest/meta-data/./mac", None),
            ("http://h/latest//meta-data/mac", None),
            ("http://h/latest/meta-data//", None),
            ("http://h/latest/meta-data/a%2Fb", None),
            ("http://h/latest/meta-data/%ff", None),
            ("http://h/elsewhere/meta-data", None),
        ] {
            let entry = json!({
                "request": {"method": "GET", "url": url},
                "response": {"status": 200, "content": {"text": "x"}},
            });
            let found = answer(&entry).map(|(segments, _)| segments.join(" "));
            assert_eq!(found.as_deref(), expected, "{url}");
        }
    }
}
