//! The bodies of notices: JSON with tabs, its keys in the original's order.

use hyper::header::HeaderValue;

use super::forms;
use crate::model::json::{harmless, string};
use crate::model::{
    MaintenanceEvent, Notice, NoticeTime, Signals, SpotInterruption, StringEnum, TargetLifecycleState,
    Timestamp,
};

/// What a notice says and what it is sent as, if it is given already.
pub(crate) fn told(notice: Notice, signals: &Signals, now: Timestamp) -> Option<(HeaderValue, String)> {
    let spot = signals.spot.as_ref();
    Some(match notice {
        Notice::InstanceAction => (forms::JSON, instance_action(spot?, now)),
        Notice::TerminationTime => (forms::TEXT, spot?.time.text(now)),
        Notice::Rebalance => (forms::JSON, rebalance(signals.rebalance.as_ref()?, now)),
        Notice::Scheduled => (forms::JSON, maintenance(signals)?),
        Notice::TargetLifecycleState => {
            let state = signals.target_lifecycle_state.unwrap_or(TargetLifecycleState::InService);
            (forms::TEXT, state.as_str().to_owned())
        }
    })
}

fn instance_action(notice: &SpotInterruption, now: Timestamp) -> String {
    let members = [("action", notice.action.as_str().to_owned()), ("time", notice.time.text(now))];
    object("", &members)
}

fn rebalance(time: &NoticeTime, now: Timestamp) -> String {
    object("", &[("noticeTime", time.text(now))])
}

/// Those that are over or called off stay with the others.
fn maintenance(signals: &Signals) -> Option<String> {
    let events: Vec<String> = signals.scheduled.iter().chain(&signals.history).map(event).collect();
    (!events.is_empty()).then(|| format!("[\n\t{}\n]", events.join(",\n\t")))
}

fn event(event: &MaintenanceEvent) -> String {
    let date = |time: Option<Timestamp>| time.map(Timestamp::maintenance_date).unwrap_or_default();
    let members = [
        ("Code", event.code.as_str().to_owned()),
        ("Description", event.description.clone()),
        ("State", event.state.as_str().to_owned()),
        ("EventId", event.id.clone()),
        ("NotBefore", date(Some(event.not_before))),
        ("NotAfter", date(event.not_after)),
        ("NotBeforeDeadline", date(event.not_before_deadline)),
    ];
    object("\t", &members)
}

fn object(indentation: &str, members: &[(&str, String)]) -> String {
    let line =
        |(key, value): &(&str, String)| format!("{indentation}\t\"{key}\": {}", harmless(&string(value)));
    let lines: Vec<String> = members.iter().map(line).collect();
    format!("{{\n{}\n{indentation}}}", lines.join(",\n"))
}
