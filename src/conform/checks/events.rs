//! Scheduled maintenance, rebalance recommendations, and the group's lifecycle state. Most need one that is there.

use serde_json::Value;

use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{Status, StatusOf};
use crate::conform::facts::META;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms::{self, is_instant};
use crate::conform::probe::get;
use crate::conform::service::ServiceUnderTest;

pub(super) const NTH: &str = "aws-node-termination-handler";
const SCHEDULED: Basis = Basis::Documented("EC2 User Guide, Scheduled events for your instances");
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";

pub(super) const ROWS: &[CheckRow] = &[
    answer(
        "maintenance-status",
        get("/latest/meta-data/events/maintenance/scheduled"),
        &[Status(200)],
        SCHEDULED,
        NTH,
    ),
    answer(
        "maintenance-history-status",
        get("/latest/meta-data/events/maintenance/history"),
        &[Status(200)],
        SCHEDULED,
        "",
    ),
    each(
        "maintenance-keys",
        "scheduled",
        "NotBefore, Code, Description, EventId and State of each event",
        |service| all(service, "scheduled", has_keys),
    ),
    each("maintenance-code", "scheduled", "a code as system-reboot", |service| {
        all(service, "scheduled", has_code)
    }),
    each("maintenance-state", "scheduled", "active", |service| {
        all(service, "scheduled", |event| text_is(event, "State", |state| state == "active"))
    }),
    each("maintenance-id", "scheduled", "instance-event- and 17 hexadecimal digits", |service| {
        all(service, "scheduled", |event| text_is(event, "EventId", is_event_id))
    }),
    each("maintenance-dates", "scheduled", "dates as 21 Jan 2019 09:00:43 GMT", |service| {
        all(service, "scheduled", has_dates)
    }),
    each(
        "history-keys",
        "history",
        "NotBefore, Code, Description, EventId and State of each event",
        |service| all(service, "history", has_keys),
    ),
    each("history-state", "history", "completed or canceled", |service| {
        all(service, "history", |event| {
            text_is(event, "State", |state| matches!(state, "completed" | "canceled"))
        })
    }),
    each(
        "history-description",
        "history",
        "[Completed] or [Canceled] before the description, as the state says",
        |service| all(service, "history", has_prefix),
    ),
    each("history-dates", "history", "dates as 21 Jan 2019 09:00:43 GMT", |service| {
        all(service, "history", has_dates)
    }),
    answer("rebalance-status", get(REBALANCE), &[StatusOf(&[200, 404])], REBALANCES, NTH),
    facts(
        "rebalance-time",
        "noticeTime of events/recommendations/rebalance",
        forms::INSTANT.what,
        |service| {
            let time = service.json_text(REBALANCE, "noticeTime")?;
            match time.as_deref() {
                Some(time) if is_instant(time) => Ok(()),
                found => Err(CheckFinding::fails(format!("{found:?}"))),
            }
        },
        REBALANCES,
        NTH,
    ),
    answer(
        "lifecycle-status",
        get("/latest/meta-data/autoscaling/target-lifecycle-state"),
        &[StatusOf(&[200, 404])],
        Basis::Documented("EC2 Auto Scaling User Guide, Retrieve the target lifecycle state"),
        NTH,
    ),
];

const REBALANCES: Basis = Basis::Documented("EC2 User Guide, Rebalance recommendations");

const fn each(
    name: &'static str,
    of: &'static str,
    expected: &'static str,
    test: fn(&mut ServiceUnderTest<'_>) -> Judgement,
) -> CheckRow {
    let asked = match of.as_bytes() {
        b"history" => "GET /latest/meta-data/events/maintenance/history",
        _ => "GET /latest/meta-data/events/maintenance/scheduled",
    };
    facts(name, asked, expected, test, SCHEDULED, NTH)
}

/// Judges each event of a list. Without any there is nothing to judge.
fn all(service: &mut ServiceUnderTest<'_>, of: &str, test: fn(&Value) -> Judgement) -> Judgement {
    let events = service.json(&format!("{META}events/maintenance/{of}"))?;
    let events = events.as_array().cloned().unwrap_or_default();
    if events.is_empty() {
        return Err(CheckFinding::not_applicable("there is no event"));
    }
    events.iter().try_for_each(test)
}

fn has_keys(event: &Value) -> Judgement {
    let keys = ["NotBefore", "Code", "Description", "EventId", "State"];
    let missing = keys.iter().find(|key| !event.get(**key).is_some_and(Value::is_string));
    missing.map_or(Ok(()), |key| Err(CheckFinding::fails(format!("no {key}"))))
}

fn text_is(event: &Value, key: &str, holds: fn(&str) -> bool) -> Judgement {
    match event.get(key).and_then(Value::as_str) {
        Some(text) if holds(text) => Ok(()),
        found => Err(CheckFinding::fails(format!("{key} {found:?}"))),
    }
}

fn has_code(event: &Value) -> Judgement {
    text_is(event, "Code", |code| {
        ["instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"]
            .contains(&code)
    })
}

fn is_event_id(text: &str) -> bool {
    text.strip_prefix("instance-event-")
        .is_some_and(|digits| digits.len() == 17 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn has_dates(event: &Value) -> Judgement {
    ["NotBefore", "NotAfter", "NotBeforeDeadline"]
        .iter()
        .filter(|key| event.get(**key).is_some())
        .try_for_each(|key| text_is(event, key, is_date))
}

/// "21 Jan 2019 09:00:43 GMT", a day without a leading zero.
fn is_date(text: &str) -> bool {
    let date = text.strip_suffix(" GMT").and_then(|text| {
        jiff::fmt::strtime::parse("%d %b %Y %H:%M:%S", text).and_then(|parsed| parsed.to_datetime()).ok()
    });
    date.is_some() && !text.starts_with('0')
}

fn has_prefix(event: &Value) -> Judgement {
    let state = event.get("State").and_then(Value::as_str).unwrap_or_default();
    let prefix = match state {
        "completed" => "[Completed] ",
        "canceled" => "[Canceled] ",
        _ => return Err(CheckFinding::not_applicable("a state of its own")),
    };
    let description = event.get("Description").and_then(Value::as_str).unwrap_or_default();
    if description.starts_with(prefix) {
        Ok(())
    } else {
        Err(CheckFinding::fails(format!("{description:?}")))
    }
}
