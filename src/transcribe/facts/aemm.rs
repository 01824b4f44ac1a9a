//! A service of amazon-ec2-metadata-mock's kind: user data, tokens and notices. All else is said path by path.
//!
//! | a notice that | becomes |
//! |---|---|
//! | tells the same time twice | an event with that time, as it was written |
//! | tells another time when it is asked again | an event with `moving = true` |
//! | is listed and answers 404 | one for nobody, `first-n-clients = 0` |

use serde_json::Value;
use std::str::FromStr;

use super::{events, instance, service};
use crate::model::{Notice, SpotAction, StringEnum, TargetLifecycleState, Timestamp, format_duration};
use crate::transcribe::draft::{Draft, Table};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

/// What an event announces: a key, and its value.
type Announcement = (&'static str, String);

const SPOT: &str = "spot-interruption";
const REBALANCE: &str = "rebalance-recommendation";
const MAINTENANCE: &str = "maintenance";
const STATE: &str = "target-lifecycle-state";

pub(super) fn draft(observations: &Observations) -> Draft {
    let mut draft = Draft::default();
    let mut table = Table::new("[instance]");
    instance::user_data(observations, &mut table);
    draft.push(table);
    service::metadata_options(observations, &mut draft);
    service::http(observations, &mut draft);
    let maintenance =
        events::maintenance(observations, "scheduled").into_iter().map(|said| (MAINTENANCE, said));
    let told = spot(observations)
        .into_iter()
        .chain(rebalance(observations))
        .chain(maintenance)
        .chain(state(observations));
    for (index, said) in told.enumerate() {
        let comment = "Notices at that time.";
        draft.push(event(said, (index == 0).then_some(comment), false));
    }
    for (index, said) in announced_only(observations).into_iter().enumerate() {
        let comment = "Listed, and 404 when it was asked for: not due yet, or for other clients. Without first-n-clients it is \
                       there for all.";
        draft.push(event(said, (index == 0).then_some(comment), true));
    }
    draft
}

fn event((key, value): Announcement, comment: Option<&str>, for_nobody: bool) -> Table {
    let mut table = Table::new("[[event]]");
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
    let told = |key: &str| notice.get(key).and_then(Value::as_str);
    let (action, time) = (told("action")?, told("time")?);
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

/// Notices that nobody got: nothing is known of them but that they are listed.
fn announced_only(observations: &Observations) -> Vec<Announcement> {
    let guesses = [
        (Notice::InstanceAction, (SPOT, "{ action = \"terminate\", notice = \"2m\", moving = true }")),
        (Notice::Rebalance, (REBALANCE, "{ moving = true }")),
        (Notice::Scheduled, (MAINTENANCE, "{ code = \"system-reboot\", not-before = \"start+0s\" }")),
        (Notice::TargetLifecycleState, (STATE, "\"Terminated\"")),
    ];
    let silent = guesses.into_iter().filter(|(notice, _)| observations.announced.contains(notice.as_str()));
    silent.map(|(_, (key, value))| (key, value.to_owned())).collect()
}
