//! The one task that changes what is served: it carries out orders one after the other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::credentials::{self, Post};
use super::load::{Loading, Shelf, load, summary};
use super::{clock, notify};
use crate::config::Report;
use crate::control::api::{Loaded, Rejected, Reloaded, Verdict};
use crate::control::{Caller, Order};
use crate::identity::KeyRing;
use crate::imds::{Change, Fleet};
use crate::model::{CredentialSource, Timestamp};
use crate::observe;
use crate::server::World;

/// How long the file system may take for a scenario. Less than the watchdog of the packaged service.
const READING: Duration = Duration::from_secs(10);

/// Changes by requests that may wait.
const CHANGES: usize = 64;

/// What the status tells of the scenario.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// What is served.
    pub(super) scenario: Loaded,
    /// How the last reload went.
    pub(super) last_reload: Option<Verdict>,
}

impl Facts {
    /// Of a scenario that was just loaded.
    pub(super) fn new(loading: &Loading, at: Timestamp) -> Self {
        Self { scenario: loaded(loading, at), last_reload: None }
    }

    /// One line for `systemctl status`.
    pub(super) fn line(&self) -> String {
        let scenario = &self.scenario;
        let serving = format!(
            "serving {} from {}, loaded {}",
            scenario.instance_id,
            name(scenario.file.as_deref()),
            scenario.at.rfc3339()
        );
        match &self.last_reload {
            Some(Verdict { accepted: false, at, message, .. }) => {
                format!("reload rejected {}: {message}; still {serving}", at.rfc3339())
            }
            _ => serving,
        }
    }
}

/// What a scenario is called in a sentence.
pub(super) fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "the built-in scenario".to_owned(), |file| file.display().to_string())
}

/// The task's belongings.
pub(super) struct Writer {
    pub(super) world: Arc<World>,
    pub(super) shelf: Shelf,
    pub(super) served: Loading,
    pub(super) facts: watch::Sender<Facts>,
    pub(super) keys: Arc<KeyRing>,
}

/// The fetcher of the present credential source.
struct Fetching {
    posts: mpsc::Sender<Post>,
    number: u64,
    task: Option<JoinHandle<()>>,
}

impl Writer {
    /// Carries out orders until nobody can give any, and proves to the watchdog that it still turns.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut watchdog = notify::watchdog_interval().map(|time| {
            let mut ticks = interval(time);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        let (changes, mut by_requests) = mpsc::channel(CHANGES);
        self.world.tell_changes(changes);
        let (posts, mut inbox) = mpsc::channel(1);
        let mut fetching = Fetching { posts, number: 0, task: None };
        fetching.restart(&self.served);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Reload { by, outcome }) => {
                        let before = source(&self.served).cloned();
                        let reloaded = self.reload(by).await;
                        if before.as_ref() != source(&self.served) {
                            fetching.restart(&self.served);
                        }
                        let _ = outcome.send(reloaded);
                    }
                    None => return,
                },
                Some(change) = by_requests.recv() => self.apply(change),
                Some((number, fetched)) = inbox.recv() => if number == fetching.number {
                    self.apply(Change::Fetched(fetched));
                },
                () = tick(watchdog.as_mut()) => notify::watchdog(),
            }
        }
    }

    fn apply(&self, change: Change) {
        let fleet = self.world.fleet.load().apply(change);
        self.world.fleet.store(Arc::new(fleet));
    }

    /// Parse, validate, compile, swap. Whatever fails, the last good scenario keeps serving.
    async fn reload(&mut self, by: Caller) -> Result<Reloaded, Rejected> {
        notify::reloading();
        let file = self.shelf.file(self.served.file.as_deref());
        let found = read(file).await;
        let at = clock::now();
        let outcome = match found {
            Ok(loading) => Ok(self.accept(by, loading, at)),
            Err(report) => Err(self.reject(by, &report, at)),
        };
        notify::ready(&self.facts.borrow().line());
        outcome
    }

    fn accept(&mut self, by: Caller, loading: Loading, at: Timestamp) -> Reloaded {
        let changed = loading.changed_since(&self.served);
        let message = summary(&changed, loading.scenario == self.served.scenario);
        let mut fleet =
            Fleet::compile(loading.scenario.clone(), &self.keys, at, self.world.fleet.load().clock().started);
        if source(&loading) == source(&self.served)
            && let Some(fetched) = self.world.fleet.load().fetched()
        {
            fleet = fleet.apply(Change::Fetched(fetched.clone()));
        }
        self.world.fleet.store(Arc::new(fleet));
        self.world.restart_counters();
        tracing::info!(IMDS_SCENARIO = name(loading.file.as_deref()), "reload by {by}: {message}");
        if by == Caller::Signal {
            observe::report(&loading.warnings, false);
        }
        let scenario = loaded(&loading, at);
        self.tell(
            scenario.clone(),
            Verdict { at, by: by.to_string(), accepted: true, message: message.clone() },
        );
        let report = loading.warnings.to_string();
        let problems = loading.warnings.problems.iter().map(Into::into).collect();
        self.served = loading;
        Reloaded { scenario, changed, message, report, problems }
    }

    fn reject(&self, by: Caller, report: &Report, at: Timestamp) -> Rejected {
        let message = report.headline();
        let scenario = self.facts.borrow().scenario.clone();
        tracing::error!(
            IMDS_SCENARIO = report.file,
            IMDS_REPORT = %report,
            "reload by {by} rejected: {message}; still serving what was loaded {}",
            scenario.at.rfc3339()
        );
        // Whoever asks at the socket prints the report: under systemd, into the same journal.
        if by == Caller::Signal {
            observe::report(report, true);
        }
        self.tell(
            scenario.clone(),
            Verdict { at, by: by.to_string(), accepted: false, message: message.clone() },
        );
        let problems = report.problems.iter().map(Into::into).collect();
        Rejected { message, scenario, report: report.to_string(), problems }
    }

    fn tell(&self, scenario: Loaded, verdict: Verdict) {
        self.facts.send_replace(Facts { scenario, last_reload: Some(verdict) });
    }
}

impl Fetching {
    /// Ends the present fetcher; what it still posts is stale. Starts the one that a scenario needs.
    fn restart(&mut self, served: &Loading) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.number += 1;
        self.task =
            source(served).and_then(|source| credentials::start(source, self.number, self.posts.clone()));
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

fn source(loading: &Loading) -> Option<&CredentialSource> {
    loading.scenario.instance.credentials.as_ref().map(|credentials| &credentials.source)
}

/// Reads a scenario on a thread of its own: a file system may take its time, requests may not.
pub(super) async fn read(file: Option<std::path::PathBuf>) -> Result<Loading, Report> {
    let place = name(file.as_deref());
    let late = || {
        let seconds = READING.as_secs();
        Report::whole(
            place,
            format!("could not be read within {seconds} s"),
            "check the file system that it is on",
        )
    };
    match timeout(READING, spawn_blocking(|| load(file))).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(late()),
    }
}

fn loaded(loading: &Loading, at: Timestamp) -> Loaded {
    Loaded {
        file: loading.file.clone(),
        at,
        instance_id: loading.scenario.instance.instance_id.to_string(),
        warnings: loading.warnings.problems.len(),
    }
}

/// The next tick; never without a watchdog.
async fn tick(watchdog: Option<&mut Interval>) {
    match watchdog {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}
