//! Values and rules: what an instance is, and what follows from what is said of it.
//! No tokio, no clock, no I/O: std, serde, percent-encoding, and the value types of ipnet and jiff.

mod clock;
mod content;
mod credentials;
pub mod endpoint;
mod event;
pub mod fault;
mod glob;
mod http;
mod ids;
mod instance;
mod interface;
pub mod json;
mod location;
pub mod names;
mod options;
mod scenario;
mod string_enum;
mod time;
pub mod timeline;

pub use content::{Content, ContentType};
pub use credentials::{CredentialSource, CredentialState, Credentials, Fetched, Keys, Secret};
pub use event::{
    AfterNotice, ClearTarget, Event, EventEffect, EventTime, InstanceFact, InstantAsWritten, MaintenanceCode,
    MaintenanceEvent, MaintenanceNotice, MaintenanceState, MetadataOption, Notice, NoticeDue, NoticeTime,
    Signals, SpotAction, SpotInterruption, TargetLifecycleState,
};
pub use glob::PathGlob;
pub use http::{DirectoryWithoutSlash, Expect, Http, InvalidToken, Profile, UserDataListed};
pub use ids::{
    Accepted, AccountId, AmiId, HostId, HostName, InstanceId, InstanceType, InterfaceId, KernelId,
    MacAddress, RamdiskId, ReservationId, RoleName, SecurityGroupId, SubnetId, TagKey, VpcId,
};
pub use instance::{
    Architecture, HostnameType, Instance, InstanceAction, LifeCycle, ManagedSshKeys, Monitoring, Placement,
    PublicKey, System,
};
pub use interface::{NetworkInterface, SecurityGroups, mac_of};
pub use location::{AvailabilityZone, Partition, Region};
pub use options::{HttpEndpoint, HttpTokens, InstanceMetadataTags, MetadataOptions};
pub use scenario::{NamedInstance, Override, Overrides, Scenario};
pub use string_enum::StringEnum;
pub use time::{Timestamp, format_duration};
