//! Connecting to a socket in the file system, with an end to each wait.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, UnixAddr, getsockopt, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::paths::Paths;

/// The listener at a path, as far as it can be known.
#[derive(Debug)]
pub(super) enum Listening {
    /// The process that made the socket, if it can be known.
    Yes(Option<i32>),
    /// There is no socket, or it is of a process that has ended.
    No,
    /// It does not say; permission is denied, for instance.
    Unknown(io::Error),
}

impl Listening {
    /// Asks without waiting: who listens and accepts nobody at present is there, too.
    pub(super) fn at(path: &Path) -> Self {
        let probe = || -> Result<OwnedFd, Errno> {
            let socket = open(SockFlag::SOCK_NONBLOCK)?;
            socket::connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
            Ok(socket)
        };
        match probe() {
            Ok(socket) => {
                Self::Yes(getsockopt(&socket, sockopt::PeerCredentials).ok().map(|peer| peer.pid()))
            }
            Err(Errno::EAGAIN) => Self::Yes(None),
            Err(Errno::ECONNREFUSED | Errno::ENOENT) => Self::No,
            Err(error) => Self::Unknown(error.into()),
        }
    }
}

/// Those of the sockets at which a server listens, of another user's included. A crash leaves a socket where none listens,
/// and `su` a HOME that is closed.
pub(super) fn listening(paths: &Paths) -> Vec<PathBuf> {
    let places = paths.client_control_sockets();
    let sockets = places.iter().flat_map(|place| Paths::sockets_beside(place));
    distinct(sockets).into_iter().filter(|socket| !matches!(Listening::at(socket), Listening::No)).collect()
}

/// Those that are there, each once: in a container the places of users and of the host may be the same one.
fn distinct(sockets: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let is_new = |socket: &PathBuf| {
        socket.metadata().is_ok_and(|metadata| seen.insert((metadata.dev(), metadata.ino())))
    };
    sockets.filter(is_new).collect()
}

/// Waits for a place in the socket's queue, which a non-blocking socket does not.
pub(super) fn connect(path: &Path, limit: Duration) -> io::Result<UnixStream> {
    let socket = open(SockFlag::empty())?;
    let milliseconds = limit.as_millis().try_into().unwrap_or(i64::MAX);
    setsockopt(&socket, sockopt::SendTimeout, &TimeVal::milliseconds(milliseconds))?;
    match socket::connect(socket.as_raw_fd(), &UnixAddr::new(path)?) {
        Err(Errno::EAGAIN) => Err(ErrorKind::TimedOut.into()),
        connected => connected.map(|()| socket.into()).map_err(io::Error::from),
    }
}

fn open(flags: SockFlag) -> nix::Result<OwnedFd> {
    socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC | flags, None)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixListener;

    use nix::sys::socket::Backlog;

    use super::*;
    use crate::files::within;

    #[test]
    fn a_socket_at_two_places_is_one() {
        let directory = std::env::temp_dir().join(format!("mock-imds-places-{}", std::process::id()));
        fs::create_dir_all(directory.join("run")).expect("writable");
        std::os::unix::fs::symlink("run", directory.join("linked")).expect("writable");
        let places = ["run/s", "run/s", "linked/s", "gone/s"].map(|place| directory.join(place));
        let _listener = UnixListener::bind(&places[0]).expect("writable");
        assert_eq!(distinct(places.iter().cloned()), [places[0].clone()]);
        fs::remove_dir_all(directory).expect("ours");
    }

    #[test]
    fn a_probe_waits_for_nobody() {
        let directory = std::env::temp_dir().join(format!("mock-imds-connect-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("writable");
        let path = directory.join("s");
        assert!(matches!(Listening::at(&path), Listening::No), "nothing is there");
        let listener = UnixListener::bind(&path).expect("writable");
        socket::listen(&listener, Backlog::new(1).expect("short")).expect("bound");
        let own = i32::try_from(std::process::id()).expect("process ids are small");
        assert!(matches!(Listening::at(&path), Listening::Yes(Some(pid)) if pid == own));
        // Until its queue is full.
        let limit = Duration::from_millis(10);
        let queued: Vec<UnixStream> = (0..9).map_while(|_| connect(&path, limit).ok()).collect();
        assert!((1..9).contains(&queued.len()), "expected a full queue, found {}", queued.len());
        let asked = path.clone();
        let found = within(Duration::from_secs(10), move || Listening::at(&asked));
        assert!(matches!(found, Some(Listening::Yes(None))), "of a full queue: {found:?}");
        drop(listener);
        // A child of another test has all descriptors until it executes its program.
        let gone = path.clone();
        let found = within(Duration::from_secs(10), move || {
            while !matches!(Listening::at(&gone), Listening::No) {
                std::thread::yield_now();
            }
        });
        assert!(found.is_some(), "its owner is gone");
        fs::remove_file(&path).expect("ours");
        fs::write(&path, "").expect("writable");
        assert!(matches!(Listening::at(&path), Listening::No), "a file accepts nobody");
        fs::remove_dir_all(directory).expect("ours");
    }
}
