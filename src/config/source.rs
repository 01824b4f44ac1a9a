//! The text of a configuration file, and the lines of its bytes.

use std::ops::Range;
use std::path::Path;

use super::report::{Report, SourceSpan};
use crate::files::{self, FileError};

/// The largest configuration file that is read: 1 MiB. A scenario of 10,000 lines has a third of that.
pub const MAX_BYTES: u64 = 1 << 20;

/// The width of the longest line that a report shows whole, in characters.
const SHOWN: usize = 100;

/// A file's name with its text.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// The name as the user gave it.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
}

impl SourceText {
    /// A source from text in memory.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Reads a regular file of at most [`MAX_BYTES`] of UTF-8.
    pub fn read(path: &Path) -> Result<Self, Report> {
        let name = path.display().to_string();
        let refuse = |found: String, help: &str| Err(Report::whole(&name, found, help));
        let bytes = match files::read(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => return refuse(error.to_string(), help(&error)),
        };
        match String::from_utf8(bytes) {
            Ok(text) => {
                Ok(Self { name, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) })
            }
            Err(error) => {
                let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = valid.split(|b| *b == b'\n').count();
                let byte = error.as_bytes()[valid.len()];
                refuse(
                    format!("is not UTF-8: byte 0x{byte:02x} on line {line}"),
                    "accepted: UTF-8 text; save the file as UTF-8",
                )
            }
        }
    }

    /// The part of the first line that a range of bytes covers, up to the end of the range or of the line.
    pub(super) fn locate(&self, span: Range<usize>) -> SourceSpan {
        let start = floor_char(&self.text, span.start);
        let end = floor_char(&self.text, span.end.max(span.start));
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let column = before[line_start..].chars().count() + 1;
        let width = self.text[start..end.min(line_end).max(start)].chars().count().max(1);
        if self.names_a_secret(line_start, line_end) {
            let line = before.matches('\n').count() + 1;
            return SourceSpan {
                line,
                column,
                text: "(not shown: it may hold a secret)".into(),
                indent: 0,
                width: 1,
            };
        }
        let line = self.text[line_start..line_end].trim_end_matches('\r');
        let (text, indent) = clip(line, column - 1);
        let width = width.min(text.chars().count().saturating_sub(indent)).max(1);
        SourceSpan { line: before.matches('\n').count() + 1, column, text, indent, width }
    }
}

impl SourceText {
    /// Whether a line holds the value of a key that is, or looks like, one of a secret. A line without a
    /// key belongs to the last key before it.
    fn names_a_secret(&self, line_start: usize, line_end: usize) -> bool {
        let upto = &self.text[..line_end];
        let key = if upto[line_start..].contains('=') { line_start } else { upto.rfind('=').unwrap_or(0) };
        let from = upto[..key].rfind('\n').map_or(0, |at| at + 1);
        let lines = upto[from..].lines().filter(|line| !line.trim_start().starts_with('#'));
        lines
            .flat_map(|line| line.split(['=', '{', ',']))
            .any(|part| is_secret_key(part.trim().trim_matches(['"', '\''])))
    }
}

/// A typing error in the key must not show the value.
fn is_secret_key(key: &str) -> bool {
    // As in the AWS CLI's files: aws_session_token.
    let spelled = key.to_lowercase().replace('_', "-");
    let spelled = spelled.trim_start_matches("aws-");
    let near = |name, distance| strsim::damerau_levenshtein(spelled, name) <= distance;
    ["secret", "password", "session-token", "security-token"].iter().any(|word| spelled.contains(word))
        || near("session-token", 4)
        || near("secret-access-key", 6)
}

fn help(error: &FileError) -> &'static str {
    match error {
        FileError::Directory => "accepted: a TOML file; name the file inside it",
        FileError::Special(_) => "accepted: a TOML file",
        FileError::TooLarge(_) => {
            "accepted: a TOML file of at most 1 MiB; put large values into files of their own"
        }
        error => error.remedy(),
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The line as shown: one column a character, at most [`SHOWN`] of them around `column`.
fn clip(line: &str, column: usize) -> (String, usize) {
    let shown: Vec<char> = line.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
    let visible = |c: &char| if c.is_control() { '\u{fffd}' } else { *c };
    if shown.len() <= SHOWN {
        return (shown.iter().map(visible).collect(), column);
    }
    let from = column.saturating_sub(SHOWN / 2).min(shown.len() - SHOWN);
    let to = from + SHOWN;
    let head = if from > 0 { "…" } else { "" };
    let tail = if to < shown.len() { "…" } else { "" };
    let middle: String = shown[from..to].iter().map(visible).collect();
    (format!("{head}{middle}{tail}"), column - from + head.chars().count())
}
