//! The directory of the keys: made, mended, and locked against other servers that would make keys in it.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};

use crate::files::{self, FileError, io_error_text, is_trusted, open_lock, put_aside};

/// A server that starts at the same time makes its keys in less, without optimization too.
const LOCK_TIME_LIMIT: Duration = Duration::from_secs(30);
/// Whatever the umask says: an unprivileged verifier reads the certificates.
const MODE: u32 = 0o755;

pub(super) struct KeyDirectory<'a> {
    path: &'a Path,
    /// Held from the first missing pair to the end, so that two servers that start at once make one set of keys.
    lock: Option<Flock<File>>,
    /// The reason why nothing can be written.
    refused: Option<String>,
}

impl<'a> KeyDirectory<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self { path, lock: None, refused: None }
    }

    pub(super) fn path(&self) -> &'a Path {
        self.path
    }

    pub(super) fn refused(self) -> Option<String> {
        self.refused
    }

    /// Nothing more is written.
    pub(super) fn refuse(&mut self, error: &io::Error) {
        self.lock = None;
        self.refused = Some(format!("cannot write {}: {}", self.path.display(), io_error_text(error)));
    }

    /// Gives what is no directory another name, and opens one of ours that is closed to us.
    pub(super) fn mend(&self, repairs: &mut Vec<String>) {
        let Ok(link) = self.path.symlink_metadata() else { return };
        let shown = self.path.display();
        let directory = self.path.metadata().ok().filter(fs::Metadata::is_dir);
        match directory {
            Some(found) if !link.is_symlink() || is_trusted(link.uid()) => {
                let ours = found.uid() == nix::unistd::geteuid().as_raw();
                if ours && found.mode() & 0o700 != 0o700 {
                    let mode = found.mode() & 0o7777;
                    let opened = fs::set_permissions(self.path, Permissions::from_mode(MODE));
                    repairs.extend(
                        opened
                            .ok()
                            .map(|()| format!("{shown} had mode {mode:04o}: it has mode {MODE:04o} now")),
                    );
                }
            }
            _ => repairs.extend(aside(self.path, "is no directory of ours")),
        }
    }

    /// Locks the directory; false when it cannot be written.
    pub(super) fn lock(&mut self, repairs: &mut Vec<String>) -> bool {
        if self.lock.is_none() && self.refused.is_none() {
            let locked = self.try_lock(repairs).or_else(|error| {
                // A whole directory of another user, whose keys we may not read.
                let owner = self.path.metadata().map_or(0, |found| found.uid());
                if error.kind() != ErrorKind::PermissionDenied || owner == nix::unistd::geteuid().as_raw() {
                    return Err(error);
                }
                let found = format!("belongs to user {owner} and cannot be written");
                repairs.push(aside(self.path, &found).ok_or(error)?);
                self.try_lock(repairs)
            });
            match locked {
                Ok(lock) => self.lock = Some(lock),
                Err(error) => self.refuse(&error),
            }
        }
        self.lock.is_some()
    }

    fn try_lock(&self, repairs: &mut Vec<String>) -> io::Result<Flock<File>> {
        if !self.path.is_dir() {
            fs::create_dir_all(self.path)?;
            fs::set_permissions(self.path, Permissions::from_mode(MODE))?;
        }
        // Not the directory itself, which anybody who may read it could lock.
        let path = self.path.join(".lock");
        let opened = open_lock(&path, 0o600).or_else(|found| {
            let is_file_system =
                matches!(&found, FileError::Io(error) if error.kind() != ErrorKind::PermissionDenied);
            match if is_file_system { None } else { aside(&path, &found.to_string()) } {
                Some(repair) => {
                    repairs.push(repair);
                    open_lock(&path, 0o600)
                }
                None => Err(found),
            }
        });
        let file = opened.map_err(|error| match error {
            FileError::Io(error) => error,
            found => io::Error::other(format!("{} {found}", path.display())),
        })?;
        // Not by asking again and again: those that wait get the lock in turn.
        let locked = files::within(LOCK_TIME_LIMIT, move || Flock::lock(file, FlockArg::LockExclusive));
        let held = || io::Error::other(format!("another process holds {}", path.display()));
        locked.ok_or_else(held)?.map_err(|(_, error)| error.into())
    }
}

/// Gives a file another name, and says so; nothing if it cannot.
fn aside(path: &Path, found: &str) -> Option<String> {
    let aside: PathBuf = put_aside(path).ok()?;
    Some(format!("{} {found}: it is {} now", path.display(), aside.display()))
}
