//! `[[event]]`: the notices that there were when the answers were taken, with their times.

use serde_json::Value;
use std::str::FromStr;

use crate::model::{
    AfterNotice, MaintenanceCode, MaintenanceState, SpotAction, StringEnum, TargetLifecycleState, Timestamp,
};
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

pub(super) fn write(observations: &Observations, draft: &mut Draft) {
    let spot = spot(observations).map(|value| ("spot-interruption", value));
    let rebalance = rebalance(observations).map(|value| ("rebalance-recommendation", value));
    let state = observations.text("meta-data/autoscaling/target-lifecycle-state");
    let state = state.filter(|state| TargetLifecycleState::from_str(state).is_ok());
    let state = state.map(|state| ("target-lifecycle-state", quote::text(state)));
    let maintenance = ["scheduled", "history"].into_iter().flat_map(|list| maintenance(observations, list));
    let events = spot.into_iter().chain(rebalance).chain(maintenance.map(|value| ("maintenance", value)));
    for (index, (kind, value)) in events.chain(state).enumerate() {
        let mut table = DraftTable::new("[[event]]");
        if index == 0 {
            table.add_comment(
                "Notices at that time, with their original times; edit them to see the notices again.",
            );
        }
        table.set("at", "0s");
        table.set_toml(kind, value);
        draft.push(table);
    }
}

fn instant(text: &str) -> Option<toml::Value> {
    Some(quote::instant(Timestamp::from(text.parse::<jiff::Timestamp>().ok()?)))
}

/// Older services have the time of a termination alone.
fn spot(observations: &Observations) -> Option<String> {
    let notice = observations.read_json("meta-data/spot/instance-action").unwrap_or_default();
    let member = |key: &str| notice.get(key).and_then(Value::as_str);
    let (action, time) = match (member("action"), member("time")) {
        (Some(action), Some(time)) => (action, time),
        _ => (SpotAction::Terminate.as_str(), observations.text("meta-data/spot/termination-time")?),
    };
    SpotAction::from_str(action).ok()?;
    // The time may be over when the scenario is read: the notice is there all the same.
    let stays = AfterNotice::Stay.as_str();
    Some(quote::inline([("action", action.into()), ("time", instant(time)?), ("then", stays.into())]))
}

fn rebalance(observations: &Observations) -> Option<String> {
    let notice = observations.read_json("meta-data/events/recommendations/rebalance")?;
    Some(quote::inline([("notice-time", instant(notice.get("noticeTime")?.as_str()?)?)]))
}

pub(super) fn maintenance(observations: &Observations, list: &str) -> Vec<String> {
    let events = observations.read_json(&format!("meta-data/events/maintenance/{list}")).unwrap_or_default();
    events.as_array().into_iter().flatten().filter_map(notice).collect()
}

/// A maintenance event in TOML; none if a scenario does not accept it.
fn notice(event: &Value) -> Option<String> {
    let member = |key: &str| event.get(key).and_then(Value::as_str);
    let if_known = |key: &str, known: bool| member(key).filter(|_| known).map(toml::Value::from);
    let code = member("Code").is_some_and(|code| MaintenanceCode::from_str(code).is_ok());
    let state = member("State").is_some_and(|state| MaintenanceState::from_str(state).is_ok());
    let description = member("Description").unwrap_or_default();
    let plain = ["[Completed] ", "[Canceled] "].iter().find_map(|prefix| description.strip_prefix(prefix));
    let date = |key: &str| {
        let time =
            jiff::fmt::strtime::parse("%d %b %Y %H:%M:%S GMT", member(key)?).ok()?.to_datetime().ok()?;
        let time = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
        Some(quote::instant(Timestamp::from(time)))
    };
    let members = [
        ("id", Some(member("EventId")?.into())),
        ("code", Some(if_known("Code", code)?)),
        ("state", Some(if_known("State", state)?)),
        ("description", Some(plain.unwrap_or(description).into())),
        ("not-before", date("NotBefore")),
        ("not-after", date("NotAfter")),
        ("not-before-deadline", date("NotBeforeDeadline")),
    ];
    Some(quote::inline(members.into_iter().filter_map(|(key, value)| Some((key, value?)))))
}
