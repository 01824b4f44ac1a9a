//! Notices to an instance: `spot/`, `events/`, in the service's layouts.
//!
//! Sources: EC2 User Guide, "Spot Instance interruption notices", "rebalance recommendations" and "View scheduled
//! events".

use crate::model::json::string;
use crate::model::{MaintenanceEvent, Signals, SpotAction, StringEnum, Timestamp};

/// `spot/instance-action`, as a request at `now` finds it.
pub(crate) fn instance_action(signals: &Signals, now: Timestamp) -> Option<String> {
    let notice = signals.spot.as_ref()?;
    let (action, time) = (string(notice.action.as_str()), string(&notice.time.at(now).rfc3339()));
    Some(format!("{{\"action\": {action}, \"time\": {time}}}"))
}

/// `spot/termination-time`: there only if the instance will be terminated.
pub(crate) fn termination_time(signals: &Signals, now: Timestamp) -> Option<String> {
    let notice = signals.spot.as_ref().filter(|notice| notice.action == SpotAction::Terminate)?;
    Some(notice.time.at(now).rfc3339())
}

/// `events/recommendations/rebalance`.
pub(crate) fn rebalance(signals: &Signals, now: Timestamp) -> Option<String> {
    let time = signals.rebalance.as_ref()?.at(now);
    Some(format!("{{\"noticeTime\": {}}}", string(&time.rfc3339())))
}

/// `events/maintenance/scheduled` and `…/history`.
pub(crate) fn maintenance(events: &[MaintenanceEvent]) -> String {
    if events.is_empty() {
        return "[]".to_owned();
    }
    let objects: Vec<String> = events.iter().map(object).collect();
    format!("[\n{}\n]", objects.join(",\n"))
}

fn object(event: &MaintenanceEvent) -> String {
    let prefix = event.state.prefix();
    let members = [
        ("NotBefore", Some(event.not_before.maintenance_date())),
        ("Code", Some(event.code.as_str().to_owned())),
        ("Description", Some(format!("{prefix}{}", event.description))),
        ("EventId", Some(event.id.clone())),
        ("NotAfter", event.not_after.map(Timestamp::maintenance_date)),
        ("NotBeforeDeadline", event.not_before_deadline.map(Timestamp::maintenance_date)),
        ("State", Some(event.state.as_str().to_owned())),
    ];
    let line = |(key, value): (&str, Option<String>)| Some(format!("    \"{key}\" : {}", string(&value?)));
    let lines: Vec<String> = members.into_iter().filter_map(line).collect();
    format!("  {{\n{}\n  }}", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use crate::model::{AfterNotice, MaintenanceCode, MaintenanceState, NoticeTime, SpotInterruption};

    use super::*;

    #[test]
    fn notices_have_the_services_layout() {
        let now = Timestamp::from_secs(1_548_061_243);
        let bodies = |signals: &Signals| {
            [instance_action(signals, now), termination_time(signals, now), rebalance(signals, now)]
        };
        let time = || NoticeTime::Fixed(now);
        let mut signals = Signals::default();
        assert_eq!(bodies(&signals), [None, None, None]);
        let spot =
            |action, time| Some(SpotInterruption { action, time, due_at: None, then: AfterNotice::Stay });
        signals.spot = spot(SpotAction::Terminate, time());
        signals.rebalance = Some(time());
        let expected = [
            r#"{"action": "terminate", "time": "2019-01-21T09:00:43Z"}"#,
            "2019-01-21T09:00:43Z",
            r#"{"noticeTime": "2019-01-21T09:00:43Z"}"#,
        ];
        assert_eq!(bodies(&signals), expected.map(|text| Some(text.to_owned())));
        signals.spot = spot(SpotAction::Stop, time());
        assert_eq!(termination_time(&signals, now), None);
        signals.spot = spot(SpotAction::Terminate, NoticeTime::Moving(std::time::Duration::from_mins(2)));
        assert_eq!(termination_time(&signals, now).as_deref(), Some("2019-01-21T09:02:43Z"));
    }

    #[test]
    fn maintenance_events_have_the_services_layout() {
        let event = MaintenanceEvent {
            id: "instance-event-0d59937288b749b32".into(),
            code: MaintenanceCode::SYSTEM_REBOOT,
            state: MaintenanceState::CANCELED,
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
