//! Values and rules: instances, their facts, and the values that follow from them; events, faults and clocks.
//! No tokio, no clock, no I/O: std, serde, percent-encoding, and the value types of ipnet and jiff.

#![warn(missing_docs, clippy::missing_docs_in_private_items)]

mod attributes;
mod client_matcher;
mod clock;
mod connection_fault;
mod container_change;
mod container_signals;
mod container_state;
mod content;
mod credentials;
mod ecs;
mod ecs_fields;
pub mod endpoint;
mod event;
mod families;
pub(crate) mod fault;
mod glob;
mod http;
mod ids;
mod instance;
mod interface;
mod interface_changes;
pub(crate) mod json;
mod late;
mod live_change;
mod location;
mod maintenance;
pub(crate) mod names;
mod node;
mod notice;
mod open_list;
mod options;
mod overrides;
mod pending_changes;
mod pod_identity;
mod profile_changes;
mod propagation;
mod resource_ids;
mod scenario;
pub(crate) mod secrets;
mod service;
mod signals;
mod string_enum;
mod time;
pub(crate) mod timeline;
pub(crate) mod zones;

pub(crate) use attributes::{
    Architecture, HostnameType, InstanceAction, ManagedSshKeys, Monitoring, Placement, PublicKey, System,
};
pub use client_matcher::ClientMatcher;
pub use connection_fault::ConnectionFault;
pub(crate) use container_change::{
    AgentRestart, Association, AssociationChange, ContainerChange, ContainerStateChange, EcsDesiredStatus,
    EcsStatus, EndpointAgent, ProtectionChange, TaskChange,
};
pub use container_signals::ScaleInProtection;
pub(crate) use container_signals::{AgentPhase, ContainerSignals, RestartedAgent};
pub(crate) use container_state::{ContainerStart, ContainerState};
pub(crate) use content::{Content, ContentType};
pub(crate) use credentials::{
    CredentialSource, CredentialState, Credentials, FetchFailure, Fetched, Keys, Secret,
};
pub use ecs::RequestRate;
pub(crate) use ecs::{
    ContainerHealth, ContainerLog, EcsContainer, EcsTask, EndpointRole, EphemeralStorage, LaunchType,
    MetadataField, NetworkMode, ProtectionAnswer, TaskStats,
};
pub(crate) use ecs_fields::{CONTAINER_FIELDS, STRUCTURED_FIELDS, TASK_FIELDS};
pub(crate) use event::{
    ClearTarget, Event, EventEffect, EventTime, InstanceFact, MOST_CLIENTS, MetadataOption,
};
pub(crate) use glob::PathGlob;
pub(crate) use http::{AEMM_CATEGORIES, AEMM_VERSIONS};
pub(crate) use http::{
    DirectoryWithoutSlash, Expect, ForwardedFor, Http, InvalidToken, Profile, UserDataListed,
};
pub(crate) use ids::{
    Accepted, AllowedHost, CredentialId, EcsName, FaultName, FixedToken, HostName, InstanceType,
    KubernetesName, MacAddress, NodeName, ProfileId, RoleName, TagKey, TaskId,
};
pub(crate) use instance::Instance;
pub(crate) use interface::{NetworkInterface, SecurityGroups, mac_of};
pub(crate) use late::{ShownLeaf, ShownRole};
pub(crate) use live_change::{
    AddressChange, InterfaceChange, InterfaceName, ProfileChange, RoleChange, SettleTarget, StopStart,
    UserDataChange,
};
pub(crate) use location::{AvailabilityZone, Region};
pub(crate) use maintenance::{MaintenanceEvent, MaintenanceNotice};
pub use node::ClusterNode;
pub(crate) use notice::{InstantAsWritten, Notice, NoticeDue, NoticeTime};
pub(crate) use open_list::{LifeCycle, MaintenanceCode, MaintenanceState, OpenList};
pub(crate) use options::{HttpEndpoint, HttpTokens, InstanceMetadataTags, MetadataOptions};
pub(crate) use overrides::{Override, Overrides};
pub(crate) use pod_identity::{AcceptedToken, PodIdentity, ServiceAccount};
pub(crate) use propagation::{
    ChangeKind, Delay, DelaySpan, EventLateness, LateLeaf, Meanwhile, Propagation, PropagationProfile,
};
pub(crate) use resource_ids::{
    AccountId, AmiId, HostId, InstanceId, InterfaceId, KernelId, RamdiskId, ReservationId, SecurityGroupId,
    SubnetId, UsualForm, VpcId,
};
pub(crate) use scenario::{NamedInstance, Scenario};
pub use service::{ListenEndpoint, Service};
pub(crate) use signals::{AfterNotice, Signals, SpotAction, SpotInterruption, TargetLifecycleState};
pub(crate) use string_enum::StringEnum;
pub use time::{ClockReading, Timestamp, format_duration};

#[cfg(test)]
mod tests;
