//! Another scenario takes the place of the one that is served: a reload, or `use`.

use std::sync::Arc;

use serde_json::Value;
use tokio::task::spawn_blocking;

use super::load::{LoadedScenario, summary};
use super::status::loaded;
use super::writer::{Writer, name, read, source};
use super::{faults, notify, system_clock};
use crate::config::Report;
use crate::control::OrderSource;
use crate::control::api::{Rejected, RejectedProblem, ReloadStatus, Reloaded, ScenarioStatus};
use crate::imds::{Fleet, FleetChange};
use crate::model::{Event, Timestamp};
use crate::observe;
use crate::scenario::{OrderTime, event_from_json};

impl Writer {
    /// Parse, validate, compile, swap. Whatever fails, the last good scenario keeps serving.
    pub(super) async fn reload(&mut self, by: OrderSource, keep: bool) -> Result<Reloaded, Rejected> {
        notify::reloading();
        let found = self.read_own().await;
        self.conclude(by, keep, found)
    }

    /// The same when the own scenario says something else than when it was read last, or is broken in another way.
    pub(super) async fn look(&mut self) {
        let before = self.latest.take();
        let found = self.read_own().await;
        let news = match (before, &self.latest) {
            (Some(Ok(before)), Some(Ok(now))) => !before.same(now),
            (Some(Err(before)), Some(Err(now))) => before != *now,
            // After a restart that serves another scenario: this is the first reading.
            (None, _) => false,
            _ => true,
        };
        if news {
            notify::reloading();
            // Whoever changed the file waits for no outcome.
            let _ = self.conclude(OrderSource::Watch, false, found);
        } else {
            tracing::debug!("--watch: the scenario has not changed");
        }
    }

    async fn read_own(&mut self) -> Result<LoadedScenario, Report> {
        let found = self.shelf.read(self.own.as_deref()).await;
        self.latest = Some(found.clone().map_err(|report| report.to_string()));
        found
    }

    fn conclude(
        &mut self,
        by: OrderSource,
        keep: bool,
        found: Result<LoadedScenario, Report>,
    ) -> Result<Reloaded, Rejected> {
        let at = system_clock::now();
        let outcome = match found {
            Ok(loading) => {
                self.own.clone_from(&loading.file);
                self.used = false;
                Ok(self.accept(by, loading, keep, at))
            }
            Err(report) => Err(self.reject(by, &report, at)),
        };
        notify::ready(&self.facts.borrow().line());
        outcome
    }

    /// The same for another scenario, which is served until the next reload.
    pub(super) async fn use_other(
        &mut self,
        by: OrderSource,
        scenario: String,
    ) -> Result<Reloaded, Rejected> {
        let library = self.library.clone();
        let found = spawn_blocking(move || library.find(&scenario)).await;
        let found = match found
            .unwrap_or_else(|_| Err(Report::whole("the library", "cannot be read", "try again")))
        {
            Ok(file) => read(Some(file)).await,
            Err(report) => Err(report),
        };
        match found {
            Ok(loading) => {
                self.used = true;
                let reloaded = self.accept(by, loading, false, system_clock::now());
                notify::status(&self.facts.borrow().line());
                Ok(reloaded)
            }
            Err(report) => {
                tracing::info!("use by {by} rejected: {}", report.headline());
                Err(Rejected::new(&report, self.facts.borrow().scenario.clone()))
            }
        }
    }

    fn accept(&mut self, by: OrderSource, loading: LoadedScenario, keep: bool, at: Timestamp) -> Reloaded {
        let changed = loading.changed_since(&self.served);
        let mut message = summary(&changed, loading.scenario == self.served.scenario);
        let before = self.world.fleet.load_full();
        let started = before.clock().started;
        let mut fleet = Fleet::compile(loading.scenario.clone(), &self.keys, at, started);
        if source(&loading) == source(&self.served)
            && let Some(fetched) = before.fetched()
        {
            fleet = fleet.apply(FleetChange::Fetched(fetched.clone()));
        }
        let (orders, faults) = (std::mem::take(&mut self.changes), std::mem::take(&mut self.faults));
        let all = orders.len() + faults.len();
        let mut problems: Vec<RejectedProblem> = loading.warnings.problems.iter().map(Into::into).collect();
        let mut reports: Vec<String> = vec![loading.warnings.to_string()];
        if keep {
            let (kept, lost) = again(orders, &loading, &before, at);
            fleet = fleet
                .keeping(&before, kept.iter().map(|(number, event, _)| (*number, event.clone())).collect());
            self.changes = kept.into_iter().map(|(_, _, order)| order).collect();
            let moment = OrderTime { now: at, elapsed: before.clock().elapsed(at), before: 0 };
            let (faults, kept, lost_faults) = faults::again(faults, &fleet, moment);
            fleet = fleet.with_faults(faults);
            self.faults = kept;
            for lost in lost.into_iter().chain(lost_faults) {
                problems.extend(lost.problems.iter().map(Into::into));
                reports.push(lost.to_string());
            }
        }
        reports.retain(|report| !report.is_empty());
        let report = reports.join("\n");
        let kept = self.changes.len() + self.faults.len();
        let dropped = all - kept;
        message += &told(kept, dropped);
        let (is, was) = (&loading.scenario, &self.served.scenario);
        let same = keep && dropped == 0 && is.events == was.events && is.faults == was.faults;
        self.world.fleet.store(Arc::new(fleet));
        // They count by the places of events and faults.
        if !same {
            self.world.restart_counters();
        }
        let verb = if self.used { "use" } else { "reload" };
        tracing::info!(IMDS_SCENARIO = name(loading.file.as_deref()), "{verb} by {by}: {message}");
        if !matches!(by, OrderSource::Peer { .. }) {
            observe::report(&loading.warnings, false);
        }
        let scenario = loaded(&loading, self.used, at);
        let said = if self.used { format!("use until the next reload; {message}") } else { message.clone() };
        let verdict = ReloadStatus { at, by: by.to_string(), accepted: true, message: said };
        self.tell(scenario.clone(), verdict);
        self.served = loading;
        self.settle();
        Reloaded { scenario, changed, kept, dropped, message, report, problems }
    }

    fn reject(&self, by: OrderSource, report: &Report, at: Timestamp) -> Rejected {
        let message = report.headline();
        let scenario = self.facts.borrow().scenario.clone();
        tracing::error!(
            IMDS_SCENARIO = report.file,
            IMDS_REPORT = %report,
            "reload by {by} rejected: {message}; still serving what was loaded {}",
            scenario.at.rfc3339()
        );
        // Whoever asks at the socket prints the report: under systemd, into the same journal.
        if !matches!(by, OrderSource::Peer { .. }) {
            observe::report(report, true);
        }
        self.tell(scenario.clone(), ReloadStatus { at, by: by.to_string(), accepted: false, message });
        Rejected::new(report, scenario)
    }

    fn tell(&self, scenario: ScenarioStatus, verdict: ReloadStatus) {
        self.facts.send_modify(|facts| {
            facts.scenario = scenario;
            facts.last_reload = Some(verdict);
        });
    }
}

/// An event that was ordered: its number among them, what it is for another scenario, and its order.
type Again = (usize, Event, Value);

/// Reads orders for another scenario. Those that it rejects are lost.
fn again(
    orders: Vec<Value>,
    loading: &LoadedScenario,
    before: &Fleet,
    now: Timestamp,
) -> (Vec<Again>, Vec<Report>) {
    let moment = OrderTime { now, elapsed: before.clock().elapsed(now), before: 0 };
    let (mut kept, mut lost) = (Vec::new(), Vec::new());
    for (number, order) in orders.into_iter().enumerate() {
        match event_from_json(&order, &loading.scenario, moment) {
            Ok(ordered) => kept.push((number, ordered.event, order)),
            Err(report) => lost.push(report),
        }
    }
    (kept, lost)
}

/// What became of the changes since the load.
fn told(kept: usize, dropped: usize) -> String {
    let changes = |count| if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
    match (kept, dropped) {
        (0, 0) => String::new(),
        (0, dropped) => format!("; dropped: {}", changes(dropped)),
        (kept, 0) => format!("; kept: {}", changes(kept)),
        (kept, dropped) => format!("; kept: {}, dropped: {}", changes(kept), changes(dropped)),
    }
}
