//! Everything that a server opens before it runs: sockets and keys.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::Uid;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::key::{self, TokenKey};
use crate::control::{BindError, ControlSocket};
use crate::exit::{ExitStatus, Failure};
use crate::identity::{KeyFindings, KeyRing, KeyStorage};
use crate::model::endpoint::FOREGROUND_PORT;
use crate::paths::{IDENTITY, Paths};
use crate::server::{InheritedSockets, Listener, bind};

/// The file system of the state and runtime directories has so long; systemd waits longer for a start.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);

/// The listening sockets: inherited ones, else those that are asked for, else the usual one.
pub(super) fn listen(
    addresses: &[SocketAddr],
    inherited: InheritedSockets,
) -> Result<Vec<Listener>, Failure> {
    if inherited.is_empty() {
        let usual = [SocketAddr::from((Ipv4Addr::LOCALHOST, FOREGROUND_PORT))];
        return bind(if addresses.is_empty() { &usual } else { addresses });
    }
    if !addresses.is_empty() {
        tracing::warn!("--listen is ignored: sockets are inherited from the service manager");
    }
    inherited.listen()
}

/// The directory of keys, if it can be used, and the token key: from there, or for this process only.
pub(super) struct State {
    pub(super) directory: Option<PathBuf>,
    pub(super) key: [u8; 32],
    /// The reason why there is no directory.
    pub(super) missing: Option<String>,
}

impl State {
    pub(super) fn open(given: Option<&Path>, paths: &Paths) -> Result<Self, Failure> {
        let without = |why| Ok(Self { directory: None, key: random()?, missing: Some(why) });
        let Some(directory) = given.map(Path::to_owned).or_else(|| paths.state_directory()) else {
            return without("no state directory is known".to_owned());
        };
        let shown = directory.display();
        match fs::create_dir_all(&directory).and_then(|()| key::load(&directory)) {
            Ok(TokenKey { bytes: key, unsaved: None }) => {
                Ok(Self { directory: Some(directory), key, missing: None })
            }
            // The keys that are there are read even so.
            Ok(TokenKey { bytes: key, unsaved: Some(error) }) if directory.join(IDENTITY).is_dir() => {
                tracing::warn!(
                    "session tokens will not survive a restart: {shown} cannot be written ({error})"
                );
                Ok(Self { directory: Some(directory), key, missing: None })
            }
            Ok(TokenKey { unsaved: Some(error), .. }) | Err(error) if given.is_some() => Err(Failure::new(
                if error.kind() == ErrorKind::PermissionDenied {
                    ExitStatus::NoPermission
                } else {
                    ExitStatus::OsError
                },
                format!(
                    "the state directory {shown} cannot be used: {error}; name another one with --state DIR"
                ),
            )),
            Ok(TokenKey { unsaved: Some(error), .. }) | Err(error) => {
                without(format!("the state directory {shown} cannot be used ({error})"))
            }
        }
    }
}

/// State and control socket, opened on a thread of their own: a file system may take its time, signals may not.
pub(super) async fn open_directories(
    state: Option<PathBuf>,
    control: Option<PathBuf>,
    port: Option<u16>,
    paths: Paths,
) -> Result<(State, OpenedSocket), Failure> {
    let opened = spawn_blocking(move || {
        let state = State::open(state.as_deref(), &paths)?;
        let control = control_socket(control.as_deref(), state.directory.as_deref(), port, &paths)?;
        Ok((state, control))
    });
    let Ok(opened) = timeout(OPEN_TIMEOUT, opened).await else {
        let why = format!("the file system did not answer within {} s", OPEN_TIMEOUT.as_secs());
        let state = State { directory: None, key: random()?, missing: Some(why.clone()) };
        return Ok((state, OpenedSocket::Missing { why }));
    };
    let software =
        |error| Failure::new(ExitStatus::Software, format!("cannot open the directories: {error}"));
    opened.map_err(software)?
}

/// The keys of the identity document: from the state directory, or for this process only. Reading or making them is
/// CPU-bound for a moment; what can be read later is.
pub(super) async fn identity_keys(state: Option<PathBuf>) -> Result<KeyRing, Failure> {
    let seed = random()?;
    let Some(state) = state else { return Ok(KeyRing::generate(seed)) };
    let opened = spawn_blocking(move || KeyRing::open_lazily(&state.join(IDENTITY), seed, warn_of_keys));
    opened.await.map_err(|error| {
        Failure::new(ExitStatus::Software, format!("cannot generate identity keys: {error}"))
    })?
}

fn warn_of_keys(KeyFindings { storage, repairs }: KeyFindings) {
    for repair in repairs {
        tracing::warn!("{repair}");
    }
    if let KeyStorage::InMemory { why } = storage {
        tracing::warn!("identity documents are signed with keys that will not survive a restart: {why}");
    }
}

/// The control socket, or the reason why there is none.
pub(super) enum OpenedSocket {
    Bound(ControlSocket),
    Missing { why: String },
}

/// The control socket at the first path that takes one; where another server of the same user has that, at one by the
/// port. Without a writable path there is none, and a reason.
pub(super) fn control_socket(
    given: Option<&Path>,
    state: Option<&Path>,
    port: Option<u16>,
    paths: &Paths,
) -> Result<OpenedSocket, Failure> {
    if let Some(path) = given {
        return Ok(OpenedSocket::Bound(ControlSocket::bind(path)?));
    }
    let mut why = "no directory for it is known".to_owned();
    for path in paths.server_control_sockets(state) {
        match ControlSocket::bind_mended(&path) {
            Ok(socket) => return Ok(OpenedSocket::Bound(socket)),
            Err(taken @ BindError::Taken(_)) => {
                let Some(port) = port.filter(|_| is_own(&path)) else { return Err(taken.into()) };
                let socket = ControlSocket::bind_mended(&Paths::socket_by_port(&path, port))?;
                let shown = socket.path().display();
                tracing::info!(
                    "another server has {}; the control socket is {shown}, see --server",
                    path.display()
                );
                return Ok(OpenedSocket::Bound(socket));
            }
            Err(refused) => why = refused.to_string(),
        }
    }
    Ok(OpenedSocket::Missing { why })
}

/// A file of the present user.
fn is_own(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.uid() == Uid::effective().as_raw())
}

/// One line, however much is missing: in a container that cannot write, all of it is meant to be.
pub(super) fn warn_of_missing(state: Option<String>, control: OpenedSocket) -> Option<ControlSocket> {
    let keys = state.map(|why| format!("session tokens and identity keys will not survive a restart: {why}"));
    let (socket, no_socket) = match control {
        OpenedSocket::Bound(socket) => (Some(socket), None),
        OpenedSocket::Missing { why } => {
            let what = "there is no control socket, so `mock-imds reload` and `status` find no server";
            (None, Some(format!("{what}: {why}")))
        }
    };
    let missing: Vec<String> = keys.into_iter().chain(no_socket).collect();
    if !missing.is_empty() {
        tracing::warn!("{}", missing.join("; "));
    }
    socket
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    key::random().map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("cannot get random bytes from the kernel: {error}"))
    })
}
