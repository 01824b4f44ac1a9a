//! Changes of an event at the endpoints of containers: of a task of Amazon ECS, of associations, and of the agents.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::{Item, Section};
use crate::model::{
    AgentRestart, Association, AssociationChange, ContainerChange, ContainerHealth, ContainerStateChange,
    EcsDesiredStatus, EcsName, EcsStatus, EndpointAgent, EventEffect, Instance, ProtectionAnswer,
    ProtectionChange, RoleName, Scenario, ServiceAccount, StringEnum as _, TaskChange, format_duration,
};

/// The time from SIGTERM to SIGKILL. Source: Amazon ECS developer guide, `ECS_CONTAINER_STOP_TIMEOUT`.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// That of a process that SIGKILL ends.
const KILLED: u8 = 137;
/// The duration of a protection. Source: Amazon ECS developer guide, "Task scale-in protection endpoint".
const PROTECTION: Duration = Duration::from_hours(2);
/// What Amazon ECS accepts.
const PROTECTION_RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(48);
/// A restart of an agent.
const AGENT_DOWN: Duration = Duration::from_secs(5);
const CREDENTIALS_READY_AFTER: Duration = Duration::from_secs(10);

/// Reads the changes in the order in which they are made.
pub(super) fn read(section: &Section<'_>, scenario: &Scenario, instance: Option<&str>) -> Vec<EventEffect> {
    let names = container_names(scenario, instance);
    let changes = [
        section.read("agent", agent).map(ContainerChange::AgentRestart),
        section.read("ecs-task", Item::section).and_then(|s| task(&s)).map(ContainerChange::Task),
        section
            .read("ecs-container", Item::section)
            .and_then(|s| container(&s, &names))
            .map(ContainerChange::Container),
        section.read("task-protection", protection).map(ContainerChange::Protection),
        section
            .read("pod-identity", Item::section)
            .and_then(|s| association(&s))
            .map(ContainerChange::Association),
    ];
    changes.into_iter().flatten().map(|change| EventEffect::Container(Box::new(change))).collect()
}

/// The containers of the tasks that an event may concern.
fn container_names(scenario: &Scenario, instance: Option<&str>) -> Vec<EcsName> {
    let only = instance.and_then(|name| scenario.named(name)).map(|named| &named.instance);
    let all = || {
        let others = scenario.named_instances.iter().map(|named| &named.instance);
        std::iter::once(&scenario.instance).chain(others).collect()
    };
    let instances: Vec<&Instance> = only.map_or_else(all, |only| vec![only]);
    let mut names: Vec<EcsName> = Vec::new();
    for instance in instances {
        let task = instance.ecs.clone().unwrap_or_default();
        names.extend(task.containers.iter().map(|container| container.name.clone()));
    }
    names.sort();
    names.dedup();
    names
}

fn task(section: &Section<'_>) -> Option<TaskChange> {
    let problems = section.problems();
    let desired = section.read("desired-status", Item::choice::<EcsDesiredStatus>);
    let known_item = section.get("known-status");
    let known = known_item.as_ref().and_then(Item::choice::<EcsStatus>);
    if let (Some(item), Some(EcsDesiredStatus::Running), Some(EcsStatus::Stopped)) =
        (&known_item, desired, known)
    {
        item.error(
            format!("{} is \"STOPPED\", and the task is to run", item.name()),
            "accepted: one of them: a task that is to run is known as \"PENDING\", \"CREATED\" or \"RUNNING\"",
        );
    }
    let [timeout, exit_code] = ["stop-timeout", "exit-code"].map(|key| section.get(key));
    for item in
        [&timeout, &exit_code].into_iter().flatten().filter(|_| desired != Some(EcsDesiredStatus::Stopped))
    {
        item.error(
            format!("{} is set, and the task is not to stop", item.name()),
            "accepted: with desired-status = \"STOPPED\"",
        );
    }
    let stop_timeout = timeout.map_or(Some(STOP_TIMEOUT), |item| item.duration());
    let exit_code = exit_code.map_or(Some(KILLED), |item| code(&item));
    section.finish();
    if section.problems() > problems {
        return None;
    }
    if desired.is_none() && known.is_none() {
        section.error("nothing happens to the task", "accepted: desired-status, known-status, or both");
        return None;
    }
    Some(TaskChange { desired, known, stop_timeout: stop_timeout?, exit_code: exit_code? })
}

fn code(item: &Item<'_>) -> Option<u8> {
    item.integer(0..=255).and_then(|code| code.try_into().ok())
}

fn container(section: &Section<'_>, names: &[EcsName]) -> Option<ContainerStateChange> {
    let problems = section.problems();
    let name = section.get("name");
    let health = section.read("health", Item::choice::<ContainerHealth>);
    let known_item = section.get("known-status");
    let known = known_item.as_ref().and_then(Item::choice::<EcsStatus>);
    let exit_code = section.get("exit-code");
    let restarts = section.read("restart", Item::boolean).unwrap_or(false);
    if let (Some(item), true) = (&exit_code, known != Some(EcsStatus::Stopped)) {
        item.error(
            format!("{} is set, and the container has not stopped", item.name()),
            "accepted: with known-status = \"STOPPED\"",
        );
    }
    if let (Some(item), Some(status), true) =
        (&known_item, known.filter(|known| *known != EcsStatus::Running), restarts)
    {
        item.error(
            format!("{} is \"{}\", and restart is true", item.name(), status.as_str()),
            "accepted: one of them: a container that is started again runs; its end is an event of its own",
        );
    }
    let exit_code = exit_code.and_then(|item| code(&item));
    let parsed = match (&name, names) {
        (Some(item), _) => item.parse::<EcsName>(),
        // Whose else?
        (None, [only]) => Some(only.clone()),
        (None, _) => {
            let names: Vec<&str> = names.iter().map(EcsName::as_str).collect();
            section.error("no container is named", format!("accepted: name = one of {}", names.join(", ")));
            None
        }
    };
    if let (Some(item), Some(name)) = (&name, parsed.as_ref().filter(|name| !names.contains(name))) {
        let names: Vec<&str> = names.iter().map(EcsName::as_str).collect();
        item.error(
            format!("the task has no container \"{name}\""),
            format!("accepted: {}", names.join(", ")),
        );
    }
    section.finish();
    if section.problems() > problems {
        return None;
    }
    if health.is_none() && known.is_none() && !restarts {
        section.error(
            "nothing happens to the container",
            "accepted: at least one of health, known-status, and restart = true",
        );
        return None;
    }
    Some(ContainerStateChange { name: parsed?, health, known, exit_code, restarts })
}

/// Reads `"denied"`, or `{ enabled = true, for = "2h" }`.
fn protection(item: &Item<'_>) -> Option<ProtectionChange> {
    if item.kind() == "string" {
        let answer = item.choice::<ProtectionAnswer>()?;
        return Some(ProtectionChange { answer: Some(answer), enabled: None, span: PROTECTION });
    }
    let section = item.section()?;
    let enabled = section.get("enabled");
    let is_on = enabled.as_ref().and_then(Item::boolean);
    let span_item = section.get("for");
    let span = span_item.as_ref().map_or(Some(PROTECTION), Item::duration);
    if let (Some(item), Some(false)) = (&span_item, is_on) {
        item.error(
            format!("{} is set, and the protection ends", item.name()),
            "accepted: with enabled = true",
        );
    } else if let (Some(item), Some(span)) =
        (&span_item, span.filter(|span| !PROTECTION_RANGE.contains(span)))
    {
        item.error(
            format!("{} is {}", item.name(), format_duration(span)),
            "accepted: a duration from \"1m\" to \"48h\", as Amazon ECS takes 1 to 2880 minutes",
        );
    }
    section.finish();
    if enabled.is_none() {
        section.error(
            "the protection is neither set nor ended",
            "accepted: { enabled = true, for = \"2h\" }, { enabled = false }, or one of \"allowed\", \"denied\", \"blocked\" and \"slow\"",
        );
        return None;
    }
    Some(ProtectionChange { answer: None, enabled: Some(is_on?), span: span? })
}

fn association(section: &Section<'_>) -> Option<AssociationChange> {
    let problems = section.problems();
    let account = section.read("service-account", Item::parse::<ServiceAccount>);
    let is_there = section.get("association");
    let there = is_there.as_ref().and_then(Item::boolean);
    let role = section.read("role", Item::parse::<RoleName>);
    section.finish();
    if let (Some(item), Some(there), Some(_)) = (&is_there, there, &role) {
        item.error(
            format!("{} is {there}, and a role is set", item.name()),
            "accepted: one of them: role = \"web-role\" is an association, association = false none, association = true the one of the scenario",
        );
    }
    if section.problems() > problems {
        return None;
    }
    let association = match (there, role) {
        (_, Some(role)) => Association::With(role),
        (Some(true), None) => Association::OfScenario,
        (Some(false), None) => Association::None,
        (None, None) => {
            section.error(
                "nothing happens to the association",
                "accepted: association = false, association = true as in the scenario, or role = \"web-role\"",
            );
            return None;
        }
    };
    Some(AssociationChange { account, association })
}

/// Reads `"restart"`, or `{ endpoint = "ecs", down = "5s", credentials-ready-after = "10s" }`.
fn agent(item: &Item<'_>) -> Option<AgentRestart> {
    let restart =
        |agent, down, credentials_ready_after| AgentRestart { agent, down, credentials_ready_after };
    if item.kind() == "string" {
        if item.string()? == "restart" {
            return Some(restart(None, AGENT_DOWN, CREDENTIALS_READY_AFTER));
        }
        item.error(
            format!("{} is {:?}", item.name(), item.text().unwrap_or_default()),
            "accepted: \"restart\", or { endpoint = \"ecs\", down = \"5s\", credentials-ready-after = \"10s\" }",
        );
        return None;
    }
    let section = item.section()?;
    let which = section.read("endpoint", Item::choice::<EndpointAgent>);
    let down = section.get("down").map_or(Some(AGENT_DOWN), |item| item.duration());
    let ready = section.get("credentials-ready-after");
    if let (Some(item), Some(EndpointAgent::PodIdentity)) = (&ready, which) {
        item.error(
            format!(
                "{} has no effect: the agent of EKS Pod Identity has no credentials of its own",
                item.name()
            ),
            "accepted: with endpoint = \"ecs\"",
        );
    }
    let ready = ready.map_or(Some(CREDENTIALS_READY_AFTER), |item| item.duration());
    section.finish();
    Some(restart(which, down?, ready?))
}
