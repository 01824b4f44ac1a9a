//! The one task that changes what is served: it carries out orders one after the other.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use super::clear::{clear, remove_faults};
use super::compute::{compute, retire};
use super::connection_faults::ConnectionFaultPlace;
use super::current_fetcher::CurrentFetcher;
use super::fault_words;
use super::live::LiveFleet;
use super::load::{LoadedScenario, summary};
use super::load_tally::LoadCause;
use super::notify;
use super::publisher::Publisher;
use super::replacement::Replacement;
use super::status::scenario_status;
use super::store::{ScenarioStore, UnreadScenario};
use super::wall_clock::WallClock;
use super::watchdog::Watchdog;
use crate::clock;
use crate::config::Report;
use crate::control::api::{
    AcceptedOrder, ClearScope, Cleared, LiveOrder, Rejected, RejectedProblem, ReloadStatus, Reloaded,
    RemoveFaultsOrder,
};
use crate::control::{Order, OrderSource, ScenarioChoice};
use crate::identity::KeyRing;
use crate::imds::FleetChange;
use crate::model::fault::Fault;
use crate::observe;
use crate::scenario::LiveItem as _;

pub(super) struct Writer {
    fleet: LiveFleet,
    store: ScenarioStore,
    publisher: Publisher,
    fetcher: CurrentFetcher,
    keys: Arc<KeyRing>,
    wall_clock: WallClock,
    connection_faults: ConnectionFaultPlace,
}

impl Writer {
    pub(super) fn new(
        fleet: LiveFleet,
        store: ScenarioStore,
        publisher: Publisher,
        keys: Arc<KeyRing>,
        connection_faults: ConnectionFaultPlace,
    ) -> Self {
        let (fetcher, wall_clock) = (CurrentFetcher::new(), WallClock::watch());
        Self { fleet, store, publisher, fetcher, keys, wall_clock, connection_faults }
    }

    /// Carries out orders until it is stopped or nobody can give any, and notifies the watchdog while it is alive.
    pub(super) async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        mut scenarios: Option<watch::Receiver<Arc<str>>>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let mut watchdog = Watchdog::from_env();
        self.fetcher.switch_to(self.store.served().credential_source());
        watchdog.during(self.store.keep_last_good()).await;
        // A process before this one may have left it.
        watchdog.during(self.store.forget_sent_unless_served()).await;
        loop {
            tokio::select! {
                // Between two orders: one that was carried out is saved and answered.
                _ = &mut stop => return,
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    watchdog.during(self.carry_out(order)).await;
                }
                Some(change) = self.fleet.next_by_request() => {
                    self.fleet.apply(change);
                    watchdog.during(self.save()).await;
                }
                Some(fetched) = self.fetcher.next() => {
                    self.fleet.apply(FleetChange::Fetched(fetched));
                    self.publisher.notify_status();
                }
                () = next_scenario(scenarios.as_mut()) => {
                    let _ = watchdog.during(self.reload(OrderSource::Memory, true)).await;
                }
                () = self.wall_clock.set() => watchdog.during(self.note_wall_clock()).await,
                () = watchdog.notify() => {}
            }
        }
    }

    async fn carry_out(&mut self, order: Order) {
        self.note_wall_clock().await;
        match order {
            Order::Reload { by, keep, reply } => {
                _ = reply.send(self.reload(by, keep).await);
                self.store.keep_last_good().await;
            }
            Order::ReloadIfChanged => {
                self.reload_if_changed().await;
                self.store.keep_last_good().await;
            }
            Order::Use { by, scenario, reply } => _ = reply.send(self.use_other(by, scenario).await),
            Order::Live { by, order, reply } => {
                _ = reply.send(self.add(by, order).await);
                self.publisher.notify_status();
            }
            Order::SetFault { by, words, reply } => {
                _ = reply.send(self.set_fault(by, words).await);
                self.publisher.notify_status();
            }
            Order::RemoveFaults { by, order, reply } => {
                _ = reply.send(self.remove_faults(by, order).await);
                self.publisher.notify_status();
            }
            Order::Clear { by, what, reply } => {
                _ = reply.send(self.clear(by, what).await);
                self.store.keep_last_good().await;
                self.publisher.notify_status();
            }
            Order::Clock { by, movement, reply } => {
                let moved = self.fleet.move_clock(by, movement).await;
                self.save().await;
                _ = reply.send(Ok(moved));
                self.publisher.notify_status();
            }
        }
    }

    async fn note_wall_clock(&mut self) {
        if self.fleet.note_wall_clock().await {
            let fetched = self.fleet.load().fetched().cloned();
            self.fetcher.wall_clock_set(fetched);
            self.save().await;
        }
    }

    async fn add(&mut self, by: OrderSource, order: LiveOrder) -> Result<AcceptedOrder, Rejected> {
        if let LiveOrder::Fault(words) = &order {
            let possible = self.connection_faults.check_order(Fault::NAME, words);
            possible.map_err(|report| self.publisher.rejection(&report))?;
        }
        let added = self.fleet.add(by, order).await.map_err(|report| self.publisher.rejection(&report))?;
        self.save().await;
        Ok(added)
    }

    async fn set_fault(&mut self, by: OrderSource, words: Value) -> Result<AcceptedOrder, Rejected> {
        let whole = fault_words::merged(&self.fleet.load(), &self.store.served().text, &words);
        let whole = whole.map_err(|report| self.publisher.rejection(&report))?;
        self.add(by, LiveOrder::Fault(whole)).await
    }

    async fn remove_faults(
        &mut self,
        by: OrderSource,
        order: RemoveFaultsOrder,
    ) -> Result<Cleared, Rejected> {
        let removed = remove_faults(&self.fleet, by, order).await;
        let removed = removed.map_err(|report| self.publisher.rejection(&report))?;
        self.save().await;
        Ok(removed)
    }

    async fn clear(&mut self, by: OrderSource, what: ClearScope) -> Result<Cleared, Rejected> {
        if what == ClearScope::All && self.store.is_overridden() {
            let loaded = self.store.read_overridden().await;
            let loaded = loaded.map_err(|report| {
                self.publisher.count_rejected(LoadCause::UseEnded);
                self.publisher.scenario_rejection(&report, self.store.reload_file())
            })?;
            let reloaded = self.serve(Load { by, loaded, keep: false, cause: LoadCause::UseEnded }).await;
            return Ok(Cleared { cleared: reloaded.dropped, message: reloaded.message });
        }
        let cleared = clear(&self.fleet, by, what).await;
        let cleared = cleared.map_err(|report| self.publisher.rejection(&report))?;
        self.save().await;
        Ok(cleared)
    }

    /// An order is answered only after this: a crash then loses nothing.
    pub(super) async fn save(&mut self) {
        let Self { store, fleet, publisher, .. } = self;
        publisher.save(|| store.state(&fleet.load())).await;
    }

    pub(super) fn notify_ready(&self) {
        self.publisher.notify_ready();
    }

    /// Parse, validate, compile, swap. Whatever fails, the last good scenario keeps serving.
    async fn reload(&mut self, by: OrderSource, keep: bool) -> Result<Reloaded, Rejected> {
        notify::reloading();
        let read = self.store.read().await;
        self.finish_reload(by, keep, read).await
    }

    async fn reload_if_changed(&mut self) {
        let Some(read) = self.store.read_if_changed().await else {
            tracing::debug!("--watch: the scenario has not changed");
            return;
        };
        notify::reloading();
        // Whoever changed the file waits for no outcome.
        let _ = self.finish_reload(OrderSource::Watch, false, read).await;
    }

    async fn finish_reload(
        &mut self,
        by: OrderSource,
        keep: bool,
        read: Result<LoadedScenario, Report>,
    ) -> Result<Reloaded, Rejected> {
        let read = read.and_then(|loaded| self.connection_faults.check(&loaded).map(|()| loaded));
        let outcome = match read {
            Ok(loaded) => Ok(self.serve(Load { by, loaded, keep, cause: LoadCause::Reload }).await),
            Err(report) => Err(self.reject(&by, &report)),
        };
        self.publisher.notify_ready();
        outcome
    }

    /// Serves another scenario until the next reload.
    async fn use_other(&mut self, by: OrderSource, scenario: ScenarioChoice) -> Result<Reloaded, Rejected> {
        let read = self.store.read_other(scenario).await.and_then(|loaded| {
            let unread = |report| UnreadScenario { report, file: loaded.origin.file().map(Path::to_owned) };
            self.connection_faults.check(&loaded).map_err(unread)?;
            Ok(loaded)
        });
        match read {
            Ok(loaded) => {
                let reloaded = self.serve(Load { by, loaded, keep: false, cause: LoadCause::Use }).await;
                self.publisher.notify_status();
                Ok(reloaded)
            }
            Err(UnreadScenario { report, file }) => {
                tracing::info!("use by {by} rejected: {}", report.headline());
                self.publisher.count_rejected(LoadCause::Use);
                Err(self.publisher.scenario_rejection(&report, file))
            }
        }
    }

    async fn serve(&mut self, Load { by, loaded, keep, cause }: Load) -> Reloaded {
        let reading = clock::read();
        let now = reading.wall;
        let (served, before, keys) = (self.store.served().clone(), self.fleet.load(), Arc::clone(&self.keys));
        let computed = compute(move || {
            let changed = loaded.changed_since(&served);
            let mut message = summary(&changed, loaded.scenario == served.scenario);
            let replacement = Replacement::compile(&loaded, &served, &before, keep, &keys, reading);
            message += &replacement.changes_words();
            replacement.fleet.prepare(replacement.fleet.now(reading));
            (loaded, served, changed, message, replacement)
        });
        let (loaded, served, mut changed, mut message, replacement) = computed.await;
        changed.truncate(MAX_CHANGED);
        let Replacement { fleet, kept, dropped, rejections, same_indices } = replacement;
        let instance_id = fleet.scenario().usual_instance().instance_id.clone();
        let before = self.fleet.replace(fleet, same_indices);
        self.fetcher.switch_to(loaded.credential_source());

        let verb = match cause {
            LoadCause::Reload => "reload",
            LoadCause::Use => "use",
            LoadCause::UseEnded => "clear",
        };
        tracing::info!(IMDS_SCENARIO = loaded.origin.name(), "{verb} by {by}: {message}");
        if !matches!(by, OrderSource::Peer { .. }) {
            observe::report(&loaded.warnings, false);
        }
        let mut scenario = scenario_status(&loaded, cause == LoadCause::Use, &instance_id, now);
        if cause == LoadCause::UseEnded {
            scenario.fallback = self.store.fallback();
            message = format!("use ended, serving {} again; {message}", loaded.origin.name());
        }
        let until = if cause == LoadCause::Use { "use until the next reload; " } else { "" };
        let status = ReloadStatus {
            at: now,
            by: by.to_string(),
            accepted: true,
            message: format!("{until}{message}"),
        };
        self.publisher.accepted(scenario.clone(), status, cause);

        let reports: Vec<&Report> = std::iter::once(&loaded.warnings).chain(&rejections).collect();
        let problems = reports.iter().flat_map(|report| RejectedProblem::all(report)).collect();
        let texts = reports.iter().map(ToString::to_string).filter(|text| !text.is_empty());
        let report = texts.collect::<Vec<_>>().join("\n");
        match cause {
            LoadCause::Reload => self.store.serve(loaded),
            LoadCause::Use => self.store.override_with(loaded),
            LoadCause::UseEnded => self.store.end_override(loaded),
        }
        retire(before, served);
        self.save().await;
        self.store.forget_sent_unless_served().await;
        Reloaded { scenario, changed, kept, dropped, message, report, problems }
    }

    fn reject(&self, by: &OrderSource, report: &Report) -> Rejected {
        let rejection = self.publisher.scenario_rejection(report, self.store.reload_file());
        let message = report.headline();
        tracing::error!(
            IMDS_SCENARIO = report.file,
            IMDS_REPORT = %report,
            "reload by {by} rejected: {message}; still serving {}",
            rejection.scenario.served()
        );
        // Whoever asks at the socket prints the report: under systemd, into the same journal.
        if !matches!(by, OrderSource::Peer { .. }) {
            observe::report(report, true);
        }
        let status = ReloadStatus { at: clock::now(), by: by.to_string(), accepted: false, message };
        self.publisher.rejected(status);
        rejection
    }
}

/// Changed keys that a reply names.
const MAX_CHANGED: usize = 1_000;

/// A scenario that is to be served.
struct Load {
    by: OrderSource,
    loaded: LoadedScenario,
    /// Keeps the clock and what was ordered since the last load.
    keep: bool,
    cause: LoadCause,
}

/// Waits for the next scenario from memory; for ever if none can come.
async fn next_scenario(scenarios: Option<&mut watch::Receiver<Arc<str>>>) {
    if let Some(scenarios) = scenarios
        && scenarios.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}
