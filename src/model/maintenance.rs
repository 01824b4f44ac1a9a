//! Scheduled maintenance events. Source: EC2 User Guide, "Scheduled events for Amazon EC2 instances".

use super::notice::NoticeDue;
use super::open_list::{MaintenanceCode, MaintenanceState};
use super::time::Timestamp;

impl MaintenanceCode {
    /// The default description of an event of this kind.
    pub(crate) fn description(&self) -> &'static str {
        match self.as_str() {
            "instance-reboot" => "scheduled instance reboot",
            "system-reboot" => "scheduled reboot",
            "system-maintenance" => "scheduled maintenance",
            "instance-retirement" => "scheduled retirement",
            "instance-stop" => "scheduled stop",
            _ => "scheduled event",
        }
    }
}

impl MaintenanceState {
    /// What the description of an event begins with; empty for one that is to come.
    pub(crate) fn prefix(&self) -> &'static str {
        match self.as_str() {
            "completed" => "[Completed] ",
            "canceled" => "[Canceled] ",
            _ => "",
        }
    }

    /// Whether such an event is in the history.
    pub(crate) fn is_past(&self) -> bool {
        matches!(self.as_str(), "completed" | "canceled")
    }
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
