//! The faults of connections that the server has in force: its list in a file of its runtime directory, as long as the
//! server holds it. See [`ConnectionFault`].
//!
//! The list is believed if only root, and the user whom the directory belongs to, can have written it. All that it can
//! ask for is that connections to the service fail.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::stat::Mode;

use crate::files::{is_held, is_trusted};
use crate::model::ConnectionFault;

/// The runtime directory of the packaged server.
pub(crate) const SERVER_DIRECTORY: &str = "/run/mock-imds";
/// More than 256 faults of some clients each have.
const MAX_BYTES: u64 = 1 << 20;
/// A list that is in force is looked at so often: the lock of a killed server goes a moment after the event of its file.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// As often where nothing can be watched.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
const NOT_WRITABLE_FOR_OTHERS: u32 = 0o022;

/// The list, and a watch on it.
#[derive(Debug)]
pub(super) struct ConnectionFaultList {
    directory: PathBuf,
    inotify: Option<Inotify>,
    watched: bool,
    read: Vec<ConnectionFault>,
    /// Why the list is not believed, logged once.
    refused: Option<String>,
}

impl ConnectionFaultList {
    /// The list of the server with this runtime directory, which need not exist.
    pub(super) fn open(directory: &Path) -> Self {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK);
        let inotify = inotify.inspect_err(|error| tracing::warn!("cannot watch files with inotify: {error}"));
        let directory = directory.to_owned();
        let mut list = Self { directory, inotify: inotify.ok(), watched: false, read: vec![], refused: None };
        list.arm();
        list
    }

    /// Watches the directory, and the one above it, where it may appear.
    fn arm(&mut self) {
        let Some(inotify) = &self.inotify else { return };
        let names = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_ONLYDIR;
        let above = self.directory.parent().unwrap_or(Path::new("/"));
        self.watched = inotify.add_watch(above, names).is_ok();
        // It may not be there yet. Whoever holds the list has it open for writing: the end of a process closes it.
        let _ = inotify.add_watch(&self.directory, names | AddWatchFlags::IN_CLOSE_WRITE);
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(|inotify| inotify.as_fd())
    }

    /// Reads the events that wait; true if the list may be another one.
    pub(super) fn drain(&mut self) -> bool {
        let Some(inotify) = &self.inotify else { return false };
        let mut concerns = false;
        while let Ok(events) = inotify.read_events() {
            let names = [Some(OsStr::new(ConnectionFault::FILE)), self.directory.file_name()];
            let about = |name: Option<&OsStr>| name.is_none() || names.contains(&name);
            concerns |= events.iter().any(|event| about(event.name.as_deref()));
            if events.is_empty() {
                break;
            }
        }
        if concerns {
            self.arm();
        }
        concerns
    }

    /// Reads the list again, and gives the faults in force.
    pub(super) fn refresh(&mut self) -> &[ConnectionFault] {
        let (read, refused) = match read(&self.directory) {
            Ok(faults) => (faults, None),
            Err(refused) => (vec![], Some(refused)),
        };
        if let Some(refused) = refused.as_ref().filter(|refused| self.refused.as_ref() != Some(*refused)) {
            let path = self.directory.join(ConnectionFault::FILE);
            tracing::error!("connections are neither refused nor lost: {} {refused}", path.display());
        }
        (self.read, self.refused) = (read, refused);
        &self.read
    }

    /// When to look again without an event.
    pub(super) fn next_check(&self) -> Option<Duration> {
        if !self.read.is_empty() {
            Some(CHECK_INTERVAL)
        } else if self.watched {
            None
        } else {
            Some(POLL_INTERVAL)
        }
    }
}

/// The faults in force: none without a list, or of a server that is gone. Else why the list is not believed.
fn read(directory: &Path) -> Result<Vec<ConnectionFault>, String> {
    match open_list(directory)? {
        Some(mut file) => {
            let mut content = Vec::new();
            let read = (&mut file).take(MAX_BYTES + 1).read_to_end(&mut content);
            read.map_err(|error| format!("cannot be read: {error}"))?;
            if content.len() as u64 > MAX_BYTES {
                return Err(format!("is larger than {MAX_BYTES} bytes"));
            }
            ConnectionFault::read_all(&content).map_err(|error| format!("is no list of faults: {error}"))
        }
        None => Ok(vec![]),
    }
}

/// The list, if a server holds it.
fn open_list(directory: &Path) -> Result<Option<File>, String> {
    let flags = OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let of_directory = flags | OFlag::O_PATH | OFlag::O_DIRECTORY;
    let above = directory.parent().unwrap_or(Path::new("/"));
    let Some(above) = unless_missing(open(above, of_directory, Mode::empty()))? else { return Ok(None) };
    let name = directory.file_name().unwrap_or(OsStr::new("."));
    let Some(directory) = unless_missing(openat(&above, name, of_directory, Mode::empty()))? else {
        return Ok(None);
    };
    let flags = flags | OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = unless_missing(openat(&directory, ConnectionFault::FILE, flags, Mode::empty()))?;
    let Some(file) = file.map(File::from) else { return Ok(None) };
    let metadata = |file: &File| file.metadata().map_err(|error| format!("cannot be looked at: {error}"));
    let (above, directory) = (metadata(&above.into())?, metadata(&directory.into())?);
    if !is_trusted(above.uid()) || is_open_to_others(&above) {
        return Err("is not believed: others may have made its directory".to_owned());
    }
    let found = metadata(&file)?;
    let owned = is_trusted(found.uid()) || found.uid() == directory.uid();
    if !owned || !found.is_file() || found.nlink() > 1 {
        return Err("is not believed: it is no file of the server".to_owned());
    }
    if is_open_to_others(&directory) || is_open_to_others(&found) {
        return Err("is not believed: others may have written it".to_owned());
    }
    let held = is_held(&file).map_err(|error| format!("cannot be asked for its lock: {error}"))?;
    Ok(held.then_some(file))
}

fn is_open_to_others(found: &Metadata) -> bool {
    found.mode() & NOT_WRITABLE_FOR_OTHERS != 0
}

fn unless_missing<T>(opened: Result<T, Errno>) -> Result<Option<T>, String> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(format!("cannot be opened: {error}")),
    }
}

#[cfg(test)]
mod tests;
