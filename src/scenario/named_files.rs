//! The files that a scenario names: in its directory, or sent along with its text.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files::{self, FileError};

/// Files by the names that the text has for them.
pub(crate) type SentFiles = BTreeMap<String, SentFile>;

/// A file that was sent along with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SentFile {
    Content(Vec<u8>),
    /// The sender could not read it: a predicate, such as "cannot be read: permission denied".
    Unread(String),
}

/// What the readers of a scenario read files by.
#[derive(Debug)]
pub(crate) struct NamedFiles<'a> {
    base: &'a Path,
    sent: Option<&'a SentFiles>,
    /// What was read, for whoever sends it.
    collected: Option<RefCell<SentFiles>>,
}

/// A file that has no content to use.
pub(super) enum UnreadFile {
    /// More bytes than the limit.
    TooLarge,
    Other {
        /// A predicate of the file.
        found: String,
        help: &'static str,
    },
}

impl<'a> NamedFiles<'a> {
    /// Files whose paths are relative to `base`.
    pub(crate) fn relative_to(base: &'a Path) -> Self {
        Self { base, sent: None, collected: None }
    }

    /// The same, and what is read is kept for [`collected`](Self::collected).
    pub(crate) fn collecting(base: &'a Path) -> Self {
        Self { collected: Some(RefCell::default()), ..Self::relative_to(base) }
    }

    /// Files that were sent with the text. In reports they have the paths of the sender, whose directory `base` is; none is
    /// read from there.
    pub(crate) fn sent(base: &'a Path, files: &'a SentFiles) -> Self {
        Self { sent: Some(files), ..Self::relative_to(base) }
    }

    /// All that was read, and what could not be.
    pub(crate) fn collected(self) -> SentFiles {
        self.collected.map(RefCell::into_inner).unwrap_or_default()
    }

    /// Whether the content stays as it is now: there is no file to read again later.
    pub(super) fn are_fixed(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether somebody wants the content of files that are otherwise read when they are needed.
    pub(super) fn are_collected(&self) -> bool {
        self.collected.is_some()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.base.join(name)
    }

    pub(super) fn read(&self, name: &str, limit: usize) -> Result<Vec<u8>, UnreadFile> {
        match self.sent {
            Some(sent) => from_sent(sent.get(name), limit),
            None => self.read_from_disk(name, limit),
        }
    }

    fn read_from_disk(&self, name: &str, limit: usize) -> Result<Vec<u8>, UnreadFile> {
        let read = files::read(&self.path(name), limit as u64);
        if let Some(collected) = &self.collected {
            let file = match &read {
                Ok(bytes) => SentFile::Content(bytes.clone()),
                Err(error) => SentFile::Unread(error.to_string()),
            };
            collected.borrow_mut().insert(name.to_owned(), file);
        }
        read.map_err(|error| match error {
            FileError::TooLarge(_) => UnreadFile::TooLarge,
            error => {
                let help = match &error {
                    FileError::ForeignLink { .. } => error.remedy(),
                    _ => {
                        "accepted: a regular file that mock-imds may read; its path is relative to the scenario's directory"
                    }
                };
                UnreadFile::Other { found: error.to_string(), help }
            }
        })
    }
}

fn from_sent(file: Option<&SentFile>, limit: usize) -> Result<Vec<u8>, UnreadFile> {
    match file {
        Some(SentFile::Content(bytes)) if bytes.len() > limit => Err(UnreadFile::TooLarge),
        Some(SentFile::Content(bytes)) => Ok(bytes.clone()),
        Some(SentFile::Unread(found)) => Err(UnreadFile::Other {
            found: found.clone(),
            help: "accepted: a regular file that you may read; its path is relative to the scenario's directory",
        }),
        None => Err(UnreadFile::Other {
            found: "was not sent with the scenario".to_owned(),
            help: "accepted: the content of each file that the scenario names, by the same name",
        }),
    }
}
