//! What the language server of Even Better TOML, VS Code's extension, offers and marks.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};
use support::{Sandbox, finish};

use crate::{RERUN, schema_url, tool};

/// The script, copied once for all tests: a module is looked for beside it.
static SCRIPT: LazyLock<PathBuf> = LazyLock::new(|| {
    let script = support::sources().join("target/editors/editor.mjs");
    fs::copy(support::sources().join("tests/editors/editor.mjs"), &script).expect("target/ is writable");
    script
});

/// A file with its cursors: a question at each `|`, which is taken out.
struct OpenFile {
    text: String,
    places: Vec<(usize, usize)>,
}

impl OpenFile {
    fn of(schema: &str, text: &str) -> Self {
        let mut file = Self { text: format!("#:schema {}\n", schema_url(schema)), places: vec![] };
        for (line, text) in text.lines().enumerate() {
            if let Some(column) = text.find('|') {
                // The first line names the schema.
                file.places.push((line + 1, column));
            }
            file.text += &text.replacen('|', "", 1);
            file.text.push('\n');
        }
        file
    }

    /// What the server answers at each cursor; without a cursor the problems.
    fn ask(&self, what: &str) -> Option<(Vec<Value>, String)> {
        // Whether the tools are there is known by this one.
        tool("taplo")?;
        let sandbox = Sandbox::new();
        let file = sandbox.write("scenario.toml", &self.text);
        let questions = self.places.iter();
        let questions: Value =
            questions.map(|(line, column)| json!({"ask": what, "line": line, "character": column})).collect();
        let input = sandbox.write("questions.json", questions.to_string());
        let input = fs::File::open(input).expect("it was just written");
        let outcome = finish(
            Command::new("timeout").arg("300").arg("node").arg(&*SCRIPT).arg(file).stdin(Stdio::from(input)),
        );
        let output: Value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {outcome:#?}\n{RERUN}"));
        let answers = output["answers"].as_array().expect("a list").clone();
        assert_eq!(answers.len(), self.places.len(), "an answer for each cursor: {output:#}\n{RERUN}");
        Some((answers, output["problems"].to_string()))
    }
}

fn labels(answer: &Value) -> Vec<&str> {
    answer.as_array().into_iter().flatten().filter_map(|item| item["label"].as_str()).collect()
}

#[test]
fn an_editor_offers_keys_words_and_paths() {
    let text = "[metadata-options]\nhttp-tokens = \"|\"\n[instance]\n|\n[metadata]\n\"|\" = \"\"\n";
    let Some((answers, _)) = OpenFile::of("scenario", text).ask("completion") else { return };
    for (answer, expected) in answers.iter().zip([
        vec!["\"optional\"", "\"required\""],
        vec!["availability-zone", "user-data", "tags"],
        vec!["meta-data/spot/instance-action", "meta-data/instance-id"],
    ]) {
        let found = labels(answer);
        for expected in expected {
            let count = found
                .iter()
                .filter(|label| label.trim_matches(['"', '\'']) == expected.trim_matches('"'))
                .count();
            // What has several forms is offered with each.
            let is_wrong = if expected == "user-data" { count == 0 } else { count != 1 };
            assert!(!is_wrong, "expected {expected} once, found {found:?}\n{RERUN}");
        }
    }
}

#[test]
fn an_editor_describes_keys() {
    let text = "[instance]\nlife-|cycle = \"spot\"\nuser-|data = \"x\"\n";
    let Some((answers, _)) = OpenFile::of("scenario", text).ask("hover") else { return };
    for (answer, expected) in answers.iter().zip(["capacity-block", "16 KiB"]) {
        assert!(answer.to_string().contains(expected), "expected {expected:?}, found {answer}\n{RERUN}");
    }
}

#[test]
fn an_editor_marks_what_is_wrong() {
    let scenario = "[instance]\ninstance-tpye = \"t3.micro\"\n[[event]]\nat = 30\n[metadata]\n\"meta-data/mac\" = true\n";
    for (schema, text, expected) in [
        ("scenario", scenario, &["instance-tpye", "30 is not", "true is not"] as &[&str]),
        ("host", "[host]\nipv6 = \"yes\"\n", &["is not of type"]),
    ] {
        let Some((_, problems)) = OpenFile::of(schema, text).ask("hover") else { return };
        for expected in expected {
            assert!(
                problems.contains(expected),
                "expected {expected:?} for:\n{text}\nfound {problems}\n{RERUN}"
            );
        }
    }
}
