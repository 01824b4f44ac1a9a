//! What has changed at the endpoints of containers, by events so far.

use std::collections::BTreeMap;

use super::container_change::{
    Association, AssociationChange, ContainerChange, EcsDesiredStatus, EcsStatus, TaskChange,
};
use super::container_state::{ChangeTime, ContainerState};
use super::ecs::ProtectionAnswer;
use super::ids::{EcsName, RoleName};
use super::pod_identity::ServiceAccount;
use super::service::Service;
use super::time::Timestamp;

/// What is so after the changes so far. Nothing has changed in a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerSignals {
    /// The task.
    pub task: TaskSignals,
    /// The containers whose state has changed, by name.
    pub containers: BTreeMap<EcsName, ContainerState>,
    /// What the endpoint of task protection answers.
    pub protection: Option<ProtectionAnswer>,
    /// The last change of the protection.
    pub protected: Option<ScaleInProtection>,
    /// The associations that have changed; `None`: there is none. By service account, or of all others.
    pub associations: BTreeMap<Option<ServiceAccount>, Option<RoleName>>,
    /// The last restart of the agent of Amazon ECS.
    pub ecs_agent: Option<RestartedAgent>,
    /// The last restart of the agent of EKS Pod Identity.
    pub pod_agent: Option<RestartedAgent>,
    /// The offset of the last clear of the task: what was so before it, or was set by a client, counts no more.
    pub cleared: Option<i64>,
}

/// The changes of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskSignals {
    /// The desired status.
    pub desired: Option<EcsDesiredStatus>,
    /// The known status.
    pub known: Option<EcsStatus>,
    /// The time from which the task is to be stopped.
    pub stopping_at: Option<Timestamp>,
    /// The time at which its containers have stopped, and their exit code.
    pub stopped: Option<(Timestamp, u8)>,
}

/// A change of a task's protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaleInProtection {
    /// The time of the change.
    pub at: Timestamp,
    /// The end of the protection; `None`: there is none.
    pub until: Option<Timestamp>,
}

/// An agent that was restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartedAgent {
    /// The time at which it answers again.
    pub up_at: Timestamp,
    /// How far it is.
    pub phase: AgentPhase,
}

/// How far the restart of an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentPhase {
    /// It does not answer.
    Down,
    /// It answers, and has no credentials.
    WithoutCredentials,
    /// It is over.
    Up,
}

impl ContainerSignals {
    /// Makes a change.
    pub(super) fn apply(&mut self, change: &ContainerChange, time: ChangeTime<'_>) {
        let ChangeTime { at, reached, over_at, .. } = time;
        match change {
            ContainerChange::Task(change) => self.change_task(change, time),
            ContainerChange::Container(change) => {
                let time = ChangeTime { number: time.number_after(self.cleared), ..time };
                self.containers.entry(change.name.clone()).or_default().apply(change, time);
            }
            ContainerChange::Protection(change) => {
                self.protection = change.answer.or(self.protection);
                if let Some(enabled) = change.enabled {
                    let until = enabled.then(|| over_at(change.span));
                    self.protected = Some(ScaleInProtection { at, until });
                }
            }
            ContainerChange::Association(AssociationChange { account, association }) => {
                match association {
                    Association::OfScenario => self.associations.remove(account),
                    Association::With(role) => self.associations.insert(account.clone(), Some(role.clone())),
                    Association::None => self.associations.insert(account.clone(), None),
                };
            }
            ContainerChange::AgentRestart(restart) => {
                let phase = if reached < restart.down {
                    AgentPhase::Down
                } else if reached < restart.down.saturating_add(restart.credentials_ready_after) {
                    AgentPhase::WithoutCredentials
                } else {
                    AgentPhase::Up
                };
                let restarted = Some(RestartedAgent { up_at: over_at(restart.down), phase });
                if restart.concerns(Service::Ecs) {
                    self.ecs_agent = restarted;
                }
                if restart.concerns(Service::PodIdentity) {
                    self.pod_agent = restarted;
                }
            }
        }
    }

    fn change_task(&mut self, change: &TaskChange, time: ChangeTime<'_>) {
        let task = &mut self.task;
        if let Some(desired) = change.desired {
            task.desired = Some(desired);
            // A task that runs again has nothing of the stop before.
            (task.known, task.stopping_at, task.stopped) = (None, None, None);
            if !change.stops() {
                self.containers.values_mut().for_each(|state| state.run(time.since));
            }
        }
        if change.stops() {
            task.stopping_at = Some(time.at);
            if time.reached >= change.stop_timeout {
                task.stopped = Some(((time.over_at)(change.stop_timeout), change.exit_code));
            }
        }
        task.known = change.known.or(task.known);
    }

    /// The last restart of a service's agent.
    pub(crate) fn agent(&self, service: Service) -> Option<RestartedAgent> {
        match service {
            Service::Imds => None,
            Service::Ecs => self.ecs_agent,
            Service::PodIdentity => self.pod_agent,
        }
    }

    /// Takes back what has changed of a service, at this offset.
    pub(super) fn clear(&mut self, service: Service, offset: i64) {
        let before = std::mem::take(self);
        *self = match service {
            Service::Imds => before,
            Service::Ecs => Self {
                associations: before.associations,
                pod_agent: before.pod_agent,
                cleared: Some(offset),
                ..Self::default()
            },
            Service::PodIdentity => Self { associations: BTreeMap::new(), pod_agent: None, ..before },
        };
    }
}

impl TaskSignals {
    /// The status that the task is to have.
    pub(crate) fn desired_status(&self) -> EcsStatus {
        match self.desired {
            Some(EcsDesiredStatus::Stopped) => EcsStatus::Stopped,
            Some(EcsDesiredStatus::Running) | None => EcsStatus::Running,
        }
    }

    /// The status that the agent knows.
    pub(crate) fn known_status(&self) -> EcsStatus {
        let stopped = self.stopped.map(|_| EcsStatus::Stopped);
        self.known.or(stopped).unwrap_or(EcsStatus::Running)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::container_change::{AgentRestart, EndpointAgent, ProtectionChange};

    const AT: Timestamp = Timestamp::from_secs(1_000);

    /// The first occurrence of an event at [`AT`].
    fn time() -> ChangeTime<'static> {
        ChangeTime {
            at: AT,
            since: AT,
            reached: Duration::ZERO,
            number: 1,
            offset: 0,
            repeat: None,
            over_at: &|_| AT,
        }
    }

    /// Makes a change at [`AT`], by a clock that nobody moves.
    fn apply(signals: &mut ContainerSignals, change: &ContainerChange, reached: Duration) {
        let over_at = |delay| AT.plus(delay);
        signals.apply(change, ChangeTime { reached, over_at: &over_at, ..time() });
    }

    fn stop(timeout: u64) -> ContainerChange {
        ContainerChange::Task(TaskChange {
            desired: Some(EcsDesiredStatus::Stopped),
            known: None,
            stop_timeout: Duration::from_secs(timeout),
            exit_code: 137,
        })
    }

    #[test]
    fn containers_follow_a_stop_after_its_timeout() {
        let mut signals = ContainerSignals::default();
        apply(&mut signals, &stop(30), Duration::from_secs(29));
        assert_eq!((signals.task.stopping_at, signals.task.stopped), (Some(AT), None));
        apply(&mut signals, &stop(30), Duration::from_secs(30));
        assert_eq!(signals.task.stopped, Some((AT.plus(Duration::from_secs(30)), 137)));
        let runs = TaskChange {
            desired: Some(EcsDesiredStatus::Running),
            known: None,
            stop_timeout: Duration::ZERO,
            exit_code: 0,
        };
        apply(&mut signals, &ContainerChange::Task(runs), Duration::ZERO);
        assert_eq!((signals.task.stopping_at, signals.task.stopped), (None, None));
    }

    #[test]
    fn a_protection_ends_by_the_clock_of_the_scenario() {
        let on = ProtectionChange { answer: None, enabled: Some(true), span: Duration::from_hours(1) };
        let change = ContainerChange::Protection(on);
        assert_eq!(change.stages(), [Duration::from_hours(1)], "the end is an instant of the timeline");
        let moved = AT.plus(Duration::from_secs(7));
        let time = ChangeTime { reached: on.span, over_at: &|_| moved, ..time() };
        let mut signals = ContainerSignals::default();
        signals.apply(&change, time);
        assert_eq!(signals.protected, Some(ScaleInProtection { at: AT, until: Some(moved) }));
        signals.apply(&stop(30), time);
        assert_eq!(signals.task.stopped, Some((moved, 137)));
    }

    #[test]
    fn an_agent_is_down_then_without_credentials_then_as_before() {
        let restart = AgentRestart {
            agent: Some(EndpointAgent::Ecs),
            down: Duration::from_secs(5),
            credentials_ready_after: Duration::from_secs(10),
        };
        let change = ContainerChange::AgentRestart(restart);
        assert_eq!(change.stages(), [5, 15].map(Duration::from_secs));
        for (reached, phase) in
            [(0, AgentPhase::Down), (5, AgentPhase::WithoutCredentials), (15, AgentPhase::Up)]
        {
            let mut signals = ContainerSignals::default();
            apply(&mut signals, &change, Duration::from_secs(reached));
            assert_eq!(signals.ecs_agent.map(|agent| agent.phase), Some(phase), "after {reached} s");
            assert_eq!(signals.pod_agent, None);
        }
    }

    #[test]
    fn a_clear_of_one_service_keeps_the_other() {
        let mut signals = ContainerSignals::default();
        apply(&mut signals, &stop(0), Duration::MAX);
        let none = AssociationChange { account: None, association: Association::None };
        apply(&mut signals, &ContainerChange::Association(none), Duration::MAX);
        signals.clear(Service::Ecs, 7);
        assert_eq!((signals.task.desired, signals.associations.len()), (None, 1));
        signals.clear(Service::PodIdentity, 8);
        assert_eq!(signals, ContainerSignals { cleared: Some(7), ..ContainerSignals::default() });
    }
}
