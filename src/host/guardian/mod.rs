//! `mock-imds net hold`: set up, notify systemd, watch, restore, reload, take down. One thread, one poll loop, beside the log.

mod signals;
mod watch;

use std::collections::HashSet;
use std::env;
use std::path::Path;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use super::backoff::RestoreBackoff;
use super::conflicts::RefusedEndpoint;
use super::connection_faults::ConnectionFaultList;
use super::error::combine;
use super::links::LinkWatch;
use super::network::Network;
use super::options::NetOptions;
use super::reexec::{self, InheritedState};
use super::runtime::{Lock, Runtime};
use super::status::{GuardianStatus, NetMode, StatusHistory};
use super::uplinks::Uplink;
use super::{HostError, address, nft, privilege};
use crate::clock;
use crate::exit::Failure;
use crate::observe;
use signals::{BlockedSignals, GuardianEvent};

/// `net hold`: returns when a signal ends it, with everything taken down. `server` is the server's runtime directory, which
/// need not exist.
pub(crate) fn hold(options: &NetOptions, server: &Path) -> Result<(), Failure> {
    privilege::check()?;
    let program = reexec::program();
    let signals = BlockedSignals::block()?;
    let mut guardian = match reexec::inherit() {
        Some(inherited) => Guardian::resume(options, server, inherited)?,
        None => Guardian::start(options, server).inspect_err(explain_to_systemd)?,
    };
    loop {
        match guardian.watch(&signals)? {
            GuardianEvent::Reload => guardian.reload(options, &program),
            GuardianEvent::Stop => return guardian.stop(),
        }
    }
}

struct Guardian {
    network: Network,
    runtime: Runtime,
    lock: Lock,
    address_watch: address::AddressWatch,
    link_watch: LinkWatch,
    table_watch: Option<nft::NftWatch>,
    connection_faults: ConnectionFaultList,
    history: StatusHistory,
    backoff: RestoreBackoff,
    /// Warnings and unrestorable deviations, which are logged once each.
    logged: HashSet<String>,
    started: Instant,
}

impl Guardian {
    /// The first start: there is nothing of ours, or what a crash left.
    fn start(options: &NetOptions, server: &Path) -> Result<Self, Failure> {
        let settings = options.load_settings()?;
        let runtime = Runtime::create(&options.runtime)?;
        let lock = runtime.lock()?.expect("the directory was created just now");
        let mut guardian = Self::new(options, server, runtime, nft::NftClient::open_or_without()?, lock)?;
        guardian.network.converge(&settings)?;
        if let Some(refusal) = guardian.network.refusal().filter(|_| guardian.network.is_empty()) {
            combine(guardian.network.take_down())?;
            return Err(refusal.into());
        }
        guardian.watch_tables()?;
        guardian.publish();
        tracing::info!("{}", guardian.status().headline());
        Ok(guardian)
    }

    /// The start after a reload: the former image left its socket, its lock, its record and its status.
    fn resume(options: &NetOptions, server: &Path, inherited: InheritedState) -> Result<Self, Failure> {
        let runtime = Runtime::at(&options.runtime);
        let former = runtime.status();
        let mut guardian = Self::new(options, server, runtime, inherited.tables, inherited.lock)?;
        if let Some(former) = former {
            guardian.history = former.into();
        }
        guardian.apply(options)?;
        guardian.watch_tables()?;
        Ok(guardian)
    }

    fn new(
        options: &NetOptions,
        server: &Path,
        runtime: Runtime,
        tables: nft::NftClient,
        lock: Lock,
    ) -> Result<Self, HostError> {
        // The subscription comes before the changes, so that nothing is missed in between.
        let (address_watch, link_watch) = (address::AddressWatch::open()?, LinkWatch::open()?);
        let mut network = Network::open(runtime.clone(), tables, ownership(options))?;
        let mut connection_faults = ConnectionFaultList::open(server);
        // In the tables from the first moment on: what fails goes on to fail while another guardian comes.
        network.expect_connection_faults(connection_faults.refresh().to_vec());
        Ok(Self {
            network,
            runtime,
            lock,
            address_watch,
            link_watch,
            table_watch: None,
            connection_faults,
            history: StatusHistory::begin(),
            backoff: RestoreBackoff::default(),
            logged: HashSet::new(),
            started: clock::monotonic(),
        })
    }

    fn watch_tables(&mut self) -> Result<(), HostError> {
        self.table_watch = if self.network.owns_tables() { None } else { Some(nft::NftWatch::open()?) };
        Ok(())
    }

    // === reload ===

    /// Executes the installed program; where that fails, this one reloads.
    fn reload(&mut self, options: &NetOptions, program: &Path) {
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now().ok());
        notify_systemd(&states);
        observe::flush();
        let error = reexec::exec(program, self.network.tables(), &self.lock);
        tracing::warn!("{} can't be run ({error}); the running program reloads instead", program.display());
        let reloaded = self.apply(options).and_then(|()| Ok(self.watch_tables()?));
        if let Err(failure) = reloaded {
            tracing::error!("after the reload: {failure}");
        }
    }

    /// Applies host.toml as it is now; with a broken one, the former settings stay.
    fn apply(&mut self, options: &NetOptions) -> Result<(), Failure> {
        let former = self.runtime.record().map(|record| record.settings);
        let result = options.load_settings().and_then(|settings| Ok(self.network.converge(&settings)?));
        self.history.rejected = None;
        match (result, former) {
            (Ok(()), _) => {
                self.history.applied = clock::now().rfc3339();
                tracing::info!("reloaded: {}", self.status().headline());
            }
            (Err(failure), Some(former)) => {
                tracing::error!("reload rejected, the previous settings stay in force:\n{failure}");
                self.history.rejected = failure.message.lines().next().map(str::to_owned);
                self.network.converge(&former)?;
            }
            (Err(failure), None) => return Err(failure),
        }
        self.publish();
        Ok(())
    }

    // === status ===

    fn status(&self) -> GuardianStatus {
        self.network.status(NetMode::Hold, self.history.clone())
    }

    /// Writes status.json and notifies systemd. New warnings go to the log, once each.
    fn publish(&mut self) {
        let status = self.status();
        let refused = status.refused.iter().map(RefusedEndpoint::sentence);
        let kept_out = status.uplinks.iter().map(Uplink::warning);
        for warning in status.warnings.iter().cloned().chain(refused).chain(kept_out) {
            if self.logged.insert(warning.clone()) {
                tracing::warn!("{warning}");
            }
        }
        if let Err(error) = self.runtime.write_status(&status) {
            tracing::error!("the status can't be published: {error}");
        }
        notify_systemd(&[NotifyState::Ready, NotifyState::Status(&status.headline())]);
    }

    fn stop(mut self) -> Result<(), Failure> {
        notify_systemd(&[NotifyState::Stopping, NotifyState::Status("Taking down")]);
        let taken_down = combine(self.network.take_down());
        tracing::info!("the address and the tables are removed");
        taken_down
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Whoever wants notifications is a service manager, as is the unit: it takes down what a killed guardian leaves.
fn ownership(options: &NetOptions) -> &'static [nft::Ownership] {
    if options.ordinary_tables {
        nft::Ownership::ORDINARY
    } else if env::var_os("NOTIFY_SOCKET").is_some() {
        nft::Ownership::CLEANED_UP
    } else {
        nft::Ownership::OUTLIVES
    }
}

/// The reason stays in the status of the failed unit, where the package manager and the commands find it.
fn explain_to_systemd(failure: &Failure) {
    notify_systemd(&[NotifyState::Status(failure.message.lines().next().unwrap_or_default())]);
}

/// Does nothing unless systemd started this process.
fn notify_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("cannot notify systemd: {error}");
    }
}
