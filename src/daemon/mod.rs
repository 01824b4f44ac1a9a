//! The server as a process: build → run → drain. `docs/architecture.md` has its tasks and channels.

mod announce;
mod backend;
mod clear;
mod clock_moved;
mod compute;
mod container_status;
mod credential_fetcher;
mod credential_status;
mod current_fetcher;
mod describe;
mod describe_containers;
mod describe_fault;
mod describe_live;
mod environment;
mod fault_words;
mod in_force;
mod key;
mod last_good;
mod live;
mod load;
mod load_tally;
mod metrics;
mod notify;
mod open;
mod origin;
mod pod_tokens;
mod preparer;
mod publisher;
mod redact;
mod replacement;
mod restore;
mod room;
mod sent_scenario;
mod state_file;
mod status;
mod stdin_end;
mod store;
mod threads;
mod tree;
mod wall_clock;
mod watchdog;
mod watcher;
mod writer;

use std::io::{self, IsTerminal as _};
use std::net::TcpListener;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use libc::c_int;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_stream::{Stream, StreamExt as _};

use crate::clock;
use crate::config::Report;
use crate::control::api::{FallbackStatus, ScenarioStatus};
use crate::control::{self, ControlSocket, Order, OrderSource, api};
use crate::exit::{ExitStatus, Failure};
use crate::identity::KeyRing;
use crate::imds::TokenAuthority;
use crate::memory;
use crate::model::{ClusterNode, ListenEndpoint};
use crate::observe;
use crate::paths::Paths;
use crate::scenario::Library;
use crate::server::{InheritedSockets, Limits, Listener, Server, ServiceState, adopt};
use announce::Announcement;
use backend::control_backend;
use compute::{background, compute};
use last_good::{Fallback, LastGoodFile};
use live::LiveFleet;
use load::ScenarioSource;
use load_tally::LoadTally;
use metrics::metrics;
use open::{Opened, Opening, listen, random, warn_of_missing};
use origin::ScenarioOrigin;
use pod_tokens::PodTokens;
use publisher::Publisher;
use restore::InitialState;
use sent_scenario::SentScenarioFile;
use state_file::StateFile;
use status::{StatusInputs, scenario_status};
use store::ScenarioStore;
use threads::{AnsweringThreads, main_runtime};
use watcher::Watcher;
use writer::Writer;

/// The time that the writer has at the end for the order that it is carrying out.
const WRITER_STOP: Duration = Duration::from_secs(1);
/// Orders that may wait.
const ORDERS: usize = 16;
/// A drop-in waits so long for requests that are being answered. Its successor may wait for the port.
const DROP_IN_DRAIN: Duration = Duration::from_millis(200);

/// The server as the command line wants it.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct DaemonOptions {
    pub scenario: Option<PathBuf>,
    /// Addresses to listen at, unless sockets are inherited.
    pub listen: Vec<ListenEndpoint>,
    pub control: Option<PathBuf>,
    pub state: Option<PathBuf>,
    /// Reloads when the scenario's file changes.
    pub watch: bool,
    /// Starts with the last good scenario, else with the built-in one, if the scenario is rejected.
    pub fallback: bool,
    /// The library of scenarios, unless it is the package's.
    pub library: Option<PathBuf>,
    /// The node whose instance is served.
    pub node: Option<Arc<ClusterNode>>,
    /// Announces the server by a line of JSON instead of a sentence.
    pub ready_json: bool,
    /// The number of an inherited descriptor that gets this line, too.
    pub ready_fd: Option<RawFd>,
    /// Ends when the standard input does.
    pub until_stdin_closes: bool,
    /// Runs in the place of another program.
    pub drop_in: Option<DropInServer>,
}

/// A server in the place of another program, which has no directories and no control socket. Its scenario comes from
/// memory, it keeps nothing, and each signal ends it soon.
#[derive(Debug)]
pub(crate) struct DropInServer {
    /// The scenario. A later one takes its place, and keeps clock and tokens.
    pub scenarios: watch::Receiver<Arc<str>>,
    pub listeners: Vec<TcpListener>,
}

/// Serves until a signal ends it, and gives that signal.
pub(crate) fn run(mut options: DaemonOptions) -> Result<c_int, Failure> {
    let drop_in = options.drop_in.take();
    let inherited = if drop_in.is_some() { InheritedSockets::default() } else { InheritedSockets::take()? };
    let announcement = Announcement::prepare(options.ready_json, options.ready_fd)?;
    memory::limit_allocator(room::has_limited_address_space());
    let descriptors = room::open_many_files();
    let runtime = main_runtime()?;
    let outcome = runtime.block_on(async {
        // First of all: a signal that comes before its handler ends the process.
        let mut signals = signals()?;
        if options.until_stdin_closes {
            stdin_end::terminate_at_end()?;
        }
        let is_drop_in = drop_in.is_some();
        let mut hung_up = false;
        let daemon = tokio::select! {
            daemon = async {
                match drop_in {
                    Some(drop_in) => Daemon::drop_in(drop_in).await,
                    None => Daemon::build(&options, inherited, announcement).await,
                }
            } => daemon?,
            signal = stopped_at_start(&mut signals, &mut hung_up, is_drop_in) => return Ok(signal),
        };
        daemon.run(signals, hung_up, || Limits::fitting(descriptors, room::memory())).await
    });
    // A thread may still wait for a file system that does not answer.
    runtime.shutdown_background();
    outcome
}

/// Everything that was opened, before anything runs.
struct Daemon {
    listeners: Vec<Listener>,
    service: Arc<ServiceState>,
    source: ScenarioSource,
    library: Library,
    initial: InitialState,
    state_file: StateFile,
    sent: SentScenarioFile,
    watch: Option<Watcher>,
    control: Option<ControlSocket>,
    keys: Arc<KeyRing>,
    announcement: Announcement,
    drop_in: bool,
}

impl Daemon {
    async fn build(
        options: &DaemonOptions,
        inherited: InheritedSockets,
        announcement: Announcement,
    ) -> Result<Self, Failure> {
        let paths = Paths::from_env();
        let library = Library::new(options.library.as_deref());
        let source = ScenarioSource::new(options.scenario.as_deref(), &library, &paths).await;
        let source = source.map_err(|report| rejected(&report))?;
        let port = asked_port(&options.listen, &inherited);
        let state_file = StateFile::new(paths.state_file(port));
        let state = options.state.clone().or_else(|| paths.state_directory());
        let last_good = state.filter(|_| options.fallback);
        let last_good = last_good.map(|state| LastGoodFile::new(Paths::last_good_file(&state, port)));
        let sent = SentScenarioFile::new(paths.sent_scenario_file(port));
        let opening = Opening::prepare(options.state.clone(), options.control.clone(), paths);
        let saved = state_file.load().await?;
        let origin = source.origin(&ScenarioOrigin::BuiltIn);
        let initial = InitialState::restore(origin, saved, &sent, last_good).await;
        let mut initial = initial.map_err(|report| {
            let unknown = ScenarioSource::unknown_name(options.scenario.as_deref(), &library);
            rejected(&unknown.unwrap_or(report))
        })?;
        match &initial.fallback {
            Some(fallback) => warn_of_fallback(fallback),
            None => observe::report(&initial.served.warnings, false),
        }
        let candidates = || source.candidates(&initial.reload_origin);
        let watch = options.watch.then(|| Watcher::open(candidates())).transpose()?;
        let listeners = listen(&options.listen, inherited)?;
        let compile = initial.compiler(options.node.as_ref());
        let port = listeners.first().map(|listener| listener.address.port());
        let Opened { state, control, keys, fleet } = opening.finish(port, compile).await?;
        let control = warn_of_missing(state.missing, control);
        let service = ServiceState::new(fleet, TokenAuthority::new(state.key), clock::now, random()?)
            .with_boottime(clock::boottime);
        let service = Arc::new(service);
        let drop_in = false;
        Ok(Self {
            listeners,
            service,
            source,
            library,
            initial,
            state_file,
            sent,
            watch,
            control,
            keys,
            announcement,
            drop_in,
        })
    }

    async fn drop_in(options: DropInServer) -> Result<Self, Failure> {
        let listeners = adopt(options.listeners)?;
        let source = ScenarioSource::Memory(options.scenarios);
        let served = source.read(&ScenarioOrigin::BuiltIn).await.map_err(|report| rejected(&report))?;
        let mut initial = InitialState::unsaved(served);
        let keys = Arc::new(KeyRing::generate(random()?));
        let compile = initial.compiler(None);
        let for_fleet = Arc::clone(&keys);
        let fleet = compute(move || compile(&for_fleet)).await;
        let service = ServiceState::new(fleet, TokenAuthority::new(random()?), clock::now, random()?)
            .with_boottime(clock::boottime);
        Ok(Self {
            listeners,
            service: Arc::new(service),
            source,
            library: Library::new(None),
            initial,
            state_file: StateFile::new(None),
            sent: SentScenarioFile::new(None),
            watch: None,
            control: None,
            keys,
            announcement: Announcement::default(),
            drop_in: true,
        })
    }

    /// `hung_up`: a SIGHUP came while it was built. `limits` are looked up when it is ready: clients wait in the sockets'
    /// queues until then.
    async fn run(
        self,
        mut signals: Signals,
        hung_up: bool,
        limits: impl FnOnce() -> Limits,
    ) -> Result<c_int, Failure> {
        let Self { listeners, service, source, library, initial, sent, watch, control, keys, .. } = self;
        let (announcement, drop_in) = (self.announcement, self.drop_in);
        let addresses: Vec<_> = listeners
            .iter()
            .map(|listener| api::ListenerStatus {
                address: listener.address,
                endpoint: listener.only.map(|service| service.name().to_owned()),
                inherited: listener.inherited,
            })
            .collect();
        let places: Vec<ListenEndpoint> = listeners
            .iter()
            .map(|listener| ListenEndpoint { address: listener.address, only: listener.only })
            .collect();
        let fleet = service.fleet.load_full();
        let loaded_at = fleet.clock().date(fleet.clock().loaded);
        let fallback = initial.fallback.as_ref().map(|fallback| Box::new(fallback.status()));
        let instance = fleet.scenario().usual_instance();
        let scenario = scenario_status(&initial.served, initial.overridden, &instance.instance_id, loaded_at);
        let scenario = ScenarioStatus { fallback, ..scenario };
        let (inputs, latest_inputs) =
            watch::channel(StatusInputs { scenario, last_reload: None, loads: LoadTally::default() });
        let (orders, inbox) = mpsc::channel(ORDERS);

        let scenarios = source.scenarios_from_memory();
        let publisher = Publisher::new(Arc::clone(&service), inputs, self.state_file);
        let announced = initial.served.clone();
        let store = ScenarioStore::new(source, library.clone(), sent, initial);
        let live = LiveFleet::new(Arc::clone(&service));
        let replaced = live.replaced();
        let mut writer = Writer::new(live, store, publisher, Arc::clone(&keys));
        writer.save().await;
        if !drop_in {
            let socket = control.as_ref().map(ControlSocket::path);
            announcement.send(&announced, instance, &addresses, socket);
        }
        // They would outlive the next load, with all that they remember.
        drop((fleet, announced));
        writer.notify_ready();
        tokio::spawn(preparer::run(Arc::clone(&service), replaced));
        let limits = limits();
        let limits = if drop_in { Limits { drain: DROP_IN_DRAIN, ..limits } } else { limits };
        // Not before: a start would wait for them.
        let (_answering, runtimes) = AnsweringThreads::start()?;
        let server = Server::start_on(runtimes, listeners, Arc::clone(&service), limits);
        let signs = service.fleet.load().scenario().http.profile.follows_instance();
        // Nobody waits for it.
        drop(background(move || {
            // Before a client asks for a signature; the other profile has none.
            if signs {
                keys.load_now();
            }
            memory::give_back();
        }));
        let metrics = metrics(Arc::clone(&service), latest_inputs.clone());
        let socket = control.as_ref().map(ControlSocket::path);
        let is_unit = socket.is_some_and(|socket| Paths::from_env().is_of_service(socket));
        let tokens = PodTokens::new(Arc::clone(&service), socket, is_unit);
        let tokens = Arc::new(tokens);
        let renewal = tokio::spawn(Arc::clone(&tokens).renew());
        let environment = environment::environment(Arc::clone(&service), places, Arc::clone(&tokens));
        let status = status::status(Arc::clone(&service), addresses, latest_inputs);
        let backend = control_backend(&service, orders.clone(), status, metrics, environment, library);
        let control = control.map(|socket| tokio::spawn(control::serve(socket, backend)));
        let (stop_writer, stop) = oneshot::channel();
        let mut writer = tokio::spawn(writer.run(inbox, scenarios, stop));
        let watch = watch.map(|watch| tokio::spawn(watch.run(orders.clone())));

        let signal = until_stopped(&mut signals, &orders, hung_up, drop_in).await;

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
        renewal.abort();
        tokens.remove();
        tokio::select! {
            unfinished = server.drain() => if unfinished > 0 {
                tracing::warn!("stopped with {unfinished} unfinished connections");
            },
            () = stop_signal(&mut signals) => tracing::warn!("stopped at once: second signal"),
        }
        drop(stop_writer);
        if timeout(WRITER_STOP, &mut writer).await.is_err() {
            writer.abort();
        }
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

/// The port that the command line asks for, as far as it counts and is a certain one.
fn asked_port(addresses: &[ListenEndpoint], inherited: &InheritedSockets) -> Option<u16> {
    let port = addresses.first().map(|listen| listen.address.port());
    port.filter(|port| *port != 0 && inherited.is_empty())
}

fn warn_of_fallback(fallback: &Fallback) {
    let FallbackStatus { serving, file, message, report } = fallback.status();
    tracing::error!(
        IMDS_SCENARIO = file,
        IMDS_REPORT = report,
        "the scenario is rejected: {message}; serving {} until a reload accepts {file}",
        serving.name()
    );
    observe::report(&fallback.report, true);
}

/// Waits for the signal that ends the process, and turns the others into orders. The end waits behind no order: while
/// there is no room for one, signals are still taken, and those to reload become one.
async fn until_stopped(
    signals: &mut (impl Stream<Item = c_int> + Unpin),
    orders: &mpsc::Sender<Order>,
    mut reload: bool,
    drop_in: bool,
) -> c_int {
    let on_terminal = io::stderr().is_terminal();
    loop {
        tokio::select! {
            signal = signals.next() => {
                let signal = signal.unwrap_or(SIGTERM);
                if drop_in || ends(signal, on_terminal, io::stderr().is_terminal()) {
                    return signal;
                }
                reload = true;
            }
            room = orders.reserve(), if reload => {
                reload = false;
                if let Ok(room) = room {
                    let (reply, _) = oneshot::channel();
                    room.send(Order::Reload { by: OrderSource::Signal, keep: false, reply });
                }
            }
        }
    }
}

/// Waits for a signal that ends the start, which may wait for a file system. A SIGHUP is remembered.
async fn stopped_at_start(
    signals: &mut (impl Stream<Item = c_int> + Unpin),
    hung_up: &mut bool,
    drop_in: bool,
) -> c_int {
    let on_terminal = io::stderr().is_terminal();
    while let Some(signal) = signals.next().await {
        if drop_in || ends(signal, on_terminal, io::stderr().is_terminal()) {
            return signal;
        }
        *hung_up = true;
    }
    SIGTERM
}

/// `true` of a signal that ends the process. A terminal that closes says so by SIGHUP, too, and is none any more.
fn ends(signal: c_int, was_on_terminal: bool, is_on_terminal: bool) -> bool {
    signal != SIGHUP || (was_on_terminal && !is_on_terminal)
}

async fn stop_signal(signals: &mut (impl Stream<Item = c_int> + Unpin)) {
    while signals.next().await == Some(SIGHUP) {}
}

#[cfg(test)]
mod tests {
    mod clear;
    mod credentials;
    mod fleets;
    mod orders;
    mod scenarios;
    mod status;
    mod tasks;
    mod words;

    use std::ptr;

    use tokio::time::sleep;
    use tokio_stream::{iter, pending};

    use super::*;

    /// More than a fleet may wait for its last request.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test(flavor = "multi_thread")]
    async fn the_first_fleet_is_freed_after_a_reload() {
        let (send, scenarios) = watch::channel(Arc::from("[instance]\ninstance-type = \"m5.large\"\n"));
        let listeners = vec![TcpListener::bind("127.0.0.1:0").expect("a free port")];
        let daemon = Daemon::drop_in(DropInServer { scenarios, listeners }).await.expect("it starts");
        let service = Arc::clone(&daemon.service);
        let first = Arc::downgrade(&service.fleet.load_full());
        let signals = Signals::new([libc::SIGURG]).expect("a signal that nobody sends");
        let end = signals.handle();
        let served = tokio::spawn(daemon.run(signals, false, Limits::default));
        send.send(Arc::from("[instance]\ninstance-type = \"m5.xlarge\"\n")).expect("the server reads it");
        let freed = timeout(PATIENCE, async {
            while first.strong_count() > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(freed.await.is_ok(), "{} references to the first fleet are left", first.strong_count());
        assert!(!ptr::addr_eq(first.as_ptr(), Arc::as_ptr(&service.fleet.load_full())));
        end.close();
        let _ = served.await.expect("no panic").map_err(|failure| panic!("it ended with {failure:?}"));
    }

    #[tokio::test]
    async fn the_end_waits_behind_no_order() {
        let (orders, mut inbox) = mpsc::channel(1);
        orders.try_send(Order::ReloadIfChanged).expect("there is room");
        let mut signals = iter([SIGHUP, SIGHUP, SIGTERM]);
        assert_eq!(until_stopped(&mut signals, &orders, true, false).await, SIGTERM);
        assert!(matches!(inbox.try_recv(), Ok(Order::ReloadIfChanged)));
        assert!(inbox.try_recv().is_err(), "there was no room for another one");
    }

    #[tokio::test]
    async fn a_signal_to_reload_waits_for_room() {
        let (orders, mut inbox) = mpsc::channel(1);
        orders.try_send(Order::ReloadIfChanged).expect("there is room");
        let mut signals = iter([SIGHUP, SIGHUP]).chain(pending());
        let second = async {
            inbox.recv().await.expect("the one before");
            inbox.recv().await
        };
        let order = tokio::select! {
            order = second => order,
            signal = until_stopped(&mut signals, &orders, false, false) => panic!("ended by {signal}"),
        };
        assert!(matches!(order, Some(Order::Reload { by: OrderSource::Signal, keep: false, .. })));
    }
}
