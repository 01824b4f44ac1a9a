//! Notices of an event: spot interruption, rebalance recommendation, maintenance, target lifecycle state.

use std::time::Duration;

use crate::config::{INSTANTS, Item, Section, parse_duration};
use crate::model::{
    AfterNotice, EventEffect, InstantAsWritten, MaintenanceCode, MaintenanceNotice, MaintenanceState,
    NoticeDue, SpotAction, TargetLifecycleState,
};
use crate::scenario::open_list;

/// The time from a notice to the interruption. Source: EC2 User Guide, "Spot Instance interruption notices".
const SPOT_NOTICE: Duration = Duration::from_mins(2);

/// Reads the notices of an event. The profile of amazon-ec2-metadata-mock takes any maintenance id.
pub(super) fn read(section: &Section<'_>, number: u64, any_id: bool) -> Vec<EventEffect> {
    let spot = section.read("spot-interruption", Item::section).and_then(|s| spot(&s));
    let rebalance = section.read("rebalance-recommendation", Item::section).map(|s| rebalance(&s));
    let maintenance =
        section.read("maintenance", Item::section).and_then(|s| maintenance(&s, number, any_id));
    let state = section.read("target-lifecycle-state", Item::choice::<TargetLifecycleState>);
    [spot, rebalance, maintenance, state.map(EventEffect::TargetLifecycleState)]
        .into_iter()
        .flatten()
        .collect()
}

fn spot(section: &Section<'_>) -> Option<EventEffect> {
    let action =
        section.get("action").map_or(Some(SpotAction::Terminate), |item| item.choice::<SpotAction>());
    let notice = section.get("notice");
    let time = section.get("time");
    let then = section.get("then").map_or(Some(AfterNotice::Stay), |item| item.choice::<AfterNotice>());
    let moving = moving(section, time.as_ref());
    section.finish();
    if moving && then == Some(AfterNotice::Vanish) {
        section.error(
            "a moving notice is never due, so nothing vanishes",
            "accepted: then = \"stay\", or no moving",
        );
        return None;
    }
    if let (Some(_), Some(time)) = (&notice, &time) {
        time.error("both notice and time are set", "accepted: notice, a duration, or time, a timestamp");
        return None;
    }
    let due = match (notice, time, action) {
        (Some(notice), _, _) => NoticeDue::After(notice.duration()?),
        (None, Some(time), _) => at(&time)?,
        // Hibernation starts at once.
        (None, None, Some(SpotAction::Hibernate)) => NoticeDue::After(Duration::ZERO),
        (None, None, _) => NoticeDue::After(SPOT_NOTICE),
    };
    let due = match due {
        NoticeDue::After(span) if moving => NoticeDue::AfterRequest(span),
        due => due,
    };
    Some(EventEffect::SpotInterruption { action: action?, due, then: then? })
}

fn rebalance(section: &Section<'_>) -> EventEffect {
    let time = section.get("notice-time");
    let moving = moving(section, time.as_ref());
    section.finish();
    let due =
        if moving { Some(NoticeDue::AfterRequest(Duration::ZERO)) } else { time.and_then(|item| at(&item)) };
    EventEffect::Rebalance(due.unwrap_or(NoticeDue::After(Duration::ZERO)))
}

/// Reads `moving`: whether the time of a notice counts from each request.
fn moving(section: &Section<'_>, fixed: Option<&Item<'_>>) -> bool {
    let item = section.get("moving");
    let moving = item.as_ref().and_then(Item::boolean).unwrap_or(false);
    if let (true, Some(item), Some(fixed)) = (moving, item, fixed) {
        let name = fixed.name().rsplit('.').next().unwrap_or_default();
        item.error(format!("a moving notice has a {name}"), "accepted: one of the two");
    }
    moving
}

/// EC2's ids have a form of their own; amazon-ec2-metadata-mock takes any.
fn maintenance(section: &Section<'_>, number: u64, any_id: bool) -> Option<EventEffect> {
    let id = section.get("id");
    let code = section.read("code", open_list::read::<MaintenanceCode>);
    let state = section.get("state");
    let state = state.map_or(Some(MaintenanceState::ACTIVE), |item| open_list::read(&item));
    let description = section.read("description", Item::line);
    let not_before = section.read("not-before", due);
    let not_after = section.read("not-after", due);
    let not_before_deadline = section.read("not-before-deadline", due);
    section.finish();
    let id = match id {
        None => maintenance_id(number),
        Some(item) => {
            let id = if any_id { item.string()?.to_owned() } else { item.line()? };
            let digits = id.strip_prefix("instance-event-").unwrap_or_default();
            let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            if !any_id && (digits.len() != 17 || !digits.bytes().all(hex)) {
                item.error(
                    format!("{} is {id:?}", item.name()),
                    "accepted: \"instance-event-\" and 17 lower-case hexadecimal digits",
                );
                return None;
            }
            id
        }
    };
    let state = state?;
    let notice =
        MaintenanceNotice { id, code, state, description, not_before, not_after, not_before_deadline };
    Some(EventEffect::Maintenance(Box::new(notice)))
}

/// The id of a maintenance event that has none in the scenario.
pub(in crate::scenario) fn maintenance_id(number: u64) -> String {
    format!("instance-event-{:017x}", 0x1234_5678_90ab_cdef_u64.wrapping_mul(16).wrapping_add(number))
}

/// Reads `"1h"` after the event, `"start+1h"` after the daemon's start, or an instant.
fn due(item: &Item<'_>) -> Option<NoticeDue> {
    let accepted = format!(
        "a duration after the event such as \"2h\", \"start+2h\" after the daemon's start, or {INSTANTS}"
    );
    match item.kind() {
        "string" => {}
        "datetime" => return at(item),
        _ => return item.no_duration(&accepted),
    }
    let text = item.string()?;
    let after_start = text.strip_prefix("start+").and_then(parse_duration).map(NoticeDue::AfterStart);
    let instant = text.parse::<jiff::Timestamp>().is_ok().then(|| at(item)).flatten();
    after_start.or_else(|| parse_duration(text).map(NoticeDue::After)).or(instant).or_else(|| {
        item.error(format!("{} is {text:?}", item.name()), format!("accepted: {accepted}"));
        None
    })
}

fn at(item: &Item<'_>) -> Option<NoticeDue> {
    let (instant, text) = item.instant_with_text()?;
    Some(NoticeDue::At(InstantAsWritten { instant: instant.into(), text }))
}
