//! Events: the entries of the timeline, and the changes that they make to an instance.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::attributes::{InstanceAction, Monitoring};
use super::container_change::ContainerChange;
use super::credentials::CredentialState;
use super::ids::{InstanceType, TagKey};
use super::live_change::{InterfaceChange, ProfileChange, SettleTarget, StopStart};
use super::maintenance::MaintenanceNotice;
use super::notice::{Notice, NoticeDue};
use super::open_list::LifeCycle;
use super::options::{HttpEndpoint, HttpTokens, InstanceMetadataTags};
use super::overrides::Override;
use super::propagation::EventLateness;
use super::resource_ids::AmiId;
use super::signals::{AfterNotice, SpotAction, TargetLifecycleState};
use super::time::Timestamp;

/// The largest number of clients that an event may be limited to.
pub(crate) const MOST_CLIENTS: i64 = 10_000;

/// An entry of the timeline, which happens once or repeatedly.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The time of the first occurrence.
    pub at: EventTime,
    /// The period from one occurrence to the next.
    pub repeat: Option<Duration>,
    /// The time after which a repeated event does not occur again.
    pub until: Option<EventTime>,
    /// The number of clients that see the event: those that first ask for a path that it touches.
    pub first_n_clients: Option<u32>,
    /// The name of the only instance that the event changes; all instances unless set.
    pub instance: Option<String>,
    /// It changes only the instance that this client meets.
    pub client: Option<IpAddr>,
    /// The changes, in the order in which they are made.
    pub effects: Vec<EventEffect>,
    /// How late the changes are visible.
    pub lateness: EventLateness,
}

impl Event {
    /// Whether the event changes the instance of this name; `None` is the instance without a name.
    pub(crate) fn concerns(&self, instance: Option<&str>) -> bool {
        self.instance.is_none() || self.instance.as_deref() == instance
    }

    /// What tells the jitter of one event from that of another. An order that is given now has none of its own: whoever gives
    /// it again sees the same.
    pub(crate) fn seed(&self) -> u64 {
        match &self.at {
            EventTime::AfterLoad(span) | EventTime::AfterStart(span) | EventTime::AfterPoll(_, span) => {
                u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
            }
            EventTime::At(_) => 0,
        }
    }

    /// Whether the event announces something at the path of this notice.
    pub(crate) fn announces(&self, notice: Notice) -> bool {
        self.effects.iter().any(|effect| match effect {
            EventEffect::SpotInterruption { .. } => {
                matches!(notice, Notice::InstanceAction | Notice::TerminationTime)
            }
            EventEffect::Rebalance(_) => notice == Notice::Rebalance,
            EventEffect::Maintenance(_) => notice == Notice::Scheduled,
            EventEffect::TargetLifecycleState(_) => notice == Notice::TargetLifecycleState,
            _ => false,
        })
    }
}

/// The time of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTime {
    /// A duration after the scenario was loaded, on the scenario's clock.
    AfterLoad(Duration),
    /// A duration after the daemon started.
    AfterStart(Duration),
    /// A duration after the first request for a path, which is below the version: `meta-data/spot/instance-action`.
    AfterPoll(String, Duration),
    /// An instant.
    At(Timestamp),
}

/// A change that an event makes.
#[derive(Debug, Clone, PartialEq)]
pub enum EventEffect {
    /// A spot interruption notice.
    SpotInterruption {
        /// The announced action.
        action: SpotAction,
        /// The time of the action.
        due: NoticeDue,
        /// The service's behaviour from that time on.
        then: AfterNotice,
    },
    /// A rebalance recommendation with its notice time.
    Rebalance(NoticeDue),
    /// A new or changed maintenance event.
    Maintenance(Box<MaintenanceNotice>),
    /// A new target lifecycle state.
    TargetLifecycleState(TargetLifecycleState),
    /// A new value of `instance-action`.
    InstanceAction(InstanceAction),
    /// A new value of `instance-life-cycle`.
    LifeCycle(LifeCycle),
    /// A failure of the credentials, or its end.
    Credentials(CredentialState),
    /// A new set of generated credentials.
    Rotate,
    /// The override of a path.
    Set(String, Override),
    /// The end of a path's override by events; one of the scenario is in effect again.
    Unset(String),
    /// A tag's value; `None` removes the tag.
    Tag(TagKey, Option<String>),
    /// A new metadata option.
    Option(MetadataOption),
    /// A new fact of the instance.
    Fact(InstanceFact),
    /// A change of an interface.
    Interface(InterfaceChange),
    /// Another instance profile, or another role in it.
    Profile(ProfileChange),
    /// A stop and a start.
    StopStart(Box<StopStart>),
    /// A key that EC2 Instance Connect pushes for a user.
    ManagedSshKey {
        /// The user.
        user: String,
        /// The key.
        key: String,
        /// How long it is there.
        span: Duration,
    },
    /// A change at the endpoints of containers.
    Container(Box<ContainerChange>),
    /// The end of what is pending: it becomes visible.
    Settle(SettleTarget),
    /// The end of changes by earlier events.
    Clear(ClearTarget),
}

/// A change of one metadata option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataOption {
    /// `http-tokens`.
    HttpTokens(HttpTokens),
    /// `http-endpoint`.
    HttpEndpoint(HttpEndpoint),
    /// `http-put-response-hop-limit`, 1 to 64.
    HopLimit(u8),
    /// `instance-metadata-tags`.
    Tags(InstanceMetadataTags),
}

impl MetadataOption {
    /// Its key in a scenario.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HttpTokens(_) => "http-tokens",
            Self::HttpEndpoint(_) => "http-endpoint",
            Self::HopLimit(_) => "http-put-response-hop-limit",
            Self::Tags(_) => "instance-metadata-tags",
        }
    }
}

/// A change of one fact of the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceFact {
    /// `instance-type`, as after a stop and start.
    InstanceType(InstanceType),
    /// `ami-id`.
    AmiId(AmiId),
    /// `monitoring`.
    Monitoring(Monitoring),
    /// The primary interface's public addresses, as when an Elastic IP is associated.
    PublicIpv4s(Vec<Ipv4Addr>),
    /// The names of the primary interface's security groups.
    SecurityGroups(Vec<String>),
    /// User data; `None` removes it.
    UserData(Option<Vec<u8>>),
}

/// The changes by earlier events that a clear undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum ClearTarget {
    /// All changes.
    #[strum(serialize = "all")]
    All,
    /// The spot interruption notice.
    #[strum(serialize = "spot-interruption")]
    SpotInterruption,
    /// The rebalance recommendation.
    #[strum(serialize = "rebalance-recommendation")]
    Rebalance,
    /// Maintenance events, scheduled ones and the history.
    #[strum(serialize = "maintenance")]
    Maintenance,
    /// The target lifecycle state.
    #[strum(serialize = "target-lifecycle-state")]
    TargetLifecycleState,
    /// The instance action.
    #[strum(serialize = "instance-action")]
    InstanceAction,
    /// The life cycle.
    #[strum(serialize = "life-cycle")]
    LifeCycle,
    /// The state and the rotation of the credentials.
    #[strum(serialize = "credentials")]
    Credentials,
    /// The overrides of paths.
    #[strum(serialize = "metadata")]
    Metadata,
    /// Tags.
    #[strum(serialize = "tags")]
    Tags,
    /// Metadata options.
    #[strum(serialize = "metadata-options")]
    MetadataOptions,
    /// The interfaces: those of the scenario are there again, as it has them.
    #[strum(serialize = "network")]
    Network,
    /// Facts of the instance.
    #[strum(serialize = "facts")]
    Facts,
    /// The task of Amazon ECS, its containers, its protection and its agent.
    #[strum(serialize = "ecs")]
    Ecs,
    /// The associations of EKS Pod Identity, and its agent.
    #[strum(serialize = "pod-identity")]
    PodIdentity,
}
