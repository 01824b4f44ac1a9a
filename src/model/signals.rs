//! Signals: everything that events have announced to an instance so far.

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::container_signals::ContainerSignals;
use super::maintenance::MaintenanceEvent;
use super::notice::NoticeTime;
use super::time::Timestamp;

/// Announcements to an instance. None are in effect in a scenario file; events add them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals {
    /// The spot interruption notice.
    pub spot: Option<SpotInterruption>,
    /// The notice time of the rebalance recommendation.
    pub rebalance: Option<NoticeTime>,
    /// Maintenance events to come, in the order of their announcement.
    pub scheduled: Vec<MaintenanceEvent>,
    /// Maintenance events that are over or called off.
    pub history: Vec<MaintenanceEvent>,
    /// The state that the Auto Scaling group prepares.
    pub target_lifecycle_state: Option<TargetLifecycleState>,
    /// The last time that an event rotated the credentials.
    pub rotated_at: Option<Timestamp>,
    /// The time at which an event set that the credentials have expired, as long as they have.
    pub expired_at: Option<Timestamp>,
    /// The date of the start, while the instance is stopped.
    pub starts_at: Option<Timestamp>,
    /// What has changed at the endpoints of containers.
    pub containers: Option<Box<ContainerSignals>>,
}

impl Signals {
    /// The instant on the scenario's clock from which on nothing answers for the instance.
    pub(crate) fn gone_at(&self) -> Option<Timestamp> {
        self.spot.as_ref().filter(|notice| notice.then == AfterNotice::Vanish)?.due_at
    }
}

/// A spot interruption notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotInterruption {
    /// The announced action.
    pub action: SpotAction,
    /// The announced time of the action.
    pub time: NoticeTime,
    /// Its instant on the scenario's clock, unless it moves with each request.
    pub due_at: Option<Timestamp>,
    /// The service's behaviour from that time on.
    pub then: AfterNotice,
}

/// The action of a spot interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum SpotAction {
    /// The instance is terminated.
    Terminate,
    /// The instance is stopped.
    Stop,
    /// The instance is hibernated.
    Hibernate,
}

/// The service's behaviour from the time of an announced action on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum AfterNotice {
    /// The service still answers, and the notice shows a time in the past.
    Stay,
    /// The instance is gone: connections are reset.
    Vanish,
}

/// The state that the Auto Scaling group prepares. Source: Auto Scaling user guide, "Retrieve the target lifecycle
/// state through instance metadata".
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum TargetLifecycleState {
    /// Detached from the group.
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
