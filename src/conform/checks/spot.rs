//! Notices of interruptions. Most checks need one that is there.

use super::bases::CATEGORIES;
use super::consistency::same;
use super::events::NTH;
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{IfThere, StatusOf, Text};
use crate::conform::facts::META;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms::{self, is_instant};
use crate::conform::probe::get;
use crate::conform::service::ServiceUnderTest;

const KUBE: &str = "kube-spot-termination-notice-handler, which takes any 200 for a notice";
const NOTICES: Basis = Basis::Documented("EC2 User Guide, Spot Instance interruption notices");
const ACTION: &str = "/latest/meta-data/spot/instance-action";

pub(super) const ROWS: &[CheckRow] = &[
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
            same("time", &time, "termination-time", &other)
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
            same("instance-life-cycle", &life_cycle, "that of an interrupted instance", "spot")
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
