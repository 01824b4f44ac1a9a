//! The text of a configuration file.

use std::path::Path;

use super::report::Report;
use crate::files::{self, FileError};

/// The largest configuration file that is read: 1 MiB. A scenario of 10,000 lines has a third of that.
pub const MAX_BYTES: u64 = 1 << 20;

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
            Err(error) => match dangling(path, &error) {
                Some(found) => {
                    return refuse(found, "mount or make what it leads to, or name the file itself");
                }
                None => return refuse(error.to_string(), help(&error)),
            },
        };
        Self::decode(name, bytes)
    }

    /// A source of these bytes: at most [`MAX_BYTES`] of UTF-8.
    pub(crate) fn from_bytes(name: String, bytes: Vec<u8>) -> Result<Self, Report> {
        if bytes.len() as u64 > MAX_BYTES {
            let error = FileError::TooLarge(MAX_BYTES);
            return Err(Report::whole(name, error.to_string(), help(&error)));
        }
        Self::decode(name, bytes)
    }

    fn decode(name: String, bytes: Vec<u8>) -> Result<Self, Report> {
        match String::from_utf8(bytes) {
            Ok(text) => {
                Ok(Self { name, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) })
            }
            Err(error) => {
                let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = valid.split(|b| *b == b'\n').count();
                let byte = error.as_bytes()[valid.len()];
                Err(Report::whole(
                    name,
                    format!("is not UTF-8: byte 0x{byte:02x} on line {line}"),
                    "accepted: UTF-8 text; save the file as UTF-8",
                ))
            }
        }
    }
}

/// What is missing is what the link leads to, such as a file in a folder that is not mounted yet.
fn dangling(path: &Path, error: &FileError) -> Option<String> {
    let target = std::fs::read_link(path).ok().filter(|_| error.is_missing())?;
    Some(format!("is a link to {}, which is not there", target.display()))
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
