//! The text of a configuration file.

use std::io::Read as _;
use std::path::Path;
use std::{fs, io};

use super::report::Report;

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
        let file = match open_regular(path) {
            Ok(file) => file,
            Err(Refusal::Directory) => {
                return refuse("is a directory".into(), "accepted: a TOML file; name the file inside it");
            }
            Err(Refusal::Special) => {
                return refuse("is not a regular file".into(), "accepted: a TOML file");
            }
            Err(Refusal::Io(error)) => {
                return refuse(format!("cannot be read: {}", io_error_text(&error)), remedy(&error));
            }
        };
        let mut bytes = Vec::new();
        if let Err(error) = file.take(MAX_BYTES + 1).read_to_end(&mut bytes) {
            return refuse(format!("cannot be read: {}", io_error_text(&error)), remedy(&error));
        }
        if bytes.len() as u64 > MAX_BYTES {
            return refuse(
                "is larger than 1 MiB".into(),
                "accepted: a TOML file of at most 1 MiB; put large values into files of their own",
            );
        }
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
}

enum Refusal {
    Directory,
    Special,
    Io(io::Error),
}

/// Opens without waiting for the other end of a FIFO, and refuses everything that is no regular file.
fn open_regular(path: &Path) -> Result<fs::File, Refusal> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.read(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
    let file = options.open(path).map_err(Refusal::Io)?;
    let kind = file.metadata().map_err(Refusal::Io)?.file_type();
    if kind.is_dir() {
        Err(Refusal::Directory)
    } else if kind.is_file() {
        Ok(file)
    } else {
        Err(Refusal::Special)
    }
}

/// The text of an I/O error as strerror(3) has it in lower case, without "(os error 2)".
pub(crate) fn io_error_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "create the file, or name another one",
        io::ErrorKind::PermissionDenied => {
            "make the file and its directories readable for the user that runs mock-imds"
        }
        _ => "check the path and the file system",
    }
}
