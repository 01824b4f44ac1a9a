//! A client that ran on a [`crate::ClientHost`], and what is expected of it.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Output;

use serde_json::Value;

/// What a client did.
pub struct ClientRun {
    line: String,
    tokens: &'static str,
    code: i32,
    stdout: Vec<u8>,
    pub stderr: String,
}

impl ClientRun {
    pub(crate) fn new(line: String, tokens: &'static str, output: Output) -> Self {
        Self {
            line,
            tokens,
            code: output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0)),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Its output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its output as JSON, if it ended well.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.ended(0);
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| self.differs(&"a JSON value", &error))
    }

    /// Checks its exit code.
    #[track_caller]
    pub fn ended(&self, code: i32) -> &Self {
        if self.code != code {
            self.differs(&format!("exit code {code}"), &format!("exit code {}", self.code));
        }
        self
    }

    /// Checks its output to the byte.
    #[track_caller]
    pub fn says(&self, expected: impl AsRef<[u8]>) {
        self.ended(0);
        let expected = expected.as_ref();
        if self.stdout != expected {
            self.differs(&expected.escape_ascii(), &self.stdout.escape_ascii());
        }
    }

    /// Checks its output, a JSON object, key by key.
    #[track_caller]
    pub fn prints(&self, expected: &Value) {
        self.same(&self.json(), expected);
    }

    /// Compares two JSON values and names the places where they differ.
    #[track_caller]
    pub fn same(&self, found: &Value, expected: &Value) {
        let mut wrong = vec![];
        differences("", found, expected, &mut wrong);
        if !wrong.is_empty() {
            let (expected, found): (Vec<_>, Vec<_>) = wrong.into_iter().unzip();
            self.differs(&expected.join("\n    "), &found.join("\n    "));
        }
    }

    /// Fails the test.
    #[track_caller]
    pub fn differs(&self, expected: &dyn std::fmt::Display, found: &dyn std::fmt::Display) -> ! {
        panic!(
            "`{}` with http-tokens = \"{}\"\n  expected\n    {expected}\n  found\n    {found}\n\
             --- its stdout\n{}\n--- its stderr\n{}",
            self.line,
            self.tokens,
            self.text(),
            self.stderr,
        )
    }
}

/// Where two JSON values differ: place and value of what was expected, and of what was found.
fn differences(place: &str, found: &Value, expected: &Value, wrong: &mut Vec<(String, String)>) {
    let (Value::Object(found), Value::Object(expected)) = (found, expected) else {
        if found != expected {
            wrong.push((format!("{place}: {expected}"), format!("{place}: {found}")));
        }
        return;
    };
    let keys: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    for key in keys {
        let place = format!("{place}.{key}");
        match (found.get(key), expected.get(key)) {
            (Some(found), Some(expected)) => differences(&place, found, expected, wrong),
            (Some(found), None) => wrong.push((format!("{place}: nothing"), format!("{place}: {found}"))),
            (None, expected) => {
                let expected = expected.expect("the key is of one of the two");
                wrong.push((format!("{place}: {expected}"), format!("{place}: nothing")));
            }
        }
    }
}
