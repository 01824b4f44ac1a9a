//! The status: the scenario, its clock, and what happened to it since it was loaded.

use std::sync::Arc;

use tokio::sync::watch;

use super::container_status::ServedEndpoints;
use super::credential_status::credential_status;
use super::in_force::{after, in_force};
use super::load::LoadedScenario;
use super::load_tally::LoadTally;
use super::origin::ScenarioOrigin;
use super::{describe, describe_fault, redact};
use crate::clock;
use crate::control::api::{self, EventStatus, FaultStatus, RejectedProblem, ReloadStatus, ScenarioStatus};
use crate::imds::{Fleet, FleetItem};
use crate::model::timeline::ScenarioClock;
use crate::model::{Instance, InstanceId, NamedInstance, StringEnum as _, Timestamp, format_duration};
use crate::server::ServiceState;

/// The part of the status that the fleet does not have.
#[derive(Debug, Clone)]
pub(super) struct StatusInputs {
    pub(super) scenario: ScenarioStatus,
    pub(super) last_reload: Option<ReloadStatus>,
    pub(super) loads: LoadTally,
}

impl StatusInputs {
    /// One line for `systemctl status`.
    pub(super) fn line(&self, fleet: &Fleet) -> String {
        let scenario = &self.scenario;
        let until = if scenario.used { " (until the next reload)" } else { "" };
        let events = fleet.events().iter().filter_map(FleetItem::order);
        let faults = fleet.faults().iter().filter_map(FleetItem::order);
        let changed = match events.chain(faults).count() + fleet.fault_list().missing() {
            0 => String::new(),
            1 => ", changed once since".to_owned(),
            count => format!(", changed {count} times since"),
        };
        let clock = fleet.clock();
        let paused = clock
            .paused
            .map(|paused| format!(", its clock is paused at {}", format_duration(clock.elapsed(paused))));
        let failing = credential_status(fleet, clock::read()).and_then(|credentials| credentials.failure);
        let from = scenario
            .fallback
            .as_ref()
            .map_or_else(|| scenario.name(), |fallback| fallback.serving.name().to_owned());
        let serving = format!(
            "serving {} from {from}{until}, loaded {}{changed}{}{}",
            scenario.instance_id,
            scenario.at.rfc3339(),
            paused.unwrap_or_default(),
            failing.map(|why| format!("; no new credentials: {why}")).unwrap_or_default()
        );
        match (&self.last_reload, &scenario.fallback) {
            (Some(ReloadStatus { accepted: false, at, message, .. }), _) => {
                format!("reload rejected {}: {message}; still {serving}", at.rfc3339())
            }
            (_, Some(fallback)) => format!("scenario rejected: {}; {serving}", fallback.message),
            _ => serving,
        }
    }
}

pub(super) fn scenario_status(
    loaded: &LoadedScenario,
    overriding: bool,
    instance_id: &InstanceId,
    at: Timestamp,
) -> ScenarioStatus {
    let (file, library, sent) = match loaded.origin.clone() {
        ScenarioOrigin::File(file) => (Some(file), None, false),
        ScenarioOrigin::Library { library } => (None, Some(library), false),
        ScenarioOrigin::Sent { sent } => (Some(sent), None, true),
        ScenarioOrigin::BuiltIn => (None, None, false),
    };
    ScenarioStatus {
        file,
        library,
        sent,
        used: overriding,
        at,
        instance_id: instance_id.to_string(),
        warnings: loaded.warnings.problems.len() + loaded.warnings.omitted.warnings,
        problems: RejectedProblem::all(&loaded.warnings),
        fallback: None,
    }
}

/// The status, made whenever it is called.
pub(super) fn status(
    service: Arc<ServiceState>,
    listeners: Vec<api::ListenerStatus>,
    inputs: watch::Receiver<StatusInputs>,
) -> impl Fn() -> api::ServiceStatus + Send + Sync {
    let started_at = clock::now();
    let served = ServedEndpoints::of(&listeners);
    move || {
        let StatusInputs { scenario, last_reload, .. } = inputs.borrow().clone();
        let fleet = service.fleet.load();
        let reading = service.read_clocks();
        let now = fleet.now(reading);
        let (mut events, mut changes) = (Vec::new(), Vec::new());
        for (index, event) in fleet.events().iter().enumerate() {
            let status = event_status(&fleet, index, now);
            match event.order() {
                None => events.push(status),
                Some(order) => changes.push(EventStatus { event: Some(redact::event(order)), ..status }),
            }
        }
        api::ServiceStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_at,
            scenario,
            clock: clock_status(fleet.clock(), now),
            events,
            changes,
            faults: (0..fleet.faults().len())
                .map(|index| FaultStatus {
                    hits: service.fault_hits(index),
                    ..describe_fault::status(&fleet, index, service.matched(index), now)
                })
                .collect(),
            in_force: in_force(&fleet, now),
            credentials: credential_status(&fleet, reading),
            node: fleet.scenario().node.as_ref().map(|node| node.name.to_string()),
            instances: instances(&fleet, served, now),
            listeners: listeners.clone(),
            last_reload,
            requests: service.requests(),
            request_counts: service.journal.counts(),
        }
    }
}

pub(super) fn clock_status(clock: &ScenarioClock, now: Timestamp) -> api::ClockStatus {
    api::ClockStatus {
        elapsed: format_duration(clock.elapsed(now)),
        elapsed_ms: clock.elapsed(now).as_millis().try_into().unwrap_or(u64::MAX),
        zero: clock.date(clock.epoch),
        paused: clock.paused.map(|paused| clock.date(paused)),
    }
}

/// An event and its instants, without its order.
pub(super) fn event_status(fleet: &Fleet, index: usize, now: Timestamp) -> EventStatus {
    let (event, clock) = (&fleet.events()[index], fleet.clock());
    let last = clock.last(index, event, now).map(|happening| clock.date(happening.at));
    let next = clock.next(index, event, now);
    let due = next.map(|next| clock.elapsed(now) + next.since(now));
    let next = next.map(|next| clock.date(next));
    let effects: Vec<api::EffectSummary> =
        event.effects.iter().map(|effect| describe::effect(effect, last.or(next))).collect();
    EventStatus {
        what: describe::phrase(&effects),
        at: describe::when(event),
        instance: event.instance.clone(),
        client: event.client,
        last,
        next,
        due_ms: due.map(|due| due.as_millis().try_into().unwrap_or(u64::MAX)),
        event: None,
    }
}

fn instances(fleet: &Fleet, served: ServedEndpoints, now: Timestamp) -> Vec<api::InstanceStatus> {
    let scenario = fleet.scenario();
    // There may be a thousand instances, and as many events.
    let occurrences = fleet.clock().occurrences(fleet.events(), now);
    let status = |name: Option<&str>, base: &Instance| {
        let present = after(fleet, (name, None), base, &occurrences);
        (served.task(fleet, &present, now), served.pod(fleet, &present, now), facts(&present))
    };
    let named = |named: &NamedInstance| {
        let (task, pod, facts) = status(Some(&named.name), &named.instance);
        api::InstanceStatus {
            name: Some(named.name.clone()),
            id: named.instance.instance_id.to_string(),
            clients: named
                .host
                .then(|| "host".to_owned())
                .into_iter()
                .chain(named.networks.iter().map(ToString::to_string))
                .collect(),
            nodes: named.nodes.iter().map(ToString::to_string).collect(),
            derive: named.derive,
            task,
            pod,
            facts,
        }
    };
    let (task, pod, facts) = status(None, &scenario.instance);
    let default = api::InstanceStatus {
        name: None,
        id: scenario.instance.instance_id.to_string(),
        clients: vec![],
        nodes: vec![],
        derive: false,
        task,
        pod,
        facts,
    };
    std::iter::once(default).chain(scenario.named_instances.iter().map(named)).collect()
}

fn facts(instance: &Instance) -> api::InstanceFacts {
    let options = &instance.metadata_options;
    api::InstanceFacts {
        instance_type: instance.instance_type.to_string(),
        availability_zone: instance.availability_zone.to_string(),
        life_cycle: instance.life_cycle.as_str().to_owned(),
        http_tokens: options.http_tokens.as_str().to_owned(),
        http_put_response_hop_limit: options.http_put_response_hop_limit,
        http_endpoint: options.http_endpoint.as_str().to_owned(),
    }
}
