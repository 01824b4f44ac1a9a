//! What has changed at the endpoints of containers, by events so far.

use std::collections::BTreeMap;
use std::time::Duration;

use super::container_change::{
    Association, AssociationChange, ContainerChange, ContainerStateChange, EcsDesiredStatus, EcsStatus,
    TaskChange,
};
use super::ecs::{ContainerHealth, ProtectionAnswer};
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

/// The changes of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerState {
    /// The outcome of its health check, and since when.
    pub health: Option<(ContainerHealth, Timestamp)>,
    /// The known status.
    pub known: Option<EcsStatus>,
    /// The time of its end, and the exit code.
    pub finished: Option<(Timestamp, u8)>,
    /// The restarts, and the last of them.
    pub restarted: Option<(u32, Timestamp)>,
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
    /// Makes a change that was given at `at`; of its stages all up to `reached` are over.
    pub(super) fn apply(&mut self, change: &ContainerChange, at: Timestamp, reached: Duration) {
        match change {
            ContainerChange::Task(change) => self.change_task(change, at, reached),
            ContainerChange::Container(change) => {
                self.containers.entry(change.name.clone()).or_default().apply(change, at);
            }
            ContainerChange::Protection(change) => {
                self.protection = change.answer.or(self.protection);
                if let Some(enabled) = change.enabled {
                    self.protected =
                        Some(ScaleInProtection { at, until: enabled.then(|| at.plus(change.span)) });
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
                let restarted = Some(RestartedAgent { up_at: at.plus(restart.down), phase });
                if restart.concerns(Service::Ecs) {
                    self.ecs_agent = restarted;
                }
                if restart.concerns(Service::PodIdentity) {
                    self.pod_agent = restarted;
                }
            }
        }
    }

    fn change_task(&mut self, change: &TaskChange, at: Timestamp, reached: Duration) {
        let task = &mut self.task;
        if let Some(desired) = change.desired {
            task.desired = Some(desired);
            // A task that runs again has nothing of the stop before.
            (task.known, task.stopping_at, task.stopped) = (None, None, None);
            if !change.stops() {
                self.containers.values_mut().for_each(ContainerState::run);
            }
        }
        if change.stops() {
            task.stopping_at = Some(at);
            if reached >= change.stop_timeout {
                task.stopped = Some((at.plus(change.stop_timeout), change.exit_code));
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

    /// Takes back what has changed of a service.
    pub(super) fn clear(&mut self, service: Service) {
        let before = std::mem::take(self);
        *self = match service {
            Service::Imds => before,
            Service::Ecs => {
                Self { associations: before.associations, pod_agent: before.pod_agent, ..Self::default() }
            }
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

impl ContainerState {
    fn apply(&mut self, change: &ContainerStateChange, at: Timestamp) {
        if let Some(known) = change.known {
            self.known = Some(known);
            self.finished = (known == EcsStatus::Stopped).then(|| (at, change.exit_code.unwrap_or(0)));
        }
        if change.restarts {
            self.run();
            let count = self.restarted.map_or(0, |(count, _)| count);
            self.restarted = Some((count.saturating_add(1), at));
        }
        if let Some(health) = change.health {
            self.health = Some((health, at));
        }
    }

    fn run(&mut self) {
        (self.known, self.finished) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container_change::{AgentRestart, EndpointAgent};

    const AT: Timestamp = Timestamp::from_secs(1_000);

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
        signals.apply(&stop(30), AT, Duration::from_secs(29));
        assert_eq!((signals.task.stopping_at, signals.task.stopped), (Some(AT), None));
        signals.apply(&stop(30), AT, Duration::from_secs(30));
        assert_eq!(signals.task.stopped, Some((AT.plus(Duration::from_secs(30)), 137)));
        let runs = TaskChange {
            desired: Some(EcsDesiredStatus::Running),
            known: None,
            stop_timeout: Duration::ZERO,
            exit_code: 0,
        };
        signals.apply(&ContainerChange::Task(runs), AT, Duration::ZERO);
        assert_eq!((signals.task.stopping_at, signals.task.stopped), (None, None));
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
            signals.apply(&change, AT, Duration::from_secs(reached));
            assert_eq!(signals.ecs_agent.map(|agent| agent.phase), Some(phase), "after {reached} s");
            assert_eq!(signals.pod_agent, None);
        }
    }

    #[test]
    fn a_clear_of_one_service_keeps_the_other() {
        let mut signals = ContainerSignals::default();
        signals.apply(&stop(0), AT, Duration::MAX);
        let none = AssociationChange { account: None, association: Association::None };
        signals.apply(&ContainerChange::Association(none), AT, Duration::MAX);
        signals.clear(Service::Ecs);
        assert_eq!((signals.task.desired, signals.associations.len()), (None, 1));
        signals.clear(Service::PodIdentity);
        assert_eq!(signals, ContainerSignals::default());
    }
}
