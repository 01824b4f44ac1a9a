//! The server as a process: build → run → drain. `docs/architecture.md` has its tasks and channels.

mod announce;
mod changes;
mod credential_fetcher;
mod describe;
mod faults;
mod key;
mod load;
mod notify;
mod open;
mod reload;
mod state_file;
mod status;
pub(crate) mod system_clock;
mod watcher;
mod writer;

use std::io::{self, IsTerminal as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use libc::c_int;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio_stream::StreamExt as _;

use crate::config::Report;
use crate::control::{self, ControlBackend, ControlSocket, Order, OrderSource, api};
use crate::exit::{ExitStatus, Failure};
use crate::identity::KeyRing;
use crate::imds::{Fleet, TokenAuthority};
use crate::model::Profile;
use crate::observe;
use crate::paths::Paths;
use crate::scenario::{Library, LibraryScenario};
use crate::server::{InheritedSockets, Limits, Listener, Server, ServiceState, adopt};
use load::ScenarioSource;
use open::{State, control_socket, identity_keys, listen, open_many_files, random, warn_of_missing};
use state_file::{InitialState, StateFile};
use status::StatusInputs;
use watcher::Watcher;
use writer::Writer;

/// Requests run on this many threads; more gain nothing measurable.
const WORKERS: usize = 2;
/// Orders that may wait.
const ORDERS: usize = 16;

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct DaemonOptions {
    /// The scenario file.
    pub scenario: Option<PathBuf>,
    /// Where to listen, unless sockets are inherited.
    pub listen: Vec<SocketAddr>,
    /// The control socket.
    pub control: Option<PathBuf>,
    /// Where keys live.
    pub state: Option<PathBuf>,
    /// Whether the scenario's file is watched.
    pub watch: bool,
    /// The library of scenarios, unless it is the package's.
    pub library: Option<PathBuf>,
    /// In the place of another program.
    pub stand_in: Option<DropInServer>,
}

/// A server in the place of another program, which has no directories and no control socket. Its scenario comes from
/// memory, it keeps nothing, and each signal ends it soon.
#[derive(Debug)]
pub(crate) struct DropInServer {
    /// The scenario. One that is handed over later takes its place, and keeps clock and tokens.
    pub scenarios: watch::Receiver<Arc<str>>,
    /// Where it listens.
    pub listeners: Vec<TcpListener>,
}

/// How long a stand-in waits for requests that are being answered. Its successor may wait for the port.
const HASTE: Duration = Duration::from_millis(200);

/// Serves until a signal ends it, and gives that signal.
pub(crate) fn run(mut options: DaemonOptions) -> Result<c_int, Failure> {
    let stand_in = options.stand_in.take();
    let inherited = if stand_in.is_some() { InheritedSockets::default() } else { InheritedSockets::take()? };
    open_many_files();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().map_err(
        |error| Failure::new(ExitStatus::OsError, format!("cannot start the event loop: {error}")),
    )?;
    let outcome = runtime.block_on(async {
        let daemon = match stand_in {
            Some(stand_in) => Daemon::stand_in_for_another(stand_in).await?,
            None => Daemon::build(&options, inherited).await?,
        };
        daemon.run().await
    });
    // A thread may still wait for a file system that does not answer.
    runtime.shutdown_background();
    outcome
}

/// Everything that was opened, before anything runs.
struct Daemon {
    signals: Signals,
    listeners: Vec<Listener>,
    world: Arc<ServiceState>,
    shelf: ScenarioSource,
    library: Library,
    start: InitialState,
    keeper: StateFile,
    watch: Option<Watcher>,
    control: Option<ControlSocket>,
    keys: Arc<KeyRing>,
    in_place: bool,
}

impl Daemon {
    async fn build(options: &DaemonOptions, inherited: InheritedSockets) -> Result<Self, Failure> {
        // First of all: a signal that comes before its handler ends the process.
        let signals = signals()?;
        let places = Paths::from_env();
        let shelf = ScenarioSource::new(options.scenario.as_deref(), &places);
        let keeper = StateFile::new(places.state_file());
        let start = InitialState::new(shelf.file(None), &keeper).await.map_err(|report| rejected(&report))?;
        observe::report(&start.served.warnings, false);
        let watch =
            options.watch.then(|| Watcher::open(shelf.candidates(start.own.as_deref()))).transpose()?;
        let listeners = listen(&options.listen, inherited)?;
        let state = State::open(options.state.as_deref(), &places)?;
        let control = control_socket(options.control.as_deref(), state.directory.as_deref(), &places)?;
        let control = warn_of_missing(state.missing, control);
        let keys = Arc::new(identity_keys(state.directory).await?);
        let mut fleet =
            Fleet::compile(start.served.scenario.clone(), &keys, system_clock::now(), system_clock::now());
        if let Some(left) = &start.left {
            fleet = fleet.restored(left.clock.clone(), left.events.clone(), left.faults.clone());
        }
        let world = ServiceState::new(fleet, TokenAuthority::new(state.key), system_clock::now, random()?);
        let library = Library::new(options.library.as_deref());
        let world = Arc::new(world);
        let in_place = false;
        Ok(Self { signals, listeners, world, shelf, library, start, keeper, watch, control, keys, in_place })
    }

    async fn stand_in_for_another(stand_in: DropInServer) -> Result<Self, Failure> {
        let signals = signals()?;
        let listeners = adopt(stand_in.listeners)?;
        let shelf = ScenarioSource::Hand(stand_in.scenarios);
        let start = InitialState::afresh(shelf.read(None).await.map_err(|report| rejected(&report))?);
        let keys = Arc::new(KeyRing::generate(random()?));
        let fleet =
            Fleet::compile(start.served.scenario.clone(), &keys, system_clock::now(), system_clock::now());
        let world =
            Arc::new(ServiceState::new(fleet, TokenAuthority::new(random()?), system_clock::now, random()?));
        let (library, keeper) = (Library::new(None), StateFile::new(None));
        let (watch, control, in_place) = (None, None, true);
        Ok(Self { signals, listeners, world, shelf, library, start, keeper, watch, control, keys, in_place })
    }

    async fn run(self) -> Result<c_int, Failure> {
        let Self {
            mut signals,
            listeners,
            world,
            shelf,
            library,
            start,
            keeper,
            watch,
            control,
            keys,
            in_place,
        } = self;
        let addresses: Vec<_> = listeners
            .iter()
            .map(|listener| api::ListenerStatus { address: listener.address, inherited: listener.inherited })
            .collect();
        let loaded = world.fleet.load().clock().loaded;
        let (facts, latest) = watch::channel(StatusInputs::new(&start.served, start.used, loaded));
        let (orders, inbox) = mpsc::channel(ORDERS);

        let mut writer =
            Writer::new(Arc::clone(&world), shelf, library.clone(), start, facts, Arc::clone(&keys), keeper);
        writer.settle();
        if !in_place {
            announce::ready(writer.served(), &addresses);
        }
        notify::ready(&latest.borrow().line());
        let server = Server::start(listeners, Arc::clone(&world), limits(in_place));
        if world.fleet.load().scenario().http.profile != Profile::Aemm {
            // Before somebody asks for a signature; that profile has none. Nobody waits for it.
            drop(spawn_blocking(move || keys.generate_now()));
        }
        let status = status::status(Arc::clone(&world), addresses, latest);
        let desk = desk(&world, orders.clone(), status, library);
        let control = control.map(|socket| tokio::spawn(control::serve(socket, desk)));
        let writer = tokio::spawn(writer.run(inbox));
        let watch = watch.map(|watch| tokio::spawn(watch.run(orders.clone())));

        let signal = until_stopped(&mut signals, &orders, in_place).await;

        notify::stopping();
        tracing::info!("stopping");
        if let Some(task) = watch {
            task.abort();
        }
        if let Some(task) = control {
            task.abort();
            // Only now is its socket gone.
            let _ = task.await;
        }
        tokio::select! {
            left = server.drain() => if left > 0 {
                tracing::warn!("stopped with {left} unfinished connections");
            },
            () = stop_signal(&mut signals) => tracing::warn!("stopped at once: second signal"),
        }
        writer.abort();
        Ok(signal)
    }
}

fn signals() -> Result<Signals, Failure> {
    Signals::new([SIGHUP, SIGTERM, SIGINT])
        .map_err(|error| Failure::new(ExitStatus::OsError, format!("cannot handle signals: {error}")))
}

fn rejected(report: &Report) -> Failure {
    Failure::new(ExitStatus::Config, format!("not started, the scenario is rejected:\n{report}"))
}

fn limits(in_place: bool) -> Limits {
    let usual = Limits::default();
    if in_place { Limits { drain: HASTE, ..usual } } else { usual }
}

/// Waits for the signal that ends the process, and turns the others into orders.
async fn until_stopped(signals: &mut Signals, orders: &mpsc::Sender<Order>, in_place: bool) -> c_int {
    let on_terminal = io::stderr().is_terminal();
    while let Some(signal) = signals.next().await {
        // A terminal that closes says so by SIGHUP too, and is none any more.
        let hung_up = on_terminal && !io::stderr().is_terminal();
        if signal != SIGHUP || hung_up || in_place {
            return signal;
        }
        let (outcome, _) = oneshot::channel();
        let _ = orders.send(Order::Reload { by: OrderSource::Signal, keep: false, outcome }).await;
    }
    SIGTERM
}

/// Waits for SIGTERM or SIGINT.
async fn stop_signal(signals: &mut Signals) {
    while signals.next().await == Some(SIGHUP) {}
}

/// Lists the library whenever it is asked for.
fn shelves(library: Library) -> impl Fn() -> Result<api::LibraryListing, String> + Send + Sync {
    move || {
        let listed = library.list();
        let shelved =
            listed.map_err(|error| format!("{} cannot be read: {error}", library.directory.display()))?;
        let shelved = shelved.into_iter().map(|LibraryScenario { name, file, summary }| api::LibraryEntry {
            name,
            file,
            summary,
        });
        Ok(api::LibraryListing { directory: library.directory.clone(), scenarios: shelved.collect() })
    }
}

fn desk(
    world: &Arc<ServiceState>,
    orders: mpsc::Sender<Order>,
    status: impl Fn() -> api::ServiceStatus + Send + Sync + 'static,
    library: Library,
) -> ControlBackend {
    let journal = Arc::clone(&world.journal);
    let world = Arc::clone(world);
    let show = move |path: &str, client| world.show(path, client);
    let library = Box::new(shelves(library));
    ControlBackend { orders, status: Box::new(status), journal, show: Box::new(show), library }
}
