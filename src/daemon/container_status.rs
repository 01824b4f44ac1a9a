//! The task and the pod of an instance, for the status.

use crate::control::api::{EcsTaskStatus, ListenerStatus, PodStatus};
use crate::imds::{
    Fleet, TaskIds, pod_credentials_state, pod_of, pod_role, role_of, service_account_of,
    task_credentials_state, task_of,
};
use crate::model::{EcsStatus, Instance, Service, StringEnum as _, Timestamp};

/// The endpoints of containers that listeners serve at addresses of their own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ServedEndpoints {
    ecs: bool,
    pod_identity: bool,
}

impl ServedEndpoints {
    pub(super) fn of(listeners: &[ListenerStatus]) -> Self {
        let serves = |service: Service| {
            listeners.iter().any(|listener| match listener.endpoint.as_deref() {
                Some(name) => name == service.name(),
                None => Service::at(listener.address.ip().to_canonical()) == Some(service),
            })
        };
        Self { ecs: serves(Service::Ecs), pod_identity: serves(Service::PodIdentity) }
    }

    /// The task of an instance as it is now, if one is served.
    pub(super) fn task(self, fleet: &Fleet, instance: &Instance, now: Timestamp) -> Option<EcsTaskStatus> {
        if !self.ecs && instance.ecs.is_none() {
            return None;
        }
        let task = task_of(instance);
        let signals = instance.signals.containers.as_deref();
        let status = signals.map_or(EcsStatus::Running, |signals| signals.task.known_status());
        let (clock, fetched) = (fleet.clock(), fleet.fetched());
        let state = task_credentials_state(instance, clock.elapsed(now), fetched, clock.date(now));
        Some(EcsTaskStatus {
            arn: TaskIds::of(instance).task_arn(),
            launch_type: task.launch_type.as_str().to_owned(),
            definition: format!("{}:{}", task.family, task.revision),
            status: status.as_str().to_owned(),
            containers: task.containers.iter().map(|container| container.name.to_string()).collect(),
            role: role_of(instance).map(ToString::to_string),
            state: state.map(str::to_owned),
        })
    }

    /// The pod of an instance as it is now, if one is served.
    pub(super) fn pod(self, fleet: &Fleet, instance: &Instance, now: Timestamp) -> Option<PodStatus> {
        if !self.pod_identity && instance.pod_identity.is_none() {
            return None;
        }
        let state = pod_credentials_state(instance, fleet.fetched(), fleet.clock().date(now));
        Some(PodStatus {
            service_account: service_account_of(pod_of(instance)).to_string(),
            role: pod_role(instance).map(ToString::to_string),
            state: state.map(str::to_owned),
        })
    }
}
