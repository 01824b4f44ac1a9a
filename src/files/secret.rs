//! Files that hold a key: they belong to us or to root, and nobody else may read them.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::error::FileError;
use super::read::RegularFile;
use super::walk::is_trusted;

/// The permissions of everybody but the owner.
const OTHERS: u32 = 0o077;

/// The content of a secret file, and what was or has to be mended about it.
pub(crate) struct SecretFile {
    pub(crate) bytes: Vec<u8>,
    /// A sentence without a full stop.
    pub(crate) warning: Option<String>,
}

/// Reads a secret file of at most `limit` bytes. One that others may read or write is closed to them.
pub(crate) fn read_secret(path: &Path, limit: u64) -> Result<SecretFile, FileError> {
    let file = open(path)?;
    Ok(SecretFile { bytes: file.read(limit)?, warning: close_to_others(&file, path) })
}

/// Reads one of which [`read_secret`] would say nothing, and changes no other.
pub(crate) fn read_closed_secret(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let file = open(path).ok().filter(|file| mode(file) & OTHERS == 0)?;
    file.read(limit).ok()
}

fn open(path: &Path) -> Result<RegularFile, FileError> {
    let file = RegularFile::open(path)?;
    let owner = file.metadata.uid();
    if is_trusted(owner) { Ok(file) } else { Err(FileError::ForeignOwner(owner)) }
}

fn mode(file: &RegularFile) -> u32 {
    file.metadata.mode() & 0o7777
}

fn close_to_others(file: &RegularFile, path: &Path) -> Option<String> {
    let mode = mode(file);
    if mode & OTHERS == 0 {
        return None;
    }
    let found = format!("{} was open to other users (mode {mode:04o})", path.display());
    // A file system without modes takes the change, and keeps nothing of it.
    let closed = file.file().set_permissions(Permissions::from_mode(mode & !OTHERS));
    let closed = closed.and_then(|()| file.file().metadata()).is_ok_and(|now| now.mode() & OTHERS == 0);
    Some(if closed {
        format!("{found}: it has mode {:04o} now", mode & !OTHERS)
    } else {
        format!(
            "{found}, and that cannot be changed: give it to the user that runs mock-imds, with mode 0600"
        )
    })
}
