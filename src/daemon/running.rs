//! A daemon that serves: its tasks, and the order in which they start and stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use signal_hook_tokio::Signals;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::backend::control_backend;
use super::compute::background;
use super::live::LiveFleet;
use super::load_tally::LoadTally;
use super::metrics::metrics;
use super::pod_tokens::PodTokens;
use super::publisher::Publisher;
use super::signals::stop_signal;
use super::status::{StatusInputs, scenario_status, status};
use super::store::ScenarioStore;
use super::threads::AnsweringThreads;
use super::writer::Writer;
use super::{Daemon, environment, preparer};
use crate::control::api::ScenarioStatus;
use crate::control::{self, ControlSocket, Order, api};
use crate::exit::Failure;
use crate::identity::KeyRing;
use crate::memory;
use crate::model::ListenEndpoint;
use crate::paths::Paths;
use crate::server::{Limits, Server, ServiceState};

/// The time that the writer has at the end for the order that it is carrying out.
const WRITER_STOP: Duration = Duration::from_secs(1);
/// Orders that may wait.
const ORDERS: usize = 16;
/// A drop-in waits so long for requests that are being answered. Its successor may wait for the port.
const DROP_IN_DRAIN: Duration = Duration::from_millis(200);

/// A daemon that serves.
pub(super) struct RunningDaemon {
    server: Server,
    _answering: AnsweringThreads,
    pub(super) orders: mpsc::Sender<Order>,
    writer: JoinHandle<()>,
    /// Dropped, it stops the writer.
    stop_writer: oneshot::Sender<()>,
    watch: Option<JoinHandle<()>>,
    control: Option<JoinHandle<io::Result<()>>>,
    tokens: Arc<PodTokens>,
    renewal: JoinHandle<()>,
    connection_faults: JoinHandle<()>,
}

impl RunningDaemon {
    /// Stops what changes the service first, then the service, then what keeps its state.
    pub(super) async fn stop(mut self, signals: &mut Signals) {
        if let Some(task) = self.watch {
            task.abort();
        }
        if let Some(task) = self.control {
            task.abort();
            // Only now is its socket gone.
            let _ = task.await;
        }
        self.renewal.abort();
        self.connection_faults.abort();
        // Only now do connections pass again.
        let _ = self.connection_faults.await;
        self.tokens.remove();
        tokio::select! {
            unfinished = self.server.drain() => if unfinished > 0 {
                tracing::warn!("stopped with {unfinished} unfinished connections");
            },
            () = stop_signal(signals) => tracing::warn!("stopped at once: second signal"),
        }
        drop(self.stop_writer);
        if timeout(WRITER_STOP, &mut self.writer).await.is_err() {
            self.writer.abort();
        }
    }
}

impl Daemon {
    /// Starts to serve. `limits` are looked up when it is ready.
    pub(super) async fn start(self, limits: impl FnOnce() -> Limits) -> Result<RunningDaemon, Failure> {
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
        let places = listeners
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
        let mut live = LiveFleet::new(Arc::clone(&service));
        let (replaced, faults_replaced) = (live.replaced(), live.replaced());
        let faults = self.connection_faults;
        let mut writer = Writer::new(live, store, publisher, Arc::clone(&keys), faults.clone());
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
        let (answering, runtimes) = AnsweringThreads::start()?;
        let server = Server::start_on(runtimes, listeners, Arc::clone(&service), limits);
        prepare_keys(&service, keys);

        let metrics = metrics(Arc::clone(&service), latest_inputs.clone());
        let tokens = Arc::new(pod_tokens(&service, control.as_ref()));
        let environment = environment::environment(Arc::clone(&service), places, Arc::clone(&tokens));
        let status = status(Arc::clone(&service), addresses, latest_inputs);
        let backend = control_backend(&service, orders.clone(), status, metrics, environment, library);
        let (stop_writer, stop) = oneshot::channel();
        Ok(RunningDaemon {
            renewal: tokio::spawn(Arc::clone(&tokens).renew()),
            connection_faults: tokio::spawn(faults.run(Arc::clone(&service), faults_replaced)),
            tokens,
            control: control.map(|socket| tokio::spawn(control::serve(socket, backend))),
            writer: tokio::spawn(writer.run(inbox, scenarios, stop)),
            stop_writer,
            watch: watch.map(|watch| tokio::spawn(watch.run(orders.clone()))),
            orders,
            server,
            _answering: answering,
        })
    }
}

/// Makes the identity's keys before a client asks for a signature. Nobody waits for it.
fn prepare_keys(service: &ServiceState, keys: Arc<KeyRing>) {
    // The other profile has no signatures.
    let signs = service.fleet.load().scenario().http.profile.follows_instance();
    drop(background(move || {
        if signs {
            keys.load_now();
        }
        memory::give_back();
    }));
}

/// The tokens of pods, which the service puts where containers look for them.
fn pod_tokens(service: &Arc<ServiceState>, control: Option<&ControlSocket>) -> PodTokens {
    let socket = control.map(ControlSocket::path);
    let is_unit = socket.is_some_and(|socket| Paths::from_env().is_of_service(socket));
    PodTokens::new(Arc::clone(service), socket, is_unit)
}
