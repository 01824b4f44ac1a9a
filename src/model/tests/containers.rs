//! Tasks of Amazon ECS, their containers, and the agents of containers.

use std::time::Duration;

use crate::model::container_change::{
    AgentRestart, ContainerChange, ContainerStateChange, EcsDesiredStatus, EcsStatus, ProtectionChange,
    TaskChange,
};
use crate::model::timeline::{self, ScenarioClock};
use crate::model::{
    ClearTarget, ContainerSignals, ContainerStart, ContainerState, EcsName, Event, EventEffect, EventTime,
    Instance, RequestRate, Service, Timestamp,
};

const START: Timestamp = Timestamp::from_secs(1_000);

/// What is so long after changes, of which each comes a second after the one before.
fn signals(effects: impl IntoIterator<Item = EventEffect>) -> ContainerSignals {
    let event = |(number, effect)| Event::once(EventTime::AfterLoad(Duration::from_secs(number)), [effect]);
    let events: Vec<Event> = (1..).zip(effects).map(event).collect();
    let clock = ScenarioClock::starting(START, START);
    let occurrences = clock.occurrences(&events, seconds(3_600));
    let instance = timeline::after(&Instance::default(), &events, &occurrences, &clock);
    *instance.signals.containers.unwrap_or_default()
}

fn seconds(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn effect(change: &ContainerChange) -> EventEffect {
    EventEffect::Container(Box::new(change.clone()))
}

/// One container, after changes.
fn after(changes: &[ContainerChange]) -> ContainerState {
    signals(changes.iter().map(effect)).containers.remove(&app()).unwrap_or_default()
}

fn app() -> EcsName {
    "app".parse().expect("a name")
}

fn container(known: EcsStatus) -> ContainerChange {
    ContainerChange::Container(ContainerStateChange {
        name: app(),
        health: None,
        known: Some(known),
        exit_code: Some(3),
        restarts: false,
    })
}

fn task(desired: EcsDesiredStatus) -> ContainerChange {
    ContainerChange::Task(TaskChange {
        desired: Some(desired),
        known: None,
        stop_timeout: Duration::from_secs(30),
        exit_code: 137,
    })
}

#[test]
fn a_task_that_runs_again_has_its_containers_running() {
    let stopped = container(EcsStatus::Stopped);
    let ended = ContainerState {
        known: Some((EcsStatus::Stopped, seconds(1))),
        finished: Some((seconds(1), 3)),
        ..ContainerState::default()
    };
    assert_eq!(after(std::slice::from_ref(&stopped)), ended);
    let with_a_stop = after(&[stopped.clone(), task(EcsDesiredStatus::Stopped)]);
    assert_eq!(with_a_stop, ended, "a container that had ended keeps its own end when its task stops");
    let runs = after(&[stopped, task(EcsDesiredStatus::Running)]);
    assert_eq!(runs, ContainerState::default(), "it runs as its task does");
    let waits = after(&[container(EcsStatus::Pending), task(EcsDesiredStatus::Running)]);
    assert_eq!(waits.start, Some(ContainerStart::At(seconds(2))), "it starts with its task");
}

#[test]
fn a_container_that_runs_after_its_end_has_started_anew() {
    for (changes, expected) in [
        (&[EcsStatus::Running][..], None),
        (&[EcsStatus::Pending], Some(ContainerStart::NotYet)),
        (&[EcsStatus::Pending, EcsStatus::Running], Some(ContainerStart::At(seconds(2)))),
        (&[EcsStatus::Pending, EcsStatus::Running, EcsStatus::Running], Some(ContainerStart::At(seconds(2)))),
        (&[EcsStatus::Stopped, EcsStatus::Running], Some(ContainerStart::At(seconds(2)))),
        (
            &[EcsStatus::Pending, EcsStatus::Running, EcsStatus::Stopped, EcsStatus::Running],
            Some(ContainerStart::At(seconds(4))),
        ),
    ] {
        let changes: Vec<_> = changes.iter().copied().map(container).collect();
        let found = after(&changes);
        assert_eq!(found.start, expected, "{changes:?}");
        assert_eq!(found.finished, None, "{changes:?}");
    }
}

#[test]
fn a_clear_of_one_service_keeps_the_agent_of_the_other() {
    let restart = ContainerChange::AgentRestart(AgentRestart {
        agent: None,
        down: Duration::from_secs(5),
        credentials_ready_after: Duration::ZERO,
    });
    for (target, cleared, other) in [
        (ClearTarget::Ecs, Service::Ecs, Service::PodIdentity),
        (ClearTarget::PodIdentity, Service::PodIdentity, Service::Ecs),
    ] {
        let before = signals([effect(&restart)]);
        assert!(before.agent(other).is_some(), "{other:?} has restarted");
        let found = signals([effect(&restart), EventEffect::Clear(target)]);
        assert_eq!(
            (found.agent(cleared), found.agent(other)),
            (None, before.agent(other)),
            "{cleared:?} is cleared"
        );
    }
}

#[test]
fn a_rate_is_a_request_in_so_much_time() {
    for (per_second, millis) in [(1, 1_000), (2, 500), (40, 25), (1_000, 1)] {
        let rate = RequestRate { per_second, burst: 60 };
        assert_eq!(rate.interval(), Duration::from_millis(millis), "{per_second} in a second");
    }
}

#[test]
fn only_what_lasts_changes_something_later() {
    let protection = |enabled| {
        let span = Duration::from_mins(1);
        ContainerChange::Protection(ProtectionChange { answer: None, enabled, span })
    };
    let known = ContainerChange::Task(TaskChange {
        desired: None,
        known: Some(EcsStatus::Running),
        stop_timeout: Duration::from_secs(30),
        exit_code: 0,
    });
    for (change, expected) in [
        (task(EcsDesiredStatus::Stopped), &[30][..]),
        (task(EcsDesiredStatus::Running), &[]),
        (known, &[]),
        (container(EcsStatus::Stopped), &[]),
        (protection(Some(true)), &[60]),
        (protection(Some(false)), &[]),
        (protection(None), &[]),
    ] {
        let expected: Vec<_> = expected.iter().copied().map(Duration::from_secs).collect();
        assert_eq!(change.stages(), expected, "{change:?}");
    }
}
