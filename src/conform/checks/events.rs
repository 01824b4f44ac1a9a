//! Notices of interruptions, scheduled maintenance, and the group's lifecycle state. Most need one that is there.

use serde_json::Value;

use super::bases::CATEGORIES;
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{IfThere, Status, StatusOf, Text};
use crate::conform::facts::META;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms::{self, is_instant};
use crate::conform::probe::get;
use crate::conform::service::ServiceUnderTest;

const NTH: &str = "aws-node-termination-handler";
const KUBE: &str = "kube-spot-termination-notice-handler, which takes any 200 for a notice";
const NOTICES: Basis = Basis::Documented("EC2 User Guide, Spot Instance interruption notices");
const SCHEDULED: Basis = Basis::Documented("EC2 User Guide, Scheduled events for your instances");
const ACTION: &str = "/latest/meta-data/spot/instance-action";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";

pub(super) const SPOT: &[CheckRow] = &[
    answer("spot-action-status", get(ACTION), &[StatusOf(&[200, 404])], NOTICES, NTH),
    answer(
        "spot-time-status",
        get("/latest/meta-data/spot/termination-time"),
        &[StatusOf(&[200, 404])],
        NOTICES,
        KUBE,
    ),
    facts(
        "spot-action",
        "action of spot/instance-action",
        "terminate, stop or hibernate",
        action,
        NOTICES,
        NTH,
    ),
    facts(
        "spot-time",
        "time of spot/instance-action",
        forms::INSTANT.what,
        |service| {
            let time = notice(service, "time")?;
            if is_instant(&time) { Ok(()) } else { Err(CheckFinding::fails(format!("{time:?}"))) }
        },
        NOTICES,
        NTH,
    ),
    answer(
        "spot-action-line",
        get(ACTION),
        &[IfThere, Text("an object on one line, without a line feed", |text| !text.contains('\n'))],
        NOTICES,
        "scripts that cut it",
    ),
    facts(
        "spot-action-keys",
        "GET spot/instance-action",
        "action and time, no other key",
        |service| {
            let object = service.json(ACTION)?;
            let keys: Vec<&str> =
                object.as_object().into_iter().flat_map(|object| object.keys()).map(String::as_str).collect();
            if keys == ["action", "time"] { Ok(()) } else { Err(CheckFinding::fails(keys.join(", "))) }
        },
        NOTICES,
        "",
    ),
    facts(
        "spot-both-for-terminate",
        "GET spot/instance-action and spot/termination-time",
        "termination-time for terminate, and for nothing else",
        both,
        NOTICES,
        NTH,
    ),
    facts(
        "spot-same-time",
        "GET spot/instance-action and spot/termination-time",
        "the same time",
        |service| {
            let time = notice(service, "time")?;
            let other = service.meta("spot/termination-time")?;
            super::consistency::same("time", &time, "termination-time", &other)
        },
        NOTICES,
        NTH,
    ),
    facts(
        "spot-life-cycle",
        "GET spot/instance-action and instance-life-cycle",
        "spot, where there is a notice",
        |service| {
            notice(service, "action")?;
            let life_cycle = service.meta("instance-life-cycle")?;
            super::consistency::same(
                "instance-life-cycle",
                &life_cycle,
                "that of an interrupted instance",
                "spot",
            )
        },
        CATEGORIES,
        NTH,
    ),
    facts(
        "spot-none-on-demand",
        "GET instance-life-cycle and spot/",
        "404 for an instance that is not spot",
        |service| {
            if service.meta("instance-life-cycle")? == "spot" {
                return Err(CheckFinding::not_applicable("a spot instance"));
            }
            let status = service.get(&format!("{META}spot/"))?.status;
            if status == 404 { Ok(()) } else { Err(CheckFinding::fails(format!("status {status}"))) }
        },
        NOTICES,
        KUBE,
    ),
];

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

/// A text of the notice.
fn notice(service: &mut ServiceUnderTest<'_>, key: &str) -> Result<String, CheckFinding> {
    let text = service.json_text(ACTION, key)?;
    text.ok_or_else(|| CheckFinding::fails(format!("no {key}")))
}

fn action(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let action = notice(service, "action")?;
    if ["terminate", "stop", "hibernate"].contains(&action.as_str()) {
        return Ok(());
    }
    Err(CheckFinding::fails(format!("{action:?}")))
}

fn both(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let action = notice(service, "action")?;
    let status = service.get(&format!("{META}spot/termination-time"))?.status;
    match (action.as_str(), status) {
        ("terminate", 200) | ("stop" | "hibernate", 404) => Ok(()),
        _ => Err(CheckFinding::fails(format!("{action:?}, and status {status} at termination-time"))),
    }
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
