//! Reading, up to a limit of bytes and of time.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::error::FileError;
use super::walk::{self, is_trusted};

/// The time that a file system has for what a command reads.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What the library reads into when it looks for the end of a file.
const LOOK_AHEAD: usize = 32;

/// A regular file, open for reading.
#[derive(Debug)]
pub(crate) struct RegularFile {
    file: File,
    pub(crate) metadata: Metadata,
}

impl RegularFile {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let (file, metadata) = walk::open(path, is_trusted)?;
        Ok(Self { file, metadata })
    }

    /// The whole content, unless it has more bytes than `limit`.
    pub(crate) fn read(&self, limit: u64) -> Result<Vec<u8>, FileError> {
        // Room for all of it, and for the look at the end: one call reads it.
        let length = usize::try_from(self.metadata.len().min(limit)).unwrap_or(0);
        let mut bytes = Vec::with_capacity(length + LOOK_AHEAD);
        (&self.file).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(FileError::TooLarge(limit)) } else { Ok(bytes) }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// Reads a regular file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    RegularFile::open(path)?.read(limit)
}

/// Reads what the user of a command names, a pipe or a terminal too: at most `limit` bytes until its end, which has to
/// come in time.
pub(crate) fn read_stream(path: &Path, limit: u64, time: Duration) -> Result<Vec<u8>, FileError> {
    let path = path.to_owned();
    let read = move || {
        let mut bytes = Vec::new();
        File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(FileError::TooLarge(limit)) } else { Ok(bytes) }
    };
    within(time, read).unwrap_or(Err(FileError::TooSlow(time)))
}

/// Does something that may wait for a file system or for another process; `None` if it does not end in time. Its thread
/// then ends with the process.
pub(crate) fn within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let _ = sender.send(work());
    });
    receiver.recv_timeout(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_left() {
        let (_keep, never) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(5), move || never.recv().is_ok()), None);
        assert_eq!(within(Duration::from_secs(10), || 1), Some(1));
    }
}
