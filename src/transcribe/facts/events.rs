//! `[[event]]`: what was announced when the answers were taken, with its times.

use serde_json::Value;
use std::str::FromStr;

use crate::model::{
    MaintenanceCode, MaintenanceState, SpotAction, StringEnum, TargetLifecycleState, Timestamp,
};
use crate::transcribe::draft::{Block, Draft};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

pub(super) fn write(seen: &Observations, draft: &mut Draft) {
    let spot = spot(seen).map(|said| ("spot-interruption", said));
    let rebalance = rebalance(seen).map(|said| ("rebalance-recommendation", said));
    let state = seen.text("meta-data/autoscaling/target-lifecycle-state");
    let state = state.filter(|state| TargetLifecycleState::from_str(state).is_ok());
    let state = state.map(|state| ("target-lifecycle-state", quote::text(state)));
    let maintenance = ["scheduled", "history"].into_iter().flat_map(|list| maintenance(seen, list));
    let events = spot.into_iter().chain(rebalance).chain(maintenance.map(|said| ("maintenance", said)));
    for (index, (what, said)) in events.chain(state).enumerate() {
        let mut block = Block::new("[[event]]");
        if index == 0 {
            block.comment(
                "Notices at that time, with their original times; edit them to see the notices again.",
            );
        }
        block.say("at", "0s");
        block.raw(what, said);
        draft.push(block);
    }
}

fn instant(text: &str) -> Option<toml::Value> {
    Some(quote::instant(Timestamp::from(text.parse::<jiff::Timestamp>().ok()?)))
}

/// Older services have the time of a termination alone.
fn spot(seen: &Observations) -> Option<String> {
    let notice = seen.parsed("meta-data/spot/instance-action").unwrap_or_default();
    let told = |key: &str| notice.get(key).and_then(Value::as_str);
    let (action, time) = match (told("action"), told("time")) {
        (Some(action), Some(time)) => (action, time),
        _ => (SpotAction::Terminate.as_str(), seen.text("meta-data/spot/termination-time")?),
    };
    SpotAction::from_str(action).ok()?;
    Some(quote::inline([("action", action.into()), ("time", instant(time)?)]))
}

fn rebalance(seen: &Observations) -> Option<String> {
    let told = seen.parsed("meta-data/events/recommendations/rebalance")?;
    Some(quote::inline([("notice-time", instant(told.get("noticeTime")?.as_str()?)?)]))
}

pub(super) fn maintenance(seen: &Observations, list: &str) -> Vec<String> {
    let told = seen.parsed(&format!("meta-data/events/maintenance/{list}")).unwrap_or_default();
    told.as_array().into_iter().flatten().filter_map(notice).collect()
}

/// One event, if a scenario can say it.
fn notice(event: &Value) -> Option<String> {
    let told = |key: &str| event.get(key).and_then(Value::as_str);
    let word = |key: &str, known: bool| told(key).filter(|_| known).map(toml::Value::from);
    let code = told("Code").is_some_and(|code| MaintenanceCode::from_str(code).is_ok());
    let state = told("State").is_some_and(|state| MaintenanceState::from_str(state).is_ok());
    let description = told("Description").unwrap_or_default();
    let plain = ["[Completed] ", "[Canceled] "].iter().find_map(|prefix| description.strip_prefix(prefix));
    let date = |key: &str| {
        let time = jiff::fmt::strtime::parse("%d %b %Y %H:%M:%S GMT", told(key)?).ok()?.to_datetime().ok()?;
        let time = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
        Some(quote::instant(Timestamp::from(time)))
    };
    let members = [
        ("id", Some(told("EventId")?.into())),
        ("code", Some(word("Code", code)?)),
        ("state", Some(word("State", state)?)),
        ("description", Some(plain.unwrap_or(description).into())),
        ("not-before", date("NotBefore")),
        ("not-after", date("NotAfter")),
        ("not-before-deadline", date("NotBeforeDeadline")),
    ];
    Some(quote::inline(members.into_iter().filter_map(|(key, value)| Some((key, value?)))))
}
