//! The start: the scenario to serve, and what a process before this one saved of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::compute::compute;
use super::last_good::{Fallback, LastGoodFile, read_or_fall_back};
use super::load::{self, LoadedScenario};
use super::origin::ScenarioOrigin;
use super::reread::{reread, reread_faults};
use super::sent_scenario::SentScenarioFile;
use super::state_file::{SavedState, warn_of_dropped};
use crate::clock;
use crate::config::Report;
use crate::identity::KeyRing;
use crate::imds::{Fleet, FleetItem, on_node};
use crate::model::fault::Fault;
use crate::model::timeline::ScenarioClock;
use crate::model::{ClusterNode, Event, FaultName, format_duration};
use crate::scenario::OrderTime;

pub(super) struct InitialState {
    /// What a reload reads.
    pub(super) reload_origin: ScenarioOrigin,
    pub(super) served: LoadedScenario,
    /// `served` is another scenario, until the next reload.
    pub(super) overridden: bool,
    /// `served` stands for a file that is rejected.
    pub(super) fallback: Option<Fallback>,
    pub(super) last_good: Option<LastGoodFile>,
    /// Until it is compiled.
    saved: Option<SavedChanges>,
}

/// A scenario's clock and what was ordered for it.
struct SavedChanges {
    clock: ScenarioClock,
    events: Vec<FleetItem<Event>>,
    faults: Vec<FleetItem<Fault>>,
    removed_faults: BTreeSet<FaultName>,
}

impl InitialState {
    /// A scenario that nothing was saved of.
    pub(super) fn unsaved(served: LoadedScenario) -> Self {
        Self {
            reload_origin: served.origin.clone(),
            served,
            overridden: false,
            fallback: None,
            last_good: None,
            saved: None,
        }
    }

    /// A scenario with what was saved of it. A scenario that is rejected is an error, unless there is a place for the
    /// last good one.
    pub(super) async fn restore(
        reload_origin: ScenarioOrigin,
        saved: Option<SavedState>,
        sent: &SentScenarioFile,
        last_good: Option<LastGoodFile>,
    ) -> Result<Self, Report> {
        let saved = saved.filter(|saved| {
            let is_of_it = saved.reload_origin == reload_origin;
            if !is_of_it {
                warn_of_dropped(&format!("it is of {}", saved.reload_origin.name()));
            }
            is_of_it
        });
        let other = match &saved {
            Some(SavedState { overridden: true, origin, digest, .. }) => {
                let read = match origin {
                    // It may be an earlier one: writing it is not one step with writing the state.
                    ScenarioOrigin::Sent { .. } => match sent.load().await {
                        Ok(loaded) if loaded.digest == *digest => Ok(loaded),
                        Ok(_) => Err("the scenario that was sent is not the one that is kept".to_owned()),
                        Err(why) => Err(why),
                    },
                    origin => load::read(origin.clone()).await.map_err(|report| report.headline()),
                };
                read.map_err(|why| warn_of_dropped(&why)).ok()
            }
            _ => None,
        };
        let (served, overridden, fallback) = match (other, &last_good) {
            (Some(served), _) => (served, true, None),
            (None, None) => (load::read(reload_origin.clone()).await?, false, None),
            (None, Some(last_good)) => {
                let (served, fallback) = read_or_fall_back(reload_origin.clone(), last_good).await?;
                (served, false, fallback)
            }
        };
        let saved = match saved.filter(|saved| saved.overridden == overridden) {
            Some(saved) => {
                let served = served.clone();
                let changes = compute(move || SavedChanges::new(saved, &served)).await;
                changes.map_err(|why| warn_of_dropped(&why)).ok()
            }
            None => None,
        };
        Ok(Self { reload_origin, served, overridden, fallback, last_good, saved })
    }

    /// What compiles it, once, as the instance of a node if there is one: on another thread, if it is large.
    pub(super) fn compiler(
        &mut self,
        node: Option<&Arc<ClusterNode>>,
    ) -> impl FnOnce(&Arc<KeyRing>) -> Fleet + Send + 'static {
        let (scenario, saved) = (Arc::clone(&self.served.scenario), self.saved.take());
        let node = node.cloned();
        move |keys| {
            let now = clock::read();
            let fleet = Fleet::compile(on_node(&scenario, node.as_ref()), keys, now, now.wall);
            match saved {
                Some(SavedChanges { clock, events, faults, removed_faults }) => {
                    fleet.restored(clock, events, faults, removed_faults)
                }
                None => fleet,
            }
        }
    }
}

impl SavedChanges {
    /// The changes, if the scenario is still the same. `Err` says why they are dropped.
    fn new(saved: SavedState, served: &LoadedScenario) -> Result<Self, String> {
        if saved.origin != served.origin || saved.digest != served.digest {
            return Err(format!("{} has changed", served.origin.name()));
        }
        let reading = clock::read();
        let same_boot = saved.is_of_this_boot(reading);
        let SavedState { clock, events, faults, removed_faults, .. } = saved;
        let clock = if same_boot { clock } else { clock.after_boot(reading) };
        let clock = clock.stepped(reading).unwrap_or(clock);
        let now = clock.now(reading);
        let elapsed = clock.elapsed(now);
        let time = |before| OrderTime { now, elapsed, before, wall_ahead: 0 };
        let removed_faults: BTreeSet<FaultName> =
            removed_faults.iter().filter_map(|name| name.parse().ok()).collect();
        let scenario = &served.scenario;
        let events = accepted(reread(events.iter(), scenario, time(scenario.events.len())))?;
        let faults = accepted(reread_faults(faults.iter(), scenario, &removed_faults, time(0)))?;
        let ordered_again =
            faults.iter().filter(|fault: &&FleetItem<Fault>| removed_faults.contains(&fault.name));
        let missing = removed_faults.len() - ordered_again.count();
        let (elapsed, count) = (format_duration(elapsed), events.len() + faults.len() + missing);
        tracing::info!(
            "resuming where the previous process stopped: the clock at {elapsed}, {count} changes since the load"
        );
        Ok(Self { clock, events, faults, removed_faults })
    }
}

fn accepted<T>(items: Vec<Result<FleetItem<T>, Report>>) -> Result<Vec<FleetItem<T>>, String> {
    items.into_iter().map(|item| item.map_err(|report| report.headline())).collect()
}
