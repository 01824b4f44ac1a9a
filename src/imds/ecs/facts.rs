//! What all forms of a task's metadata follow from.

use std::time::Duration;

use super::ids::TaskIds;
use super::tasks::task_of;
use crate::imds::endpoint::EndpointContext;
use crate::model::{
    ContainerHealth, ContainerSignals, ContainerStart, ContainerState, EcsContainer, EcsStatus, EcsTask,
    Instance, LaunchType, Timestamp,
};

/// The version of the task metadata endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MetadataVersion {
    V2,
    V3,
    V4,
}

/// A task at a time.
#[derive(Clone, Copy)]
pub(super) struct TaskFacts<'t> {
    pub(super) instance: &'t Instance,
    pub(super) task: &'t EcsTask,
    pub(super) ids: TaskIds<'t>,
    pub(super) now: Timestamp,
    pub(super) version: MetadataVersion,
}

/// A container in the list of a task: one of the scenario's, or the one that holds the network interface.
#[derive(Clone, Copy)]
pub(super) struct ListedContainer<'t> {
    pub(super) name: &'t str,
    pub(super) image: &'t str,
    /// `None` of the one that the agent adds.
    pub(super) config: Option<&'t EcsContainer>,
    /// Its place among the scenario's.
    pub(super) index: usize,
}

/// The container that the agent adds to a task with an interface of its own.
const PAUSE: ListedContainer<'static> = ListedContainer {
    name: "~internal~ecs~pause",
    image: "amazon/amazon-ecs-pause:0.1.0",
    config: None,
    index: 0,
};

/// From the launch of the task to the steps of its start.
const PULL_STARTED: Duration = Duration::from_millis(5_213);
const PULL_STOPPED: Duration = Duration::from_millis(11_648);
const CREATED: Duration = Duration::from_millis(12_071);
const STARTED: Duration = Duration::from_millis(12_826);
/// From one container to the next.
const STEP: Duration = Duration::from_millis(160);
/// The first result of health checks.
const CHECKED: Duration = Duration::from_secs(20);
/// A task is older than this, whenever it was launched.
const LEAST_AGE: Duration = Duration::from_mins(1);

impl<'t> TaskFacts<'t> {
    pub(super) fn of(context: &'t EndpointContext<'t>, version: MetadataVersion) -> Self {
        let instance = &context.compiled.instance;
        Self { instance, task: task_of(instance), ids: TaskIds::of(instance), now: context.now, version }
    }

    /// All containers, as the task lists them.
    pub(super) fn containers(&self) -> Vec<ListedContainer<'t>> {
        let pauses = self.task.launch_type == LaunchType::Ec2 && self.task.has_interface();
        let listed = |(index, config): (usize, &'t EcsContainer)| ListedContainer {
            name: config.name.as_str(),
            image: &config.image,
            config: Some(config),
            index,
        };
        let own = self.task.containers.iter().enumerate().map(listed);
        pauses.then_some(PAUSE).into_iter().chain(own).collect()
    }

    /// What events have changed.
    fn signals(&self) -> Option<&'t ContainerSignals> {
        self.instance.signals.containers.as_deref()
    }

    fn state(&self, container: &ListedContainer<'_>) -> Option<&'t ContainerState> {
        let config = container.config?;
        self.signals()?.containers.get(&config.name)
    }

    pub(super) fn desired_status(&self) -> EcsStatus {
        self.signals().map_or(EcsStatus::Running, |signals| signals.task.desired_status())
    }

    pub(super) fn known_status(&self) -> EcsStatus {
        self.signals().map_or(EcsStatus::Running, |signals| signals.task.known_status())
    }

    /// The time from which the task is to be stopped.
    pub(super) fn execution_stopped_at(&self) -> Option<String> {
        self.signals()?.task.stopping_at.map(|at| instant(at, 412_905))
    }

    /// The known status of a container; `None`: that of one that runs.
    pub(super) fn known_of(&self, container: &ListedContainer<'_>) -> Option<EcsStatus> {
        // Whatever was known of it before: a container stops with its task.
        let finished = self.finished(container).map(|_| EcsStatus::Stopped);
        finished.or_else(|| self.state(container)?.known.map(|(known, _)| known))
    }

    /// The end of a container and its exit code: its own, or that of the task if that came first.
    pub(super) fn finished(&self, container: &ListedContainer<'_>) -> Option<(Timestamp, u8)> {
        let own = self.state(container).and_then(|state| state.finished);
        own.into_iter().chain(self.signals()?.task.stopped).min_by_key(|(at, _)| *at)
    }

    /// The outcome of a container's health check, and since when.
    pub(super) fn health(&self, container: &ListedContainer<'_>) -> Option<(ContainerHealth, String)> {
        if let Some((health, since)) = self.state(container).and_then(|state| state.health) {
            return Some((health, instant(since, 71_250)));
        }
        Some((container.config?.health?, self.checked_at(container)?))
    }

    /// How often a container was started again; `None`: its restart policy has had nothing to do.
    pub(super) fn restarts(&self, container: &ListedContainer<'_>) -> Option<u32> {
        self.state(container)?.restarted.map(|(count, _)| count)
    }

    pub(super) fn launched(&self) -> Timestamp {
        self.instance.launch_time.min(self.now.before(LEAST_AGE))
    }

    pub(super) fn pull_started_at(&self) -> String {
        instant(self.launched().plus(PULL_STARTED), 217_309)
    }

    pub(super) fn pull_stopped_at(&self) -> String {
        instant(self.launched().plus(PULL_STOPPED), 880_412)
    }

    pub(super) fn created_at(&self, container: &ListedContainer<'_>) -> String {
        instant(self.launched().plus(CREATED).plus(offset(container)), 104_577)
    }

    /// The start of a container; `None`: it has never started.
    pub(super) fn started(&self, container: &ListedContainer<'_>) -> Option<Timestamp> {
        match self.state(container).and_then(|state| state.start) {
            Some(ContainerStart::NotYet) => None,
            Some(ContainerStart::At(at)) => Some(at),
            None => Some(self.launched().plus(STARTED).plus(offset(container))),
        }
    }

    pub(super) fn started_at(&self, container: &ListedContainer<'_>) -> Option<String> {
        self.started(container).map(|at| instant(at, 598_031))
    }

    /// The time of the first health check, which one that started a moment ago may have just now.
    fn checked_at(&self, container: &ListedContainer<'_>) -> Option<String> {
        self.started(container).map(|at| instant(at.plus(CHECKED).min(self.now), 71_250))
    }
}

fn offset(container: &ListedContainer<'_>) -> Duration {
    // The agent's own one comes first.
    let place = container.config.map_or(0, |_| container.index + 1);
    STEP * u32::try_from(place).unwrap_or(u32::MAX)
}

/// An instant with up to nine digits, as Go writes it: without zeros at the end. `nanos` is below a millisecond.
pub(super) fn instant(time: Timestamp, nanos: u64) -> String {
    let fraction = format!("{:09}", time.as_millis() % 1000 * 1_000_000 + nanos);
    let whole = time.rfc3339();
    match fraction.trim_end_matches('0') {
        "" => whole,
        digits => format!("{}.{digits}Z", whole.trim_end_matches('Z')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_no_zeros_at_the_end() {
        let time = Timestamp::from_millis(1_705_311_000_250);
        assert_eq!(instant(time, 0), "2024-01-15T09:30:00.25Z");
        assert_eq!(instant(time, 7), "2024-01-15T09:30:00.250000007Z");
        assert_eq!(instant(Timestamp::from_secs(0), 0), "1970-01-01T00:00:00Z");
    }
}
