//! The timeline: what happens when, and what it does to an instance.

use std::time::Duration;

use super::credentials::CredentialState;
use super::ids::{AmiId, InstanceType, TagKey};
use super::instance::{InstanceAction, LifeCycle, Monitoring};
use super::options::{HttpEndpoint, HttpTokens, InstanceMetadataTags};
use super::scenario::Override;
use super::time::Timestamp;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Something that happens, once or again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it happens first.
    pub at: EventTime,
    /// How long until it happens again.
    pub repeat: Option<Duration>,
    /// After this it does not happen again.
    pub until: Option<EventTime>,
    /// Only so many clients see it: those that first ask for a path that it touches.
    pub first_n_clients: Option<u32>,
    /// The instance that it happens to; all unless said.
    pub instance: Option<String>,
    /// What it does, in this order.
    pub effects: Vec<EventEffect>,
}

/// A point on the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTime {
    /// So long after the scenario was loaded, on the scenario's clock.
    AfterLoad(Duration),
    /// So long after the daemon started.
    AfterStart(Duration),
    /// So long after a client first asked for a path.
    AfterPoll(String, Duration),
    /// At an instant.
    At(Timestamp),
}

/// What an event does.
#[derive(Debug, Clone, PartialEq)]
pub enum EventEffect {
    /// A spot interruption notice.
    SpotInterruption {
        /// What will be done.
        action: SpotAction,
        /// When it will be done.
        due: NoticeDue,
        /// What the service does then.
        then: AfterNotice,
    },
    /// A rebalance recommendation, and when it was noticed.
    Rebalance(NoticeDue),
    /// A scheduled maintenance event, new or changed; told apart by its id.
    Maintenance(Box<MaintenanceNotice>),
    /// What the Auto Scaling group prepares.
    TargetLifecycleState(TargetLifecycleState),
    /// `instance-action`.
    InstanceAction(InstanceAction),
    /// `instance-life-cycle`.
    LifeCycle(LifeCycle),
    /// What goes wrong with credentials.
    Credentials(CredentialState),
    /// New generated credentials.
    Rotate,
    /// The last word on a path.
    Set(String, Override),
    /// Takes such a word back.
    Unset(String),
    /// A tag's value; `None` removes the tag.
    Tag(TagKey, Option<String>),
    /// A metadata option.
    Option(MetadataOption),
    /// A fact of the instance.
    Fact(InstanceFact),
    /// Takes back what events did.
    Clear(ClearTarget),
}

/// When an announced action is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeDue {
    /// So long after the notice.
    After(Duration),
    /// So long after the daemon started.
    AfterStart(Duration),
    /// So long after each request: it moves with the client that asks.
    AfterRequest(Duration),
    /// At an instant.
    At(InstantAsWritten),
}

/// An instant as somebody said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstantAsWritten {
    /// The instant.
    pub instant: Timestamp,
    /// In these words.
    pub text: String,
}

/// A change of one metadata option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataOption {
    /// `http-tokens`
    HttpTokens(HttpTokens),
    /// `http-endpoint`
    HttpEndpoint(HttpEndpoint),
    /// `http-put-response-hop-limit`
    HopLimit(u8),
    /// `instance-metadata-tags`
    Tags(InstanceMetadataTags),
}

/// A change of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceFact {
    /// `instance-type`, as after a stop and start.
    InstanceType(InstanceType),
    /// `ami-id`
    AmiId(AmiId),
    /// `monitoring`
    Monitoring(Monitoring),
    /// The primary interface's public addresses: an Elastic IP comes or goes.
    PublicIpv4s(Vec<std::net::Ipv4Addr>),
    /// The names of the primary interface's groups.
    SecurityGroups(Vec<String>),
    /// User data; `None` removes it.
    UserData(Option<Vec<u8>>),
}

/// What a spot interruption does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum SpotAction {
    /// The instance is terminated.
    Terminate,
    /// It is stopped.
    Stop,
    /// It is hibernated.
    Hibernate,
}

/// What the service does once an announced action is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum AfterNotice {
    /// It goes on, with a time that lies in the past.
    Stay,
    /// The instance is gone: connections are reset.
    Vanish,
}

/// What the Auto Scaling group prepares. Auto Scaling user guide, "Retrieve the target lifecycle state".
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]

pub enum TargetLifecycleState {
    /// Leaving the group.
    #[strum(serialize = "Detached")]
    Detached,
    /// In service.
    #[strum(serialize = "InService")]
    InService,
    /// Standby.
    #[strum(serialize = "Standby")]
    Standby,
    /// Terminated.
    #[strum(serialize = "Terminated")]
    Terminated,
    /// Hibernated in the warm pool.
    #[strum(serialize = "Warmed:Hibernated")]
    WarmedHibernated,
    /// Running in the warm pool.
    #[strum(serialize = "Warmed:Running")]
    WarmedRunning,
    /// Stopped in the warm pool.
    #[strum(serialize = "Warmed:Stopped")]
    WarmedStopped,
    /// Terminated in the warm pool.
    #[strum(serialize = "Warmed:Terminated")]
    WarmedTerminated,
}

/// The kind of a maintenance event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum MaintenanceCode {
    /// The instance is rebooted.
    InstanceReboot,
    /// Its host is rebooted.
    SystemReboot,
    /// Its host is maintained.
    SystemMaintenance,
    /// It is retired.
    InstanceRetirement,
    /// It is stopped.
    InstanceStop,
}

/// How far a maintenance event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum MaintenanceState {
    /// To come, or under way.
    Active,
    /// Over.
    Completed,
    /// Called off.
    Canceled,
}

/// What a clear takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]

pub enum ClearTarget {
    /// Everything that events did.
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
    /// What goes wrong with credentials.
    #[strum(serialize = "credentials")]
    Credentials,
    /// Paths that were set.
    #[strum(serialize = "metadata")]
    Metadata,
    /// Tags.
    #[strum(serialize = "tags")]
    Tags,
    /// Metadata options.
    #[strum(serialize = "metadata-options")]
    MetadataOptions,
    /// Facts of the instance.
    #[strum(serialize = "facts")]
    Facts,
}

/// What an event says of a maintenance event; what it does not say stays, or follows from the time of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceNotice {
    /// `instance-event-` and 17 hexadecimal digits.
    pub id: String,
    /// Its kind.
    pub code: Option<MaintenanceCode>,
    /// How far it is.
    pub state: MaintenanceState,
    /// What is said of it, without a prefix.
    pub description: Option<String>,
    /// When it may begin.
    pub not_before: Option<NoticeDue>,
    /// When it ends at the latest.
    pub not_after: Option<NoticeDue>,
    /// When it must begin.
    pub not_before_deadline: Option<NoticeDue>,
}

// === What events have done so far ===

/// Where something is announced to an instance, below the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]

pub enum Notice {
    /// The spot interruption.
    #[strum(serialize = "meta-data/spot/instance-action")]
    InstanceAction,
    /// Its time.
    #[strum(serialize = "meta-data/spot/termination-time")]
    TerminationTime,
    /// The rebalance recommendation.
    #[strum(serialize = "meta-data/events/recommendations/rebalance")]
    Rebalance,
    /// Maintenance events.
    #[strum(serialize = "meta-data/events/maintenance/scheduled")]
    Scheduled,
    /// What the Auto Scaling group prepares.
    #[strum(serialize = "meta-data/autoscaling/target-lifecycle-state")]
    TargetLifecycleState,
}

/// What is announced to an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals {
    /// The spot interruption notice.
    pub spot: Option<SpotInterruption>,
    /// When a rebalance was recommended.
    pub rebalance: Option<NoticeTime>,
    /// Maintenance events to come, in the order of their announcement.
    pub scheduled: Vec<MaintenanceEvent>,
    /// Those that are over or called off.
    pub history: Vec<MaintenanceEvent>,
    /// What the Auto Scaling group prepares.
    pub target_lifecycle_state: Option<TargetLifecycleState>,
    /// When credentials were last rotated by an event.
    pub rotated_at: Option<Timestamp>,
}

/// The time in a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeTime {
    /// The same for every request.
    Fixed(Timestamp),
    /// The same, and how somebody said it.
    Said(InstantAsWritten),
    /// So long after each request.
    Moving(Duration),
}

/// A spot interruption notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotInterruption {
    /// What will be done.
    pub action: SpotAction,
    /// When.
    pub time: NoticeTime,
    /// What the service does then.
    pub then: AfterNotice,
}

/// A maintenance event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceEvent {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub code: MaintenanceCode,
    /// How far it is.
    pub state: MaintenanceState,
    /// What is said of it, without a prefix.
    pub description: String,
    /// When it may begin.
    pub not_before: Timestamp,
    /// When it ends at the latest.
    pub not_after: Option<Timestamp>,
    /// When it must begin.
    pub not_before_deadline: Option<Timestamp>,
}

impl Event {
    /// Whether it happens to the instance of this name; `None`: the one without a name.
    pub(crate) fn concerns(&self, instance: Option<&str>) -> bool {
        self.instance.is_none() || self.instance.as_deref() == instance
    }

    /// Where it announces something.
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

impl Signals {
    /// When the instance is gone and nothing answers for it any more, if that is announced.
    pub(crate) fn gone_at(&self) -> Option<Timestamp> {
        let ends = self.spot.as_ref().filter(|notice| notice.then == AfterNotice::Vanish);
        match ends?.time {
            NoticeTime::Fixed(at) | NoticeTime::Said(InstantAsWritten { instant: at, .. }) => Some(at),
            NoticeTime::Moving(_) => None,
        }
    }
}

impl NoticeDue {
    /// The time in a notice that is given at `notice` by a daemon that started at `started`.
    pub(crate) fn from(&self, notice: Timestamp, started: Timestamp) -> NoticeTime {
        match self {
            Self::After(span) => NoticeTime::Fixed(notice.plus(*span)),
            Self::AfterStart(span) => NoticeTime::Fixed(started.plus(*span)),
            Self::AfterRequest(span) => NoticeTime::Moving(*span),
            Self::At(said) => NoticeTime::Said(said.clone()),
        }
    }
}

impl NoticeTime {
    /// What a request at `now` is told.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Fixed(at) | Self::Said(InstantAsWritten { instant: at, .. }) => *at,
            Self::Moving(span) => now.plus(*span),
        }
    }

    /// The same in words: those in which it was said, if it was.
    pub(crate) fn as_said(&self, now: Timestamp) -> String {
        match self {
            Self::Said(said) => said.text.clone(),
            Self::Fixed(_) | Self::Moving(_) => self.at(now).rfc3339(),
        }
    }
}

impl MaintenanceCode {
    /// What is said of such an event unless told otherwise.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::InstanceReboot => "scheduled instance reboot",
            Self::SystemReboot => "scheduled reboot",
            Self::SystemMaintenance => "scheduled maintenance",
            Self::InstanceRetirement => "scheduled retirement",
            Self::InstanceStop => "scheduled stop",
        }
    }
}
