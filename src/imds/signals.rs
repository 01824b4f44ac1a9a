//! What is announced to an instance: `spot/`, `events/`, in the service's layouts.
//!
//! Sources: EC2 User Guide, "Spot Instance interruption notices", "rebalance recommendations" and "View scheduled
//! events".

use crate::model::json::string;
use crate::model::{MaintenanceEvent, MaintenanceState, Signals, SpotAction};

/// `spot/instance-action`.
pub fn instance_action(signals: &Signals) -> Option<String> {
    let notice = signals.spot?;
    let (action, time) = (string(notice.action.as_str()), string(&notice.time.rfc3339()));
    Some(format!("{{\"action\": {action}, \"time\": {time}}}"))
}

/// `spot/termination-time`: there only if the instance will be terminated.
pub fn termination_time(signals: &Signals) -> Option<String> {
    signals.spot.filter(|notice| notice.action == SpotAction::Terminate).map(|notice| notice.time.rfc3339())
}

/// `events/recommendations/rebalance`.
pub fn rebalance(signals: &Signals) -> Option<String> {
    signals.rebalance.map(|time| format!("{{\"noticeTime\": {}}}", string(&time.rfc3339())))
}

/// `events/maintenance/scheduled` and `…/history`.
pub fn maintenance(events: &[MaintenanceEvent]) -> String {
    if events.is_empty() {
        return "[]".to_owned();
    }
    let objects: Vec<String> = events.iter().map(object).collect();
    format!("[\n{}\n]", objects.join(",\n"))
}

fn object(event: &MaintenanceEvent) -> String {
    let prefix = match event.state {
        MaintenanceState::Active => "",
        MaintenanceState::Completed => "[Completed] ",
        MaintenanceState::Canceled => "[Canceled] ",
    };
    let members = [
        ("NotBefore", Some(event.not_before.maintenance_date())),
        ("Code", Some(event.code.as_str().to_owned())),
        ("Description", Some(format!("{prefix}{}", event.description))),
        ("EventId", Some(event.id.clone())),
        ("NotAfter", event.not_after.map(crate::model::Timestamp::maintenance_date)),
        ("NotBeforeDeadline", event.not_before_deadline.map(crate::model::Timestamp::maintenance_date)),
        ("State", Some(event.state.as_str().to_owned())),
    ];
    let line = |(key, value): (&str, Option<String>)| Some(format!("    \"{key}\" : {}", string(&value?)));
    let lines: Vec<String> = members.into_iter().filter_map(line).collect();
    format!("  {{\n{}\n  }}", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use crate::model::{AfterNotice, MaintenanceCode, SpotInterruption, Timestamp};

    use super::*;

    #[test]
    fn notices_have_the_services_layout() {
        let time = Timestamp::from_secs(1_548_061_243);
        let mut signals = Signals::default();
        assert_eq!(
            (instance_action(&signals), termination_time(&signals), rebalance(&signals)),
            (None, None, None)
        );
        signals.spot =
            Some(SpotInterruption { action: SpotAction::Terminate, time, then: AfterNotice::Stay });
        signals.rebalance = Some(time);
        let expected = r#"{"action": "terminate", "time": "2019-01-21T09:00:43Z"}"#;
        assert_eq!(instance_action(&signals).as_deref(), Some(expected));
        assert_eq!(termination_time(&signals).as_deref(), Some("2019-01-21T09:00:43Z"));
        assert_eq!(rebalance(&signals).as_deref(), Some(r#"{"noticeTime": "2019-01-21T09:00:43Z"}"#));
        signals.spot = Some(SpotInterruption { action: SpotAction::Stop, time, then: AfterNotice::Stay });
        assert_eq!(termination_time(&signals), None);
    }

    #[test]
    fn maintenance_events_have_the_services_layout() {
        let event = MaintenanceEvent {
            id: "instance-event-0d59937288b749b32".into(),
            code: MaintenanceCode::SystemReboot,
            state: MaintenanceState::Canceled,
            description: "scheduled reboot".into(),
            not_before: Timestamp::from_secs(1_546_419_643),
            not_after: Some(Timestamp::from_secs(1_548_061_243)),
            not_before_deadline: None,
        };
        let expected = r#"[
  {
    "NotBefore" : "2 Jan 2019 09:00:43 GMT",
    "Code" : "system-reboot",
    "Description" : "[Canceled] scheduled reboot",
    "EventId" : "instance-event-0d59937288b749b32",
    "NotAfter" : "21 Jan 2019 09:00:43 GMT",
    "State" : "canceled"
  }
]"#;
        assert_eq!(maintenance(&[event]), expected);
        assert_eq!(maintenance(&[]), "[]");
    }
}
