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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_served_by_its_address_or_where_the_server_was_told() {
        let served = |address: &str, endpoint: Option<&str>| {
            let address = address.parse().expect("an address");
            let listener =
                ListenerStatus { address, endpoint: endpoint.map(str::to_owned), inherited: false };
            let ServedEndpoints { ecs, pod_identity } = ServedEndpoints::of(&[listener]);
            (ecs, pod_identity)
        };
        for (address, endpoint, expected) in [
            ("127.0.0.1:1338", None, (false, false)),
            ("127.0.0.1:1338", Some("imds"), (false, false)),
            ("127.0.0.1:1338", Some("ecs"), (true, false)),
            ("127.0.0.1:1338", Some("pod-identity"), (false, true)),
            ("169.254.170.2:1690", None, (true, false)),
            ("169.254.170.23:1690", None, (false, true)),
            ("[::ffff:169.254.170.23]:1690", None, (false, true)),
            ("169.254.170.23:1690", Some("ecs"), (true, false)),
        ] {
            assert_eq!(served(address, endpoint), expected, "{endpoint:?} at {address}");
        }
    }
}
