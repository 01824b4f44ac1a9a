//! The server as a process: build → run → drain. `docs/architecture.md` has its tasks and channels.

mod announce;
mod backend;
mod build;
mod capacity;
mod clear;
mod clock_moved;
mod compute;
mod connection_faults;
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
mod last_good;
mod live;
mod load;
mod load_tally;
mod metrics;
mod notify;
mod open;
mod ordered_item;
mod origin;
mod pod_tokens;
mod preparer;
mod publisher;
mod redact;
mod replacement;
mod reread;
mod restore;
mod running;
mod sent_scenario;
mod signals;
mod state_file;
mod status;
mod stdin_end;
mod store;
mod threads;
mod token_key;
mod tree;
mod wall_clock;
mod watchdog;
mod watcher;
mod writer;

use std::net::TcpListener;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::Arc;

use libc::c_int;
use signal_hook_tokio::Signals;
use tokio::sync::watch;

use crate::control::ControlSocket;
use crate::exit::Failure;
use crate::identity::KeyRing;
use crate::memory;
use crate::model::{ClusterNode, ListenEndpoint};
use crate::scenario::Library;
use crate::server::{InheritedSockets, Limits, Listener, ServiceState};
use announce::Announcement;
use connection_faults::ConnectionFaultPlace;
use load::ScenarioSource;
use restore::InitialState;
use sent_scenario::SentScenarioFile;
use signals::{signals, stopped_at_start, until_stopped};
use state_file::StateFile;
use threads::main_runtime;
use watcher::Watcher;

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
    memory::limit_allocator(capacity::has_limited_address_space());
    let descriptors = capacity::open_many_files();
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
        daemon.run(signals, hung_up, || Limits::fitting(descriptors, capacity::memory())).await
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
    connection_faults: ConnectionFaultPlace,
    keys: Arc<KeyRing>,
    announcement: Announcement,
    drop_in: bool,
}

impl Daemon {
    /// `hung_up`: a SIGHUP came while it was built. `limits` are looked up when it is ready: clients wait in the sockets'
    /// queues until then.
    async fn run(
        self,
        mut signals: Signals,
        hung_up: bool,
        limits: impl FnOnce() -> Limits,
    ) -> Result<c_int, Failure> {
        let drop_in = self.drop_in;
        let running = self.start(limits).await?;
        let signal = until_stopped(&mut signals, &running.orders, hung_up, drop_in).await;
        notify::stopping();
        tracing::info!("stopping");
        running.stop(&mut signals).await;
        Ok(signal)
    }
}

#[cfg(test)]
mod tests {
    mod clear;
    mod connection_faults;
    mod containers;
    mod credentials;
    mod environment;
    mod fleets;
    mod in_force;
    mod metrics;
    mod orders;
    mod scenarios;
    mod status;
    mod tasks;
    mod words;

    use std::ptr;
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

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
}
