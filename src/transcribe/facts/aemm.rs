//! A service of amazon-ec2-metadata-mock's kind: user data, tokens and notices. All else becomes an override path by path.
//!
//! | a notice that | becomes |
//! |---|---|
//! | has the same time twice | an event with that time, as it was written |
//! | has another time at the second request | an event with `moving = true` |
//! | is listed and answers 404 | one for nobody, `first-n-clients = 0` |

use serde_json::Value;
use std::str::FromStr;

use super::{events, instance, service};
use crate::model::{Notice, SpotAction, StringEnum, TargetLifecycleState, Timestamp, format_duration};
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

/// The key of an event's announcement, and its value in TOML.
type Announcement = (&'static str, String);

const SPOT: &str = "spot-interruption";
const REBALANCE: &str = "rebalance-recommendation";
const MAINTENANCE: &str = "maintenance";
const STATE: &str = "target-lifecycle-state";

pub(super) fn draft(observations: &Observations) -> Draft {
    let mut draft = Draft::default();
    let mut table = DraftTable::new("[instance]");
    instance::user_data(observations, &mut table);
    draft.push(table);
    service::metadata_options(observations, &mut draft);
    service::http(observations, &mut draft);
    let maintenance =
        events::maintenance(observations, "scheduled").into_iter().map(|value| (MAINTENANCE, value));
    let announcements = spot(observations)
        .into_iter()
        .chain(rebalance(observations))
        .chain(maintenance)
        .chain(state(observations));
    for (index, announcement) in announcements.enumerate() {
        let comment = "Notices at that time.";
        draft.push(event(announcement, (index == 0).then_some(comment), false));
    }
    for (index, announcement) in announced_only(observations).into_iter().enumerate() {
        let comment = "Listed, and 404 when it was asked for: not due yet, or for other clients. Without first-n-clients it is \
                       there for all.";
        draft.push(event(announcement, (index == 0).then_some(comment), true));
    }
    draft
}

fn event((key, value): Announcement, comment: Option<&str>, for_nobody: bool) -> DraftTable {
    let mut table = DraftTable::new("[[event]]");
    if let Some(comment) = comment {
        table.add_comment(comment);
    }
    table.set("at", "0s");
    if for_nobody {
        table.set("first-n-clients", 0);
    }
    table.set_toml(key, value);
    table
}

fn spot(observations: &Observations) -> Option<Announcement> {
    let path = Notice::InstanceAction.as_str();
    let notice = observations.read_json(path).unwrap_or_default();
    let member = |key: &str| notice.get(key).and_then(Value::as_str);
    let (action, time) = (member("action")?, member("time")?);
    SpotAction::from_str(action).ok()?;
    let when = match observations.moving.get(path) {
        None => vec![("time", time.into())],
        Some(date) => {
            let time: jiff::Timestamp = time.parse().ok()?;
            let span = date.map_or(120, |date| Timestamp::from(time).since(date).as_secs());
            // A second may have ended between the two; notices are of round lengths.
            let span = if span % 10 == 9 { span + 1 } else { span };
            let notice = format_duration(std::time::Duration::from_secs(span));
            vec![("notice", notice.into()), ("moving", true.into())]
        }
    };
    Some((SPOT, quote::inline([("action", action.into())].into_iter().chain(when))))
}

fn rebalance(observations: &Observations) -> Option<Announcement> {
    let path = Notice::Rebalance.as_str();
    let notice = observations.read_json(path)?;
    let time = notice.get("noticeTime")?.as_str()?;
    let moves = observations.moving.contains_key(path);
    Some((
        REBALANCE,
        quote::inline([if moves { ("moving", true.into()) } else { ("notice-time", time.into()) }]),
    ))
}

fn state(observations: &Observations) -> Option<Announcement> {
    let state = observations.text(Notice::TargetLifecycleState.as_str())?;
    TargetLifecycleState::from_str(state).ok()?;
    Some((STATE, quote::text(state)))
}

/// Notices that are listed and answer 404. What they would say is unknown, so each is given its usual form.
fn announced_only(observations: &Observations) -> Vec<Announcement> {
    let usual = [
        (Notice::InstanceAction, (SPOT, "{ action = \"terminate\", notice = \"2m\", moving = true }")),
        (Notice::Rebalance, (REBALANCE, "{ moving = true }")),
        (Notice::Scheduled, (MAINTENANCE, "{ code = \"system-reboot\", not-before = \"start+0s\" }")),
        (Notice::TargetLifecycleState, (STATE, "\"Terminated\"")),
    ];
    let announced = usual.into_iter().filter(|(notice, _)| observations.announced.contains(notice.as_str()));
    announced.map(|(_, (key, value))| (key, value.to_owned())).collect()
}
