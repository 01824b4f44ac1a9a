//! Scheduled maintenance events. Source: EC2 User Guide, "Scheduled events for Amazon EC2 instances".

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::notice::NoticeDue;
use super::time::Timestamp;

/// The kind of a maintenance event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum MaintenanceCode {
    /// The instance is rebooted.
    InstanceReboot,
    /// The host of the instance is rebooted.
    SystemReboot,
    /// The host of the instance is maintained.
    SystemMaintenance,
    /// The instance is retired.
    InstanceRetirement,
    /// The instance is stopped.
    InstanceStop,
}

impl MaintenanceCode {
    /// The default description of an event of this kind.
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

/// The progress of a maintenance event.
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

/// A new or changed maintenance event, as an event of the timeline announces it. A value that is not set stays, or
/// follows from the time of the announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceNotice {
    /// The event's id: `instance-event-` and 17 hexadecimal digits. A notice with a known id changes that event.
    pub id: String,
    /// The kind.
    pub code: Option<MaintenanceCode>,
    /// The progress.
    pub state: MaintenanceState,
    /// The description, without the prefix `[Completed] ` or `[Canceled] `.
    pub description: Option<String>,
    /// The earliest start.
    pub not_before: Option<NoticeDue>,
    /// The latest end.
    pub not_after: Option<NoticeDue>,
    /// The deadline for the start, as far as it can be put off.
    pub not_before_deadline: Option<NoticeDue>,
}

/// A maintenance event as the tree shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceEvent {
    /// The event's id: `instance-event-` and 17 hexadecimal digits.
    pub id: String,
    /// The kind.
    pub code: MaintenanceCode,
    /// The progress.
    pub state: MaintenanceState,
    /// The description, without the prefix `[Completed] ` or `[Canceled] `.
    pub description: String,
    /// The earliest start.
    pub not_before: Timestamp,
    /// The latest end.
    pub not_after: Option<Timestamp>,
    /// The deadline for the start, as far as it can be put off.
    pub not_before_deadline: Option<Timestamp>,
}
