//! Changes at the endpoints of containers, in words.

use std::borrow::Borrow;

use crate::model::{
    AgentPhase, AgentRestart, Association, AssociationChange, ClearTarget, ContainerChange, ContainerState,
    ContainerStateChange, EcsDesiredStatus, EcsStatus, EndpointAgent, Event, EventEffect, Instance,
    ProtectionChange, Service, ServiceAccount, StringEnum as _, TaskChange, Timestamp, format_duration,
};

/// The key of the change, and the details.
pub(super) fn change(change: &ContainerChange) -> (&'static str, String) {
    match change {
        ContainerChange::Task(change) => ("ecs-task", task(change)),
        ContainerChange::Container(change) => ("ecs-container", container(change)),
        ContainerChange::Protection(change) => ("task-protection", protection(change)),
        ContainerChange::Association(AssociationChange { account, association }) => {
            let association = match association {
                Association::OfScenario => "as in the scenario".to_owned(),
                Association::With(role) => format!("with {role}"),
                Association::None => "none".to_owned(),
            };
            ("pod-identity", format!("association of {}: {association}", account_words(account.as_ref())))
        }
        ContainerChange::AgentRestart(restart) => ("agent", agent(restart)),
    }
}

fn task(change: &TaskChange) -> String {
    let desired = change.desired.map(|desired| match desired {
        EcsDesiredStatus::Stopped => {
            let span = format_duration(change.stop_timeout);
            format!("to stop, containers end {span} later with exit code {}", change.exit_code)
        }
        EcsDesiredStatus::Running => "to run".to_owned(),
    });
    let known = change.known.map(|known| format!("known as {}", known.as_str()));
    desired.into_iter().chain(known).collect::<Vec<_>>().join(", ")
}

fn container(change: &ContainerStateChange) -> String {
    let health = change.health.map(|health| health.as_str().to_owned());
    let known = change.known.map(|known| {
        let code = change.exit_code.filter(|_| known == EcsStatus::Stopped);
        let code = code.map(|code| format!(" with exit code {code}")).unwrap_or_default();
        format!("{}{code}", known.as_str())
    });
    let restarted = change.restarts.then(|| "restarted".to_owned());
    let words: Vec<String> = [known, restarted, health].into_iter().flatten().collect();
    format!("{} {}", change.name, words.join(", "))
}

fn protection(change: &ProtectionChange) -> String {
    let enabled = change.enabled.map(|enabled| {
        if enabled { format!("on for {}", format_duration(change.span)) } else { "off".to_owned() }
    });
    let answer = change.answer.map(|answer| answer.as_str().to_owned());
    answer.or(enabled).unwrap_or_default()
}

fn account_words(account: Option<&ServiceAccount>) -> String {
    account.map_or_else(|| "service accounts without one of their own".to_owned(), ToString::to_string)
}

fn agent(restart: &AgentRestart) -> String {
    let which = restart.agent.map_or("both agents", EndpointAgent::as_str);
    let ready = restart.credentials_ready_after;
    let ready = if restart.concerns(Service::Ecs) && !ready.is_zero() {
        format!(", of ecs without credentials for {} more", format_duration(ready))
    } else {
        String::new()
    };
    format!("{which} down for {}{ready}", format_duration(restart.down))
}

/// `the endpoint ecs answers`, of an event that changes what endpoints of containers answer. `others` are all events: where
/// none changes them, a clear of everything does not either.
pub(super) fn endpoints(event: &Event, others: &[impl Borrow<Event>]) -> Option<String> {
    let changes = |service: Service| {
        event.effects.iter().any(|effect| match effect {
            EventEffect::Container(change) => change.services().contains(&service),
            EventEffect::Clear(ClearTarget::Ecs) => service == Service::Ecs,
            EventEffect::Clear(ClearTarget::PodIdentity) => service == Service::PodIdentity,
            EventEffect::Clear(ClearTarget::All) => {
                others.iter().any(|other| has_change(other.borrow(), service))
            }
            _ => false,
        })
    };
    let names: Vec<&str> =
        Service::ALL.into_iter().filter(|service| changes(*service)).map(Service::name).collect();
    match names.as_slice() {
        [] => None,
        [only] => Some(format!("the endpoint {only} answers")),
        several => Some(format!("the endpoints {} answer", several.join(" and "))),
    }
}

fn has_change(event: &Event, service: Service) -> bool {
    event.effects.iter().any(
        |effect| matches!(effect, EventEffect::Container(change) if change.services().contains(&service)),
    )
}

/// What is so at `now`, a date of the scenario's clock: the key of a change, the details, and a time.
pub(super) fn in_force(present: &Instance, now: Timestamp) -> Vec<(&'static str, String, Option<Timestamp>)> {
    let Some(signals) = present.signals.containers.as_deref() else { return vec![] };
    let mut found = Vec::new();
    let task = &signals.task;
    match (task.stopping_at, task.stopped) {
        (_, Some((at, code))) => {
            found.push(("ecs-task", format!("stopped with exit code {code} at"), Some(at)));
        }
        (Some(at), None) => found.push(("ecs-task", "is to stop since".to_owned(), Some(at))),
        (None, None) => {}
    }
    found.extend(task.known.map(|known| ("ecs-task", format!("known as {}", known.as_str()), None)));
    for (name, state) in &signals.containers {
        found.extend(
            container_in_force(state, task.stopped.is_some())
                .into_iter()
                .map(|(text, at)| ("ecs-container", format!("{name} {text}"), Some(at))),
        );
    }
    found.extend(signals.protection.map(|answer| ("task-protection", answer.as_str().to_owned(), None)));
    let protected = signals.protected.filter(|protected| protected.until.is_none_or(|until| until > now));
    found.extend(protected.map(|protected| match protected.until {
        Some(until) => ("task-protection", "on until".to_owned(), Some(until)),
        None => ("task-protection", "off since".to_owned(), Some(protected.at)),
    }));
    for (account, role) in &signals.associations {
        let role = role.as_ref().map_or_else(|| "none".to_owned(), |role| format!("with {role}"));
        let account = account_words(account.as_ref());
        found.push(("pod-identity", format!("association of {account}: {role}"), None));
    }
    for service in [Service::Ecs, Service::PodIdentity] {
        let Some(agent) = signals.agent(service) else { continue };
        let phase = match agent.phase {
            AgentPhase::Down => "is down until",
            AgentPhase::WithoutCredentials if service == Service::Ecs => "has no credentials; it is up since",
            // It is over.
            AgentPhase::WithoutCredentials | AgentPhase::Up => continue,
        };
        found.push(("agent", format!("{} {phase}", service.name()), Some(agent.up_at)));
    }
    found
}

/// Of a container, and whether its task has stopped.
fn container_in_force(state: &ContainerState, has_stopped: bool) -> Vec<(String, Timestamp)> {
    let ContainerState { health, known, finished, start: _, restarted } = state;
    let known = known.filter(|_| finished.is_none() && !has_stopped);
    let known = known.map(|(known, at)| (format!("{} since", known.as_str()), at));
    let health = health.map(|(health, at)| (format!("{} since", health.as_str()), at));
    let finished = finished.map(|(at, code)| (format!("stopped with exit code {code} at"), at));
    let restarted = restarted.map(|(count, at)| (format!("restarted, number {count} at"), at));
    [known, finished, restarted, health].into_iter().flatten().collect()
}
