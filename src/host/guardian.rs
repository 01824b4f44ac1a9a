//! `mock-imds net hold`: settle, tell systemd, watch, restore, reload, take down. One thread, one poll loop.
//!
//! Addresses are watched always. The tables are watched only where they are not owned: an owned table can't be
//! changed by anybody else.

use std::collections::HashSet;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use sd_notify::NotifyState;

use super::backoff::{LogDecision, RestoreBackoff};
use super::network::{Deviation, Network};
use super::reexec::{self, InheritedState};
use super::runtime::{Lock, Runtime};
use super::status::{GuardianStatus, NetMode, Restoration, Restorations};
use super::up_down::{NetOptions, all, describe, load, now};
use super::{HostError, address, nft, privilege};
use crate::exit::Failure;

/// How long to wait for more of the same after a notification: a flush comes as many.
const GATHER: Duration = Duration::from_millis(10);

/// `net hold`: returns when a signal ends it, with everything taken down.
pub(crate) fn hold(options: &NetOptions) -> Result<(), Failure> {
    privilege::check()?;
    let program = reexec::program();
    let signals = Signals::block()?;
    let mut guardian = match reexec::take() {
        Some(kept) => Guardian::resume(options, kept)?,
        None => Guardian::start(options)?,
    };
    loop {
        match guardian.watch(&signals)? {
            GuardianEvent::Reload => guardian.reload(options, &program),
            GuardianEvent::End => return guardian.end(),
        }
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GuardianEvent {
    Reload,
    End,
}

/// SIGHUP, SIGTERM and SIGINT as a descriptor.
struct Signals(SignalFd);

impl Signals {
    fn block() -> Result<Self, HostError> {
        let set: SigSet = [Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
        let fd = set
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK));
        fd.map(Self).map_err(|error| HostError::kernel("deliver signals through a descriptor", error))
    }

    fn read(&self) -> Option<GuardianEvent> {
        let signal = self.0.read_signal().ok().flatten()?.ssi_signo;
        Some(if signal == Signal::SIGHUP as u32 { GuardianEvent::Reload } else { GuardianEvent::End })
    }
}

/// The process that keeps the network as it shall be.
struct Guardian {
    network: Network,
    runtime: Runtime,
    lock: Lock,
    addresses: address::AddressWatch,
    tables: Option<nft::NftWatch>,
    since: String,
    applied: String,
    rejected: Option<String>,
    restorations: Restorations,
    patience: RestoreBackoff,
    /// What was told once and can't be mended.
    told: HashSet<String>,
    begun: Instant,
}

impl Guardian {
    /// A first life: nothing of ours is here, or what a crash left.
    fn start(options: &NetOptions) -> Result<Self, Failure> {
        let settings = load(options)?;
        let runtime = Runtime::create(&options.runtime)?;
        let lock = runtime.lock()?.expect("the directory was created just now");
        let mut guardian = Self::new(options, runtime, nft::NftClient::open_or_without()?, lock)?;
        guardian.network.settle(&settings)?;
        guardian.watch_tables()?;
        guardian.publish();
        tracing::info!("{}", guardian.describe().headline());
        Ok(guardian)
    }

    /// The life after a reload: the former image left its socket, its lock, its record and its status.
    fn resume(options: &NetOptions, kept: InheritedState) -> Result<Self, Failure> {
        let runtime = Runtime::at(&options.runtime);
        let former = runtime.status();
        let mut guardian = Self::new(options, runtime, kept.tables, kept.lock)?;
        if let Some(former) = former {
            guardian.since = former.since;
            guardian.applied = former.applied;
            guardian.restorations = former.restorations;
        }
        guardian.apply(options)?;
        guardian.watch_tables()?;
        Ok(guardian)
    }

    fn new(
        options: &NetOptions,
        runtime: Runtime,
        tables: nft::NftClient,
        lock: Lock,
    ) -> Result<Self, HostError> {
        // Listening comes before settling, so that nothing is missed in between.
        let addresses = address::AddressWatch::open()?;
        let network = Network::open(runtime.clone(), tables, !options.ordinary)?;
        Ok(Self {
            network,
            runtime,
            lock,
            addresses,
            tables: None,
            since: now(),
            applied: now(),
            rejected: None,
            restorations: Restorations::default(),
            patience: RestoreBackoff::default(),
            told: HashSet::new(),
            begun: instant(),
        })
    }

    fn watch_tables(&mut self) -> Result<(), HostError> {
        self.tables = if self.network.owned() { None } else { Some(nft::NftWatch::open()?) };
        Ok(())
    }

    // === reload ===

    /// Becomes the installed program; where that can't be, goes on with this one.
    fn reload(&mut self, options: &NetOptions, program: &Path) {
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now().ok());
        tell(&states);
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
        let settled = load(options).and_then(|settings| Ok(self.network.settle(&settings)?));
        self.rejected = None;
        match (settled, former) {
            (Ok(()), _) => {
                self.applied = now();
                tracing::info!("reloaded: {}", self.describe().headline());
            }
            (Err(failure), Some(former)) => {
                tracing::error!("reload rejected, the previous settings stay in force:\n{failure}");
                self.rejected = failure.message.lines().next().map(str::to_owned);
                self.network.settle(&former)?;
            }
            (Err(failure), None) => return Err(failure),
        }
        self.publish();
        Ok(())
    }

    // === watching ===

    /// Restores whatever is removed, until a signal asks for something.
    fn watch(&mut self, signals: &Signals) -> Result<GuardianEvent, Failure> {
        // Something may have happened before the watch was opened.
        let mut due = Some(self.elapsed());
        loop {
            if self.wait(signals, due)? {
                let wish = signals.read();
                if let Some(wish) = wish {
                    return Ok(wish);
                }
            }
            let mut changed = self.addresses.drain()?;
            if let Some(tables) = &mut self.tables {
                changed |= tables.drain()?;
            }
            if changed && due.is_none() {
                due = Some(self.patience.not_before().max(self.elapsed() + GATHER));
            }
            if due.is_some_and(|due| due <= self.elapsed()) {
                due = self.inspect();
            }
        }
    }

    /// Waits for a notification, a signal or the time; whether it was a signal.
    fn wait(&self, signals: &Signals, due: Option<Duration>) -> Result<bool, HostError> {
        let left = due.map(|due| due.saturating_sub(self.elapsed()) + Duration::from_micros(999));
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::MAX)
        });
        let mut fds = vec![
            PollFd::new(signals.0.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.addresses.as_fd(), PollFlags::POLLIN),
        ];
        fds.extend(self.tables.as_ref().map(|tables| PollFd::new(tables.as_fd(), PollFlags::POLLIN)));
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(fds[0].any().unwrap_or(false)),
            Err(error) => Err(HostError::kernel("wait for notifications", error)),
        }
    }

    /// Compares and restores. When to look again without being notified: after a failure only.
    fn inspect(&mut self) -> Option<Duration> {
        let restored = self.network.deviations().and_then(|deviations| self.restore(&deviations));
        match restored {
            Ok(()) => None,
            Err(error) => {
                tracing::error!("what was removed could not be restored: {error}");
                self.patience.restored(self.elapsed());
                Some(self.elapsed() + Duration::from_secs(1))
            }
        }
    }

    fn restore(&mut self, deviations: &[Deviation]) -> Result<(), HostError> {
        let (elsewhere, mendable): (Vec<_>, Vec<_>) =
            deviations.iter().cloned().partition(|deviation| matches!(deviation, Deviation::Elsewhere(..)));
        for deviation in elsewhere.iter().map(Deviation::to_string) {
            if self.told.insert(deviation.clone()) {
                tracing::warn!("{deviation}");
            }
        }
        if mendable.is_empty() {
            return Ok(());
        }
        self.network.restore(&mendable)?;
        let say = self.patience.restored(self.elapsed());
        for deviation in &mendable {
            match say {
                LogDecision::It => tracing::warn!("{deviation}; restored"),
                LogDecision::Fight => tracing::warn!(
                    "{deviation}; restored repeatedly: find out what removes it; from now on it is restored \
                     once a second and logged once a minute"
                ),
                LogDecision::Nothing => {}
            }
            self.restorations.push(Restoration { at: now(), what: deviation.to_string() });
        }
        self.publish();
        Ok(())
    }

    // === telling ===

    fn describe(&self) -> GuardianStatus {
        describe(
            &self.network,
            NetMode::Hold,
            self.since.clone(),
            self.applied.clone(),
            self.rejected.clone(),
            self.restorations.clone(),
        )
    }

    /// Publishes status.json and tells systemd. New warnings go to the log, once each.
    fn publish(&mut self) {
        let status = self.describe();
        for warning in &status.warnings {
            if self.told.insert(warning.clone()) {
                tracing::warn!("{warning}");
            }
        }
        if let Err(error) = self.runtime.write_status(&status) {
            tracing::error!("the status can't be published: {error}");
        }
        tell(&[NotifyState::Ready, NotifyState::Status(&status.headline())]);
    }

    /// Takes everything down.
    fn end(mut self) -> Result<(), Failure> {
        tell(&[NotifyState::Stopping, NotifyState::Status("Taking down")]);
        let taken_down = all(self.network.take_down());
        tracing::info!("the address and the tables are removed");
        taken_down
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Tells systemd, if it started us.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("cannot notify systemd: {error}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the guardian's loop is a daemon: its clock starts here")]
fn instant() -> Instant {
    Instant::now()
}
