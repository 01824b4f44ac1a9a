//! Everything that a server opens before it runs: sockets and keys.

use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::token_key::{self, TokenKey};
use crate::control::{BindError, ControlSocket};
use crate::exit::{ExitStatus, Failure};
use crate::files::io_error_text;
use crate::identity::{KeyFindings, KeyGlance, KeyRing, KeyStorage};
use crate::imds::Fleet;
use crate::model::ListenEndpoint;
use crate::model::endpoint::FOREGROUND_PORT;
use crate::paths::{IDENTITY, Paths};
use crate::server::{InheritedSockets, Listener, bind};

/// The file system of the state and runtime directories has so long; systemd waits longer for a start.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);

/// The listening sockets: inherited ones, else those that are asked for, else the usual one.
pub(super) fn listen(
    addresses: &[ListenEndpoint],
    inherited: InheritedSockets,
) -> Result<Vec<Listener>, Failure> {
    if inherited.is_empty() {
        let usual = [SocketAddr::from((Ipv4Addr::LOCALHOST, FOREGROUND_PORT)).into()];
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
        match fs::create_dir_all(&directory).and_then(|()| token_key::load(&directory)) {
            Ok(TokenKey { bytes: key, unsaved: None }) => {
                Ok(Self { directory: Some(directory), key, missing: None })
            }
            // The keys that are there are read even so.
            Ok(TokenKey { bytes: key, unsaved: Some(error) }) if directory.join(IDENTITY).is_dir() => {
                tracing::warn!(
                    "session tokens will not survive a restart: {shown} cannot be written: {}",
                    io_error_text(&error)
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
                    "the state directory {shown} cannot be used: {}; name another one with --state DIR",
                    io_error_text(&error)
                ),
            )),
            Ok(TokenKey { unsaved: Some(error), .. }) | Err(error) => {
                without(format!("the state directory {shown} cannot be used: {}", io_error_text(&error)))
            }
        }
    }
}

/// What a start opens and computes before the server runs.
pub(super) struct Opened {
    pub(super) state: State,
    pub(super) control: OpenedSocket,
    pub(super) keys: Arc<KeyRing>,
    pub(super) fleet: Fleet,
}

/// Opens state, control socket and keys, and compiles the fleet, all on one thread: a file system may take its time,
/// signals may not. From thread to thread each of them would take longer than it does.
pub(super) struct Opening {
    opened: JoinHandle<Result<Opened, Failure>>,
    /// With the port that is listened at.
    begin: mpsc::Sender<Option<u16>>,
    compile: Arc<Mutex<Option<Compile>>>,
}

type Compile = Box<dyn FnOnce(&Arc<KeyRing>) -> Fleet + Send>;

// === impl Opening ===

impl Opening {
    /// Starts the thread. Before [`finish`](Self::finish), and without it, it looks at the keys and changes nothing.
    pub(super) fn prepare(state: Option<PathBuf>, control: Option<PathBuf>, paths: Paths) -> Self {
        let (begin, begins) = mpsc::channel();
        let compile: Arc<Mutex<Option<Compile>>> = Arc::default();
        let theirs = Arc::clone(&compile);
        let opened = spawn_blocking(move || {
            let given_up = || software(&"the start was given up");
            let directory = state.clone().or_else(|| paths.state_directory());
            let glance = directory.map(|state| KeyGlance::at(&state.join(IDENTITY)));
            let port = begins.recv().map_err(|_| given_up())?;
            let state = State::open(state.as_deref(), &paths)?;
            let control = control_socket(control.as_deref(), state.directory.as_deref(), port, &paths)?;
            let keys = Arc::new(identity_keys(state.directory.as_deref().zip(glance))?);
            // After all that waits for the file system: who has it is waited for without limit.
            let compile = take(&theirs).ok_or_else(given_up)?;
            let fleet = compile(&keys);
            Ok(Opened { state, control, keys, fleet })
        });
        Self { opened, begin, compile }
    }

    /// What was opened, and the fleet. A file system that does not answer costs what is in it, and not the start.
    pub(super) async fn finish(
        mut self,
        port: Option<u16>,
        compile: impl FnOnce(&Arc<KeyRing>) -> Fleet + Send + 'static,
    ) -> Result<Opened, Failure> {
        *self.compile.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(compile));
        let _ = self.begin.send(port);
        let opened = match timeout(OPEN_TIMEOUT, &mut self.opened).await {
            Ok(opened) => opened,
            // Whoever takes it makes the fleet: the thread that has opened the directories, else another one.
            Err(_) => match take(&self.compile) {
                None => self.opened.await,
                Some(compile) => spawn_blocking(|| without_directories(compile)).await,
            },
        };
        opened.map_err(|error| software(&error))?
    }
}

fn take(compile: &Mutex<Option<Compile>>) -> Option<Compile> {
    compile.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn without_directories(compile: Compile) -> Result<Opened, Failure> {
    let why = format!("the file system did not answer within {} s", OPEN_TIMEOUT.as_secs());
    let keys = Arc::new(identity_keys(None)?);
    let fleet = compile(&keys);
    let state = State { directory: None, key: random()?, missing: Some(why.clone()) };
    Ok(Opened { state, control: OpenedSocket::Missing { why }, keys, fleet })
}

fn software(error: &dyn Display) -> Failure {
    Failure::new(ExitStatus::Software, format!("cannot open the directories: {error}"))
}

/// The keys of the identity document: from the state directory, or for this process only. Reading or making them is
/// CPU-bound for a moment; what can be read later is.
fn identity_keys(state: Option<(&Path, KeyGlance)>) -> Result<KeyRing, Failure> {
    let seed = random()?;
    match state {
        Some((state, glance)) => KeyRing::open_lazily(&state.join(IDENTITY), glance, seed, warn_of_keys),
        None => Ok(KeyRing::generate(seed)),
    }
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
/// port, unless it is a service's. Without a writable path there is none, and a reason.
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
                let Some(port) = port.filter(|_| may_be_by_port(&path, paths)) else {
                    return Err(taken.into());
                };
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

/// A further server of the same user may have a socket by its port; of a service there is one.
fn may_be_by_port(path: &Path, paths: &Paths) -> bool {
    !paths.is_of_service(path) && ControlSocket::is_own(path)
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
    token_key::random().map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("cannot get random bytes from the kernel: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use nix::fcntl::{Flock, FlockArg};

    use super::*;

    /// sysfs takes no new files, from root neither.
    #[test]
    fn a_state_directory_that_is_named_must_take_the_key() {
        let failure = State::open(Some(Path::new("/sys/kernel")), &Paths::default()).err();
        let found = failure.expect("it takes none").message;
        assert!(found.starts_with("the state directory /sys/kernel cannot be used"), "{found}");
    }

    #[test]
    fn a_server_that_has_locked_its_socket_but_not_made_it_yet_is_another_one() {
        let state = std::env::temp_dir().join(format!("mock-imds-open-{}", std::process::id()));
        fs::create_dir_all(&state).expect("writable");
        let lock = fs::File::create(state.join("control.sock.lock")).expect("writable");
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock).expect("nobody has it");
        let found = control_socket(None, Some(&state), Some(1338), &Paths::default());
        let path = match &found {
            Ok(OpenedSocket::Bound(socket)) => Ok(socket.path()),
            Ok(OpenedSocket::Missing { why }) => Err(why.clone()),
            Err(failure) => Err(failure.to_string()),
        };
        assert_eq!(path, Ok(state.join("control-1338.sock").as_path()));
        drop((found, lock));
        fs::remove_dir_all(state).expect("ours");
    }
}
