//! The environment of containers: what Amazon ECS and EKS tell programs by variables.

use std::time::Duration;

use super::ecs::{self, TaskIds};
use super::pod_identity::{issued_token, pod_of, service_account_of};
use super::{Fleet, TokenAuthority};
use crate::model::{EcsTask, Instance, LaunchType, Service, ServiceAccount, Timestamp};

/// A variable and its value.
pub type EnvironmentVariable = (&'static str, String);

/// The way by which a client is to reach an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointReach<'u> {
    /// By its own address.
    Address,
    /// By another one: a URL without a slash at its end, `http://127.0.0.1:1338`.
    Url(&'u str),
}

/// The client whose environment is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContainerChoice<'n> {
    /// The name of its instance; `None`: the `[instance]` itself.
    pub instance: Option<&'n str>,
    /// The name of its container; `None`: the first one.
    pub container: Option<&'n str>,
}

/// A token of a service account, and when it expires.
pub(crate) struct PodToken {
    pub(crate) account: ServiceAccount,
    pub(crate) token: String,
    issued: Timestamp,
    pub(crate) expires: Timestamp,
}

impl PodToken {
    /// The time from its issue to its renewal: four fifths of its life, as the kubelet does.
    pub(crate) fn renewed_after(&self) -> Duration {
        self.expires.since(self.issued) * 4 / 5
    }
}

impl Fleet {
    /// The variables of a container of Amazon ECS. `Err` is a sentence.
    pub fn ecs_environment(
        &self,
        authority: &TokenAuthority,
        choice: ContainerChoice<'_>,
        reach: EndpointReach<'_>,
        now: Timestamp,
    ) -> Result<Vec<EnvironmentVariable>, String> {
        let instance = self.instance_called(choice.instance, now)?;
        let (task, ids) = (ecs::task_of(&instance), TaskIds::of(&instance));
        let container = ids.endpoint_id(container_called(task, choice.container)?);
        let base = match reach {
            EndpointReach::Address => format!("http://{}", Service::Ecs.ipv4()),
            EndpointReach::Url(url) => url.to_owned(),
        };
        let credentials = ids.role_arn().map(|_| {
            let path = format!("/v2/credentials/{}", ids.credential_id(authority));
            match reach {
                EndpointReach::Address => ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path),
                EndpointReach::Url(url) => ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}{path}")),
            }
        });
        let mut variables: Vec<EnvironmentVariable> = credentials.into_iter().collect();
        variables.extend([
            ("ECS_CONTAINER_METADATA_URI", format!("{base}/v3/{container}")),
            ("ECS_CONTAINER_METADATA_URI_V4", format!("{base}/v4/{container}")),
            ("ECS_AGENT_URI", format!("{base}/api/{container}")),
        ]);
        let region = instance.region().to_string();
        match task.launch_type {
            LaunchType::Fargate => variables.extend([
                ("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE".to_owned()),
                ("AWS_REGION", region.clone()),
                ("AWS_DEFAULT_REGION", region),
            ]),
            LaunchType::Ec2 => variables.push(("AWS_EXECUTION_ENV", "AWS_ECS_EC2".to_owned())),
            LaunchType::External | LaunchType::ManagedInstances => {}
        }
        Ok(variables)
    }

    /// The variables of a pod with EKS Pod Identity, whose token is in a file. `address` is one of the agent's.
    pub fn pod_environment(
        &self,
        instance: Option<&str>,
        base: &str,
        token_file: &str,
        now: Timestamp,
    ) -> Result<Vec<EnvironmentVariable>, String> {
        let region = self.instance_called(instance, now)?.region().to_string();
        Ok(vec![
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{base}/v1/credentials")),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file.to_owned()),
            ("AWS_REGION", region.clone()),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()),
        ])
    }

    /// A token for the service account of an instance's pod, from now on.
    pub(crate) fn issue_pod_token(
        &self,
        authority: &TokenAuthority,
        instance: Option<&str>,
        now: Timestamp,
    ) -> Result<PodToken, String> {
        let instance = self.instance_called(instance, now)?;
        let pod = pod_of(&instance);
        let account = service_account_of(pod);
        let token = issued_token(&instance, pod, &account, authority, now);
        // As the token says it, in whole seconds: one of a few seconds would else expire before it is renewed.
        let expires = Timestamp::from_secs(now.plus(pod.token_lifetime).as_secs());
        Ok(PodToken { account, token, issued: now, expires })
    }

    /// A token for the service account of an instance's pod, from now on. `Err` is a sentence.
    pub fn pod_token(
        &self,
        authority: &TokenAuthority,
        instance: Option<&str>,
        now: Timestamp,
    ) -> Result<String, String> {
        self.issue_pod_token(authority, instance, now).map(|issued| issued.token)
    }

    /// The service account of each instance's pod.
    pub(crate) fn pod_accounts(&self) -> Vec<(Option<&str>, ServiceAccount)> {
        let account = |(name, instance): (_, &Instance)| (name, service_account_of(pod_of(instance)));
        self.instances().into_iter().map(account).collect()
    }

    /// An instance by its name, with the effects of all events so far.
    fn instance_called(&self, name: Option<&str>, now: Timestamp) -> Result<Instance, String> {
        let instances = self.instances();
        match instances.iter().find(|(other, _)| *other == name) {
            Some((_, base)) => Ok(self.instance_at(name, base, now)),
            None => Err(format!("there is no instance {:?}", name.unwrap_or_default())),
        }
    }
}

fn container_called<'t>(task: &'t EcsTask, name: Option<&str>) -> Result<&'t str, String> {
    let names: Vec<&str> = task.containers.iter().map(|container| container.name.as_str()).collect();
    let found = name.map_or(names.first(), |name| names.iter().find(|other| **other == name));
    found.copied().ok_or_else(|| {
        let name = name.unwrap_or_default();
        format!("the task has no container {name:?}; accepted: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;
    use crate::imds::tests::fleet;
    use crate::model::{PodIdentity, Scenario};

    #[test]
    fn a_token_is_renewed_before_it_expires_however_short_its_life() {
        for (lifetime, millis) in [(1, 999), (2, 0), (3, 900), (5, 999), (86_400, 500)] {
            let token_lifetime = Duration::from_secs(lifetime);
            let pod = PodIdentity { token_lifetime, ..PodIdentity::default() };
            let mut scenario = Scenario::default();
            scenario.instance.pod_identity = Some(pod.into());
            let now = Timestamp::from_millis(1_795_230_851_000 + millis);
            let authority = TokenAuthority::new([7; 32]);
            let issued = fleet(scenario).issue_pod_token(&authority, None, now).expect("there is a pod");
            let claims = issued.token.split('.').nth(1).expect("claims");
            let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
            let claims: serde_json::Value = serde_json::from_slice(&claims).expect("it is JSON");
            let expires = Timestamp::from_secs(claims["exp"].as_u64().expect("a number"));
            assert_eq!(issued.expires, expires, "{lifetime} s: what is said is what the token says");
            let renewed = now.plus(issued.renewed_after());
            assert!(renewed <= expires, "{lifetime} s: renewed at {renewed:?}, expired at {expires:?}");
        }
    }
}
