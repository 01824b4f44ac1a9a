//! The status of a server.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::clock::ClockStatus;
use super::live::{EventStatus, FaultStatus};
use super::rfc3339;
use super::scenario::{ReloadStatus, ScenarioStatus};
use crate::journal::RequestCounts;
use crate::model::Timestamp;

/// Path of the status.
pub(crate) const STATUS: &str = "/v1/status";

/// Path of the metrics: the one that Prometheus asks for unless it is told another.
pub(crate) const METRICS: &str = "/metrics";

/// The status of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ServiceStatus {
    /// The version of the program.
    pub version: String,
    /// The process id.
    pub pid: u32,
    /// The start of the process.
    #[serde(with = "rfc3339")]
    #[cfg_attr(test, schemars(with = "rfc3339::Text"))]
    pub started_at: Timestamp,
    /// The scenario that is served.
    pub scenario: ScenarioStatus,
    /// The position of the scenario's clock.
    #[serde(default)]
    pub clock: ClockStatus,
    /// The events of the file, in its order.
    #[serde(default)]
    pub events: Vec<EventStatus>,
    /// The events that were ordered since the scenario was loaded, in order.
    #[serde(default)]
    pub changes: Vec<EventStatus>,
    /// The faults of the file, then those that were ordered.
    #[serde(default)]
    pub faults: Vec<FaultStatus>,
    /// How far the instances differ now from what the file says of them, and what was announced to them.
    #[serde(default)]
    pub in_force: Vec<InForceStatus>,
    /// The credentials of the instance that clients meet unless they have another one; absent if it has no profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialStatus>,
    /// The node whose instance is served; absent unless the server was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The instances.
    #[serde(default)]
    pub instances: Vec<InstanceStatus>,
    /// The listening sockets.
    pub listeners: Vec<ListenerStatus>,
    /// The last reload; absent if there was none since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reload: Option<ReloadStatus>,
    /// Requests read since the start.
    pub requests: u64,
    /// Of them those that are over, by protocol and outcome.
    #[serde(default)]
    pub request_counts: RequestCounts,
}

/// A difference between an instance and what the file says of it, or a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct InForceStatus {
    /// The key of `[[event]]`.
    pub what: String,
    /// The details. Values of paths are left out: they may be secrets.
    pub text: String,
    /// The time that is announced; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub at: Option<Timestamp>,
    /// The named instance that differs; absent if it is `[instance]`, or all do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The client that alone meets it, if it has an identity of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<IpAddr>,
}

/// The source of credentials, and what it gave. Never a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CredentialStatus {
    /// The role.
    pub role: String,
    /// `generated`, `static`, `file` or `process`.
    pub source: String,
    /// The file, or the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The time at which the source gave the keys that are served; absent if there are none, or it is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub fetched_at: Option<Timestamp>,
    /// The time at which the keys expire, those that are generated too; absent if they don't.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub expires: Option<Timestamp>,
    /// What events have made of them, unless that is `ok`: `expired`, `failed` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The time of the last attempt, if it failed, or at which the keys expired.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    #[cfg_attr(test, schemars(with = "Option<rfc3339::Text>"))]
    pub failed_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListenerStatus {
    /// Address and port.
    pub address: SocketAddr,
    /// The only endpoint that is served there, if the server was told: `imds`, `ecs` or `pod-identity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Inherited from a service manager.
    pub inherited: bool,
}

/// An instance of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct InstanceStatus {
    /// The name; absent for `[instance]`, which every other client meets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The instance id.
    #[serde(rename = "instance_id")]
    pub id: String,
    /// The clients that meet it: networks, and `host` for the processes of this host.
    pub clients: Vec<String>,
    /// The nodes that play it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// Each client meets an identity of its own.
    pub derive: bool,
    /// The task of Amazon ECS that its clients are in; absent where none is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<EcsTaskStatus>,
    /// What the agent of EKS Pod Identity knows of its pod; absent where it is not served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodStatus>,
    /// What it is now.
    #[serde(default, flatten)]
    pub facts: InstanceFacts,
}

/// A task of Amazon ECS as it is now. Never an id by which credentials are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EcsTaskStatus {
    /// Its ARN.
    pub arn: String,
    /// `FARGATE`, `EC2`, `EXTERNAL` or `MANAGED_INSTANCES`.
    pub launch_type: String,
    /// Family and revision: `app:1`.
    pub definition: String,
    /// Its known status.
    pub status: String,
    /// The names of its containers.
    pub containers: Vec<String>,
    /// The task role; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What becomes of a request for credentials, unless that is `ok`: `expired`, `uninitialized` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// A pod of EKS, as the agent of Pod Identity knows it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PodStatus {
    /// Its service account: `default/web`.
    pub service_account: String,
    /// The associated role; absent if there is no association.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What becomes of a request for credentials, unless that is `ok`: `expired` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// What an instance is now, with what events changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct InstanceFacts {
    /// The instance type.
    pub instance_type: String,
    /// The availability zone.
    pub availability_zone: String,
    /// `on-demand`, `spot` or `scheduled`.
    pub life_cycle: String,
    /// `optional` or `required`.
    pub http_tokens: String,
    /// The hops that the response to a token request may travel.
    pub http_put_response_hop_limit: u8,
    /// `enabled` or `disabled`.
    pub http_endpoint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_it_was_written_and_ignores_what_it_does_not_know() {
        let text = r#"{"version":"0.1.0","pid":7,"started_at":"2026-11-21T03:14:11Z","scenario":{
            "file":"/etc/mock-imds/scenario.toml","loaded_at":"2026-11-21T03:14:12Z",
            "instance_id":"i-1234567890abcdef0","warnings":0},"listeners":[
            {"address":"[fd00:ec2::254]:1690","inherited":true}],"requests":3,"weather":"fine"}"#;
        let status: ServiceStatus = serde_json::from_str(text).unwrap();
        assert_eq!(status.started_at, Timestamp::from_secs(1_795_230_851));
        assert_eq!(status.last_reload, None);
        let reread: ServiceStatus = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
        assert_eq!(reread, status);
    }
}
