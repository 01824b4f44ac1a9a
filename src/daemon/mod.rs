//! The server as a process: build → run → drain.
//!
//! | task | what it does | ends |
//! |---|---|---|
//! | main | waits for signals: SIGHUP reloads, SIGTERM and SIGINT stop | with the process |
//! | `writer` | carries out orders, swaps the fleet, tells the service manager, feeds the watchdog | after the drain |
//! | [`control::serve`] | takes orders and questions at the unix socket | when the stop begins |
//! | [`Server`] | an accept loop for each listener, a task for each connection | drained, 5 s at most |

mod announce;
mod changes;
pub mod clock;
mod credentials;
mod exchange;
mod facts;
mod faults;
mod kept;
mod key;
mod load;
mod notify;
mod words;
mod writer;

use std::fs;
use std::io::{self, ErrorKind, IsTerminal as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio_stream::StreamExt as _;

use crate::control::{self, Caller, Desk, Order, Refused, Socket, api};
use crate::exit::{Failure, Status};
use crate::identity::{Kept, KeyRing, Opened};
use crate::imds::{Fleet, TokenAuthority};
use crate::model::endpoint::FOREGROUND_PORT;
use crate::observe;
use crate::places::{IDENTITY, Places};
use crate::scenario::{Library, Shelved};
use crate::server::{Inherited, Limits, Listener, Server, World, bind};
use facts::Facts;
use kept::{Keeper, Start};
use load::Shelf;
use writer::Writer;

/// Requests run on this many threads; more gain nothing measurable.
const WORKERS: usize = 2;
/// Files that are enough for everything that may be open at one time; the packaged service has as many.
const FILES: u64 = 65_536;
/// Orders that may wait.
const ORDERS: usize = 16;

/// What the command line says.
#[derive(Debug, Default)]
pub struct Options {
    /// The scenario file.
    pub scenario: Option<PathBuf>,
    /// Where to listen, unless sockets are inherited.
    pub listen: Vec<SocketAddr>,
    /// The control socket.
    pub control: Option<PathBuf>,
    /// Where keys live.
    pub state: Option<PathBuf>,
    /// The library of scenarios, unless it is the package's.
    pub library: Option<PathBuf>,
}

/// Serves until a signal ends it.
pub fn run(options: &Options) -> Result<(), Failure> {
    let inherited = Inherited::take()?;
    open_many_files();
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::OsError, format!("no event loop can be had: {error}")))?;
    let outcome = runtime.block_on(async { Daemon::build(options, inherited).await?.run().await });
    // A thread may still wait for a file system that does not answer.
    runtime.shutdown_background();
    outcome
}

/// Takes what the hard limit allows: connections are open files, those too that a fault holds up. Shells start
/// programs with a soft limit of 1,024.
fn open_many_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard.min(FILES)
    {
        // Refused, it costs room for connections; those that find none wait.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(FILES), hard);
    }
}

/// Everything that was opened, before anything runs.
struct Daemon {
    signals: Signals,
    listeners: Vec<Listener>,
    world: Arc<World>,
    shelf: Shelf,
    library: Library,
    start: Start,
    keeper: Keeper,
    control: Option<Socket>,
    keys: Arc<KeyRing>,
}

impl Daemon {
    async fn build(options: &Options, inherited: Inherited) -> Result<Self, Failure> {
        // First of all: a signal that comes before its handler ends the process.
        let signals = Signals::new([SIGHUP, SIGTERM, SIGINT])
            .map_err(|error| Failure::new(Status::OsError, format!("signals cannot be handled: {error}")))?;
        let places = Places::from_env();
        let shelf = Shelf::new(options.scenario.as_deref(), &places);
        let keeper = Keeper::new(places.kept());
        let start = Start::new(shelf.file(None), &keeper).await.map_err(|report| {
            Failure::new(Status::Config, format!("not started, the scenario is rejected:\n{report}"))
        })?;
        observe::report(&start.served.warnings, false);
        let listeners = listen(&options.listen, inherited)?;
        let (state, key) = token_key(options.state.as_deref(), &places)?;
        let control = control_socket(options.control.as_deref(), state.as_deref(), &places)?;
        let keys = Arc::new(identity_keys(state.clone()).await?);
        let mut fleet = Fleet::compile(start.served.scenario.clone(), &keys, clock::now(), clock::now());
        if let Some(left) = &start.left {
            fleet = fleet.restored(left.clock.clone(), left.events.clone(), left.faults.clone());
        }
        let world = World::new(fleet, TokenAuthority::new(key), clock::now, random()?);
        let library = Library::new(options.library.as_deref());
        Ok(Self { signals, listeners, world: Arc::new(world), shelf, library, start, keeper, control, keys })
    }

    async fn run(self) -> Result<(), Failure> {
        let Self { mut signals, listeners, world, shelf, library, start, keeper, control, keys } = self;
        let addresses: Vec<_> = listeners
            .iter()
            .map(|listener| api::Listening { address: listener.address, inherited: listener.inherited })
            .collect();
        let loaded = world.fleet.load().clock().loaded;
        let (facts, latest) = watch::channel(Facts::new(&start.served, start.used, loaded));
        let (orders, inbox) = mpsc::channel(ORDERS);

        let mut writer = Writer::new(Arc::clone(&world), shelf, library.clone(), start, facts, keys, keeper);
        writer.settle();
        announce::ready(writer.served(), &addresses);
        notify::ready(&latest.borrow().line());
        let server = Server::start(listeners, Arc::clone(&world), Limits::default());
        let status = facts::status(Arc::clone(&world), addresses, latest);
        let desk = desk(&world, orders.clone(), status, library);
        let control = control.map(|socket| tokio::spawn(control::serve(socket, desk)));
        let writer = tokio::spawn(writer.run(inbox));

        until_stopped(&mut signals, &orders).await;

        notify::stopping();
        tracing::info!("stopping");
        if let Some(task) = control {
            task.abort();
            // Only now is its socket gone.
            let _ = task.await;
        }
        tokio::select! {
            left = server.drain() => if left > 0 {
                tracing::warn!("stopped with {left} connections that did not finish");
            },
            () = stop_signal(&mut signals) => tracing::warn!("stopped at once, as asked again"),
        }
        writer.abort();
        Ok(())
    }
}

/// Waits for the signal that ends the process, and turns the others into orders.
async fn until_stopped(signals: &mut Signals, orders: &mpsc::Sender<Order>) {
    let on_terminal = io::stderr().is_terminal();
    while let Some(signal) = signals.next().await {
        // A terminal that closes says so by SIGHUP too, and is none any more.
        let hung_up = on_terminal && !io::stderr().is_terminal();
        if signal != SIGHUP || hung_up {
            return;
        }
        let (outcome, _) = oneshot::channel();
        let _ = orders.send(Order::Reload { by: Caller::Signal, keep: false, outcome }).await;
    }
}

/// Waits for SIGTERM or SIGINT.
async fn stop_signal(signals: &mut Signals) {
    while signals.next().await == Some(SIGHUP) {}
}

/// Lists the library whenever it is asked for.
fn shelves(library: Library) -> impl Fn() -> Result<api::Library, String> + Send + Sync {
    move || {
        let listed = library.list();
        let shelved =
            listed.map_err(|error| format!("{} cannot be read: {error}", library.directory.display()))?;
        let shelved =
            shelved.into_iter().map(|Shelved { name, file, summary }| api::Shelved { name, file, summary });
        Ok(api::Library { directory: library.directory.clone(), scenarios: shelved.collect() })
    }
}

fn desk(
    world: &Arc<World>,
    orders: mpsc::Sender<Order>,
    status: impl Fn() -> api::Status + Send + Sync + 'static,
    library: Library,
) -> Desk {
    let journal = Arc::clone(&world.journal);
    let world = Arc::clone(world);
    let show = move |path: &str, client| world.show(path, client);
    let library = Box::new(shelves(library));
    Desk { orders, status: Box::new(status), journal, show: Box::new(show), library }
}

// === what is opened at the start ===

fn listen(asked: &[SocketAddr], inherited: Inherited) -> Result<Vec<Listener>, Failure> {
    if inherited.is_empty() {
        let usual = [SocketAddr::from((Ipv4Addr::LOCALHOST, FOREGROUND_PORT))];
        return bind(if asked.is_empty() { &usual } else { asked });
    }
    if !asked.is_empty() {
        tracing::warn!("--listen is ignored: sockets are inherited from the service manager");
    }
    inherited.listen()
}

/// The state directory, if it can be used, and the token key: from there, or for this process only.
fn token_key(given: Option<&Path>, places: &Places) -> Result<(Option<PathBuf>, [u8; 32]), Failure> {
    let Some(directory) = given.map(Path::to_owned).or_else(|| places.state()) else {
        tracing::warn!("no state directory is known: session tokens end with this process");
        return Ok((None, random()?));
    };
    match fs::create_dir_all(&directory).and_then(|()| key::load(&directory)) {
        Ok(key) => Ok((Some(directory), key)),
        Err(error) if given.is_some() => Err(Failure::new(
            if error.kind() == ErrorKind::PermissionDenied { Status::NoPermission } else { Status::OsError },
            format!(
                "the state directory {} cannot be used: {error}; name another one with --state DIR",
                directory.display()
            ),
        )),
        Err(error) => {
            tracing::warn!(
                "the state directory {} cannot be used: {error}: session tokens end with this process",
                directory.display()
            );
            Ok((None, random()?))
        }
    }
}

/// The keys of the identity document: from the state directory, or for this process only.
async fn identity_keys(state: Option<PathBuf>) -> Result<KeyRing, Failure> {
    let seed = random()?;
    // Making them takes a moment of a processor's whole attention.
    let opened = spawn_blocking(move || match state {
        Some(state) => KeyRing::open(&state.join(IDENTITY), seed),
        None => Ok(Opened { ring: KeyRing::generate(seed), kept: Kept::InDirectory }),
    });
    let Opened { ring, kept } = opened.await.map_err(|error| {
        Failure::new(Status::Software, format!("no identity keys could be made: {error}"))
    })??;
    if let Kept::InMemory { why } = kept {
        tracing::warn!("identity documents are signed with keys that end with this process: {why}");
    }
    Ok(ring)
}

/// The control socket at the first place that takes one. Without a writable place there is none.
fn control_socket(
    given: Option<&Path>,
    state: Option<&Path>,
    places: &Places,
) -> Result<Option<Socket>, Failure> {
    if let Some(path) = given {
        return Ok(Some(Socket::bind(path)?));
    }
    let mut why = "no directory for it is known".to_owned();
    for path in places.control_of_server(state) {
        match Socket::bind(&path) {
            Ok(socket) => return Ok(Some(socket)),
            Err(taken @ Refused::Taken(_)) => return Err(taken.into()),
            Err(refused) => why = refused.to_string(),
        }
    }
    tracing::warn!("there is no control socket, so `mock-imds reload` and `status` find no server: {why}");
    Ok(None)
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    key::random()
        .map_err(|error| Failure::new(Status::OsError, format!("the kernel gives no random bytes: {error}")))
}
