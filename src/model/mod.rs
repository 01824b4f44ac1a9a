//! Values and rules: what an instance is, and what follows from what is said of it.
//! No tokio, no clock, no I/O: std, serde, percent-encoding, and the value types of ipnet and jiff.

#![warn(missing_docs, clippy::missing_docs_in_private_items)]

mod client_matcher;
mod clock;
mod content;
mod credentials;
pub mod endpoint;
mod event;
pub(crate) mod fault;
mod glob;
mod http;
mod ids;
mod instance;
mod interface;
pub(crate) mod json;
mod location;
pub(crate) mod names;
mod options;
mod scenario;
mod string_enum;
mod time;
pub(crate) mod timeline;

pub use client_matcher::ClientMatcher;
pub(crate) use content::{Content, ContentType};
pub(crate) use credentials::{CredentialSource, CredentialState, Credentials, Fetched, Keys, Secret};
pub(crate) use event::{
    AfterNotice, ClearTarget, Event, EventEffect, EventTime, InstanceFact, InstantAsWritten, MaintenanceCode,
    MaintenanceEvent, MaintenanceNotice, MaintenanceState, MetadataOption, Notice, NoticeDue, NoticeTime,
    Signals, SpotAction, SpotInterruption, TargetLifecycleState,
};
pub(crate) use glob::PathGlob;
pub(crate) use http::{DirectoryWithoutSlash, Expect, Http, InvalidToken, Profile, UserDataListed};
pub(crate) use ids::{
    Accepted, AccountId, AmiId, HostId, HostName, InstanceId, InstanceType, InterfaceId, KernelId,
    MacAddress, RamdiskId, ReservationId, RoleName, SecurityGroupId, SubnetId, TagKey, VpcId,
};
pub(crate) use instance::{
    Architecture, HostnameType, Instance, InstanceAction, LifeCycle, ManagedSshKeys, Monitoring, Placement,
    PublicKey, System,
};
pub(crate) use interface::{NetworkInterface, SecurityGroups, mac_of};
pub(crate) use location::{AvailabilityZone, Region};
pub(crate) use options::{HttpEndpoint, HttpTokens, InstanceMetadataTags, MetadataOptions};
pub(crate) use scenario::{NamedInstance, Override, Overrides, Scenario};
pub(crate) use string_enum::StringEnum;
pub use time::{Timestamp, format_duration};
