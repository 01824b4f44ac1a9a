//! The one task that changes what is served: it carries out orders one after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::credential_fetcher::{self, Post};
use super::load::{LoadedScenario, ScenarioSource, load};
use super::notify;
use super::state_file::{InitialState, SavedState, StateFile};
use super::status::StatusInputs;
use crate::config::Report;
use crate::control::{Order, OrderSource};
use crate::identity::KeyRing;
use crate::imds::FleetChange;
use crate::model::{CredentialSource, format_duration};
use crate::scenario::Library;
use crate::server::ServiceState;

/// How long the file system may take for a scenario. Less than the watchdog of the packaged service.
const READING: Duration = Duration::from_secs(10);

/// Changes by requests that may wait.
const CHANGES: usize = 64;

/// What a scenario is called in a sentence.
pub(super) fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "the built-in scenario".to_owned(), |file| file.display().to_string())
}

/// The task's belongings.
pub(super) struct Writer {
    pub(super) world: Arc<ServiceState>,
    pub(super) facts: watch::Sender<StatusInputs>,
    /// The later events, as they were ordered.
    pub(super) changes: Vec<Value>,
    /// The later faults, as they were ordered.
    pub(super) faults: Vec<Value>,
    pub(super) shelf: ScenarioSource,
    pub(super) library: Library,
    /// The scenario that a reload reads.
    pub(super) own: Option<PathBuf>,
    pub(super) served: LoadedScenario,
    /// Whether `served` is another one.
    pub(super) used: bool,
    /// What the last reading of `own` gave: a scenario, or the report of what is wrong. None before the first.
    pub(super) latest: Option<Result<LoadedScenario, String>>,
    pub(super) keys: Arc<KeyRing>,
    keeper: StateFile,
    by_requests: mpsc::Receiver<FleetChange>,
}

/// The fetcher of the present credential source.
struct Fetching {
    posts: mpsc::Sender<Post>,
    number: u64,
    task: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn new(
        world: Arc<ServiceState>,
        shelf: ScenarioSource,
        library: Library,
        start: InitialState,
        facts: watch::Sender<StatusInputs>,
        keys: Arc<KeyRing>,
        keeper: StateFile,
    ) -> Self {
        let InitialState { own, served, used, left } = start;
        let (changes, faults) = left.map(|left| (left.event_orders, left.fault_orders)).unwrap_or_default();
        let latest = (!used).then(|| Ok(served.clone()));
        // Here and not in the task, which a busy machine may start after the first request.
        let (told, by_requests) = mpsc::channel(CHANGES);
        world.connect_writer(told);
        Self {
            world,
            facts,
            changes,
            faults,
            shelf,
            library,
            own,
            served,
            used,
            latest,
            keys,
            keeper,
            by_requests,
        }
    }

    /// Carries out orders until nobody can give any, and proves to the watchdog that it still turns.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut watchdog = notify::watchdog_interval().map(|time| {
            let mut ticks = interval(time);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        let mut hand = match &self.shelf {
            ScenarioSource::Hand(texts) => Some(texts.clone()),
            ScenarioSource::Files { .. } => None,
        };
        let (posts, mut inbox) = mpsc::channel(1);
        let mut fetching = Fetching { posts, number: 0, task: None };
        fetching.restart(&self.served);
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    let before = source(&self.served).cloned();
                    self.carry_out(order).await;
                    if before.as_ref() != source(&self.served) {
                        fetching.restart(&self.served);
                    }
                }
                Some(change) = self.by_requests.recv() => {
                    self.apply(change);
                    self.settle();
                }
                Some((number, fetched)) = inbox.recv() => if number == fetching.number {
                    self.apply(FleetChange::Fetched(fetched));
                },
                () = handed_over(hand.as_mut()) => {
                    let _ = self.reload(OrderSource::Hand, true).await;
                }
                () = tick(watchdog.as_mut()) => notify::watchdog(),
            }
        }
    }

    /// Whoever no longer waits for the outcome gets none.
    async fn carry_out(&mut self, order: Order) {
        match order {
            Order::Reload { by, keep, outcome } => _ = outcome.send(self.reload(by, keep).await),
            Order::Look => self.look().await,
            Order::Use { by, scenario, outcome } => _ = outcome.send(self.use_other(by, scenario).await),
            Order::Event { by, event, outcome } => {
                _ = outcome.send(self.event(by, &event));
                notify::status(&self.facts.borrow().line());
            }
            Order::Fault { by, fault, outcome } => {
                _ = outcome.send(self.fault(by, &fault));
                notify::status(&self.facts.borrow().line());
            }
            Order::ClearFaults { by, outcome } => {
                _ = outcome.send(Ok(self.clear_faults(by)));
                notify::status(&self.facts.borrow().line());
            }
            Order::Clock { by, movement, outcome } => {
                _ = outcome.send(Ok(self.movement(by, movement)));
                notify::status(&self.facts.borrow().line());
            }
        }
    }

    /// What is served.
    pub(super) fn served(&self) -> &LoadedScenario {
        &self.served
    }

    pub(super) fn apply(&self, change: FleetChange) {
        let fleet = self.world.fleet.load().apply(change);
        self.world.fleet.store(Arc::new(fleet));
    }

    /// After each change: a restart finds it, and the status tells it.
    pub(super) fn settle(&mut self) {
        let fleet = self.world.fleet.load_full();
        let clock = fleet.clock();
        let mut kept = SavedState::new(self.own.as_deref(), &self.served, self.used, clock);
        kept.events.clone_from(&self.changes);
        kept.faults.clone_from(&self.faults);
        self.keeper.keep(&kept);
        self.facts.send_modify(|facts| {
            facts.changes = self.changes.as_slice().into();
            facts.faults = self.faults.as_slice().into();
            facts.paused_at = clock.paused.map(|paused| format_duration(clock.elapsed(paused)));
        });
    }
}

impl Fetching {
    /// Ends the present fetcher; what it still posts is stale. Starts the one that a scenario needs.
    fn restart(&mut self, served: &LoadedScenario) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.number += 1;
        self.task = source(served)
            .and_then(|source| credential_fetcher::start(source, self.number, self.posts.clone()));
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

pub(super) fn source(loading: &LoadedScenario) -> Option<&CredentialSource> {
    loading.scenario.instance.credentials.as_ref().map(|credentials| &credentials.source)
}

/// Reads a scenario on a thread of its own: a file system may take its time, requests may not.
pub(super) async fn read(file: Option<PathBuf>) -> Result<LoadedScenario, Report> {
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

/// The next scenario that is handed over; never without a hand, or when it is gone.
async fn handed_over(hand: Option<&mut watch::Receiver<Arc<str>>>) {
    if let Some(texts) = hand
        && texts.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
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
