//! The control socket in the file system: one live owner, no race, and the cure for what goes wrong.
//!
//! A lock file beside the socket says who owns it: the kernel releases the lock when the owner dies, so what
//! is found under the lock is stale and may be replaced.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::socket::{self, Backlog};
use nix::unistd::Uid;
use thiserror::Error;

use super::connect::Listening;
use crate::exit::{ExitStatus, Failure};
use crate::files::{FileError, io_error_text, open_lock, put_aside};

/// `sun_path` of `struct sockaddr_un` less the terminating zero.
const LONGEST: usize = 107;

/// Connections that wait to be accepted, which takes no time.
const QUEUE: i32 = 128;

/// Attempts to lock a file that others remove meanwhile. On some file systems it never seems to be the same file.
const LOCK_ROUNDS: usize = 100;

/// A bound control socket.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    pub(super) listener: UnixListener,
    /// For the owner and root alone: a queue of connections that no other caller can fill. It is missing where it cannot
    /// be made.
    pub(super) owner_listener: Option<UnixListener>,
    pub(super) files: SocketFiles,
}

/// The files of a control socket, which are removed when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFiles {
    path: PathBuf,
    owner: bool,
    _lock: Flock<File>,
}

/// A control socket that can't be bound.
#[derive(Debug, Error)]
pub(crate) enum BindError {
    /// No socket can be made there; another path may do.
    #[error("cannot create a control socket at {}: {}", path.display(), io_error_text(error))]
    Unwritable { path: PathBuf, error: io::Error },
    /// The path belongs to another server.
    #[error("{0}")]
    Taken(String),
    /// Whose socket it is, and whether its server runs, cannot be known.
    #[error("cannot ask at the control socket {} whether its server runs: {}", path.display(), io_error_text(error))]
    Unknown { path: PathBuf, error: io::Error },
    /// In the place of the socket or of its lock is something else.
    #[error("{} {found}, in the place of {what}; remove it", path.display())]
    Foreign { path: PathBuf, found: String, what: &'static str },
    /// The path is longer than a socket's may be.
    #[error(
        "the control socket's path has {} bytes, {LONGEST} at most are accepted: {}",
        .0.as_os_str().len(), .0.display()
    )]
    TooLong(PathBuf),
}

impl BindError {
    /// What could get another name, so that there is room for ours, and what it is: something else, or a lock of somebody
    /// else's. Whatever hinders beside these hinders under each name, such as a full disk.
    pub(super) fn in_the_way(&self) -> Option<(PathBuf, String)> {
        match self {
            Self::Foreign { path, found, .. } => Some((path.clone(), found.clone())),
            Self::Unwritable { path, error } if error.kind() == ErrorKind::PermissionDenied => {
                Some((lock_path(path), io_error_text(error)))
            }
            Self::Unwritable { .. } | Self::Taken(_) | Self::Unknown { .. } | Self::TooLong(_) => None,
        }
    }
}

impl From<BindError> for Failure {
    fn from(refused: BindError) -> Self {
        let status = match &refused {
            BindError::Unwritable { error, .. } | BindError::Unknown { error, .. }
                if error.kind() == ErrorKind::PermissionDenied =>
            {
                ExitStatus::NoPermission
            }
            BindError::Unwritable { .. }
            | BindError::Unknown { .. }
            | BindError::Taken(_)
            | BindError::Foreign { .. } => ExitStatus::Unavailable,
            BindError::TooLong(_) => ExitStatus::Usage,
        };
        let remedy = match &refused {
            BindError::Taken(_) => "end that server, or choose another path with --control PATH",
            _ => "choose another path with --control PATH",
        };
        Self::new(status, format!("{refused}; {remedy}"))
    }
}

impl ControlSocket {
    /// Binds the socket, for owner and group (0660), and makes its directory if that is not there.
    pub(crate) fn bind(path: &Path) -> Result<Self, BindError> {
        if path.as_os_str().len() > LONGEST {
            return Err(BindError::TooLong(path.to_owned()));
        }
        let unwritable = |error| BindError::Unwritable { path: path.to_owned(), error };
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(unwritable)?;
        }
        let lock = lock(path)?;
        clear(path)?;
        let listener = listen(path, 0o660).map_err(unwritable)?;
        let owner = owner_path(path);
        let owner_listener = clear(&owner).ok().and_then(|()| listen(&owner, 0o600).ok());
        let files = SocketFiles { path: path.to_owned(), owner: owner_listener.is_some(), _lock: lock };
        Ok(Self { listener, owner_listener, files })
    }

    pub(crate) fn path(&self) -> &Path {
        self.files.path()
    }

    /// Whether the socket at `path` is the present user's; who has its lock may be about to make it.
    pub(crate) fn is_own(path: &Path) -> bool {
        let file = path.metadata().or_else(|_| lock_path(path).metadata());
        file.is_ok_and(|file| file.uid() == Uid::effective().as_raw())
    }

    /// The same at a path that nobody named: what is no socket there, or no lock of ours, gets another name. The lock
    /// of a server that may run is left alone, whoever may rename it.
    pub(crate) fn bind_mended(path: &Path) -> Result<Self, BindError> {
        for _ in 0..2 {
            let refused = match Self::bind(path) {
                Err(refused) => refused,
                bound => return bound,
            };
            let Some((foreign, found)) = refused.in_the_way() else { return Err(refused) };
            if foreign != path {
                check_dead(path)?;
            }
            // In a directory that is not ours nothing is renamed.
            let Ok(aside) = put_aside(&foreign) else { return Err(refused) };
            tracing::warn!("{} {found}: it is {} now", foreign.display(), aside.display());
        }
        Self::bind(path)
    }
}

impl SocketFiles {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFiles {
    fn drop(&mut self) {
        // Still under the lock: nobody can have put another one there.
        let _ = fs::remove_file(&self.path);
        if self.owner {
            let _ = fs::remove_file(owner_path(&self.path));
        }
        // Whoever waits for it sees that it is not the file of this name any more.
        let _ = fs::remove_file(lock_path(&self.path));
    }
}

/// The owner's own socket, beside the one for its group.
pub(super) fn owner_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".owner");
    name.into()
}

fn listen(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(path)?;
    // The library's queue is the longest that there may be: who comes next would wait for all of it.
    socket::listen(&listener, Backlog::new(QUEUE)?)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Locks `PATH.lock` and writes our process id into it. The last holder removes it: what was opened before is locked in
/// vain.
fn lock(path: &Path) -> Result<Flock<File>, BindError> {
    let name = lock_path(path);
    for _ in 0..LOCK_ROUNDS {
        let lock = lock_once(path, &name)?;
        let ours = lock.metadata().map(|file| (file.dev(), file.ino()));
        let there = fs::symlink_metadata(&name).map(|file| (file.dev(), file.ino()));
        if let (Ok(ours), Ok(there)) = (ours, there)
            && ours == there
        {
            return Ok(lock);
        }
    }
    let error = io::Error::other("its lock is another file after each attempt");
    Err(BindError::Unwritable { path: path.to_owned(), error })
}

fn lock_once(path: &Path, name: &Path) -> Result<Flock<File>, BindError> {
    let unwritable = |error| BindError::Unwritable { path: path.to_owned(), error };
    let file = open_lock(name, 0o644).map_err(|found| match found {
        FileError::Io(error) => unwritable(error),
        found => BindError::Foreign {
            path: name.to_owned(),
            found: found.to_string(),
            what: "the control socket's lock",
        },
    })?;
    let mut lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => lock,
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut owner = String::new();
            let _ = (&mut file).take(32).read_to_string(&mut owner);
            return Err(taken(path, owner.trim().parse().ok()));
        }
        Err((_, error)) => return Err(unwritable(error.into())),
    };
    write_owner(&mut lock).map_err(unwritable)?;
    Ok(lock)
}

/// Writes our process id in the place of what the file holds. It is never emptied before: ext4 then writes the file to the
/// disk at once, which takes longer than all else that is done for the socket.
fn write_owner(lock: &mut File) -> io::Result<()> {
    let owner = format!("{}\n", std::process::id());
    lock.write_all(owner.as_bytes())?;
    let length = owner.len() as u64;
    if lock.metadata()?.len() > length { lock.set_len(length) } else { Ok(()) }
}

/// Removes what a dead owner left, and nothing else.
fn clear(path: &Path) -> Result<(), BindError> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BindError::Unwritable { path: path.to_owned(), error }),
    };
    if !kind.is_socket() {
        let what = if kind.is_dir() {
            "a directory"
        } else if kind.is_file() {
            "a regular file"
        } else {
            "no socket"
        };
        let found = format!("is {what}");
        return Err(BindError::Foreign { path: path.to_owned(), found, what: "the control socket" });
    }
    // Another program, without our lock, may listen there.
    check_dead(path)?;
    fs::remove_file(path).map_err(|error| BindError::Unwritable { path: path.to_owned(), error })
}

/// Refuses a socket that a process listens at, and one that does not say so: it may be another user's.
fn check_dead(path: &Path) -> Result<(), BindError> {
    match Listening::at(path) {
        Listening::No => Ok(()),
        Listening::Yes(owner) => Err(taken(path, owner)),
        Listening::Unknown(error) => Err(BindError::Unknown { path: path.to_owned(), error }),
    }
}

fn taken(path: &Path, owner: Option<i32>) -> BindError {
    let place = path.display();
    let owner = owner.map_or_else(|| "a running server".to_owned(), |pid| format!("process {pid}"));
    BindError::Taken(format!("the control socket {place} belongs to {owner}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_that_is_missing_has_its_own_status() {
        let path = || PathBuf::from("/run/x.sock");
        let (denied, full) = (ErrorKind::PermissionDenied, ErrorKind::StorageFull);
        let foreign = BindError::Foreign { path: path(), found: "is a directory".to_owned(), what: "x" };
        for (refused, status) in [
            (BindError::Unwritable { path: path(), error: denied.into() }, ExitStatus::NoPermission),
            (BindError::Unknown { path: path(), error: denied.into() }, ExitStatus::NoPermission),
            (BindError::Unwritable { path: path(), error: full.into() }, ExitStatus::Unavailable),
            (BindError::Unknown { path: path(), error: full.into() }, ExitStatus::Unavailable),
            (BindError::Taken("it is taken".to_owned()), ExitStatus::Unavailable),
            (foreign, ExitStatus::Unavailable),
            (BindError::TooLong(path()), ExitStatus::Usage),
        ] {
            let failure = Failure::from(refused);
            assert_eq!(failure.status, status, "{failure}");
            assert!(failure.message.ends_with("choose another path with --control PATH"), "{failure}");
        }
    }

    #[test]
    fn a_path_has_107_bytes_at_most() {
        let directory = std::env::temp_dir().join(format!("mock-imds-long-{}", std::process::id()));
        let name = |length: usize| "x".repeat(length - directory.as_os_str().len() - 1);
        let socket = ControlSocket::bind(&directory.join(name(107))).expect("the longest one fits");
        assert!(socket.owner_listener.is_none(), "the owner's path is too long");
        drop(socket);
        let longer = ControlSocket::bind(&directory.join(name(108)));
        assert!(matches!(longer, Err(BindError::TooLong(_))), "{longer:?}");
        fs::remove_dir_all(directory).expect("ours");
    }

    #[test]
    fn the_lock_names_its_owner_whatever_it_held() {
        let directory = std::env::temp_dir().join(format!("mock-imds-owner-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("writable");
        let socket = directory.join("s");
        for before in ["", "7\n", "12345678901234567890\nand more\n"] {
            fs::write(lock_path(&socket), before).expect("writable");
            let held = lock(&socket).expect("nobody has it");
            let found = fs::read_to_string(lock_path(&socket)).expect("it is there");
            assert_eq!(found, format!("{}\n", std::process::id()), "in the place of {before:?}");
            drop(held);
        }
        fs::remove_dir_all(directory).expect("ours");
    }
}
