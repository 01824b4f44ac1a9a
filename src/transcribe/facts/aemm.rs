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
use crate::transcribe::draft::{Block, Draft};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

/// What an event announces: a key, and its value.
type Said = (&'static str, String);

const SPOT: &str = "spot-interruption";
const REBALANCE: &str = "rebalance-recommendation";
const MAINTENANCE: &str = "maintenance";
const STATE: &str = "target-lifecycle-state";

pub(super) fn draft(seen: &Observations) -> Draft {
    let mut draft = Draft::default();
    let mut block = Block::new("[instance]");
    instance::user_data(seen, &mut block);
    draft.push(block);
    service::metadata_options(seen, &mut draft);
    service::http(seen, &mut draft);
    let maintenance = events::maintenance(seen, "scheduled").into_iter().map(|said| (MAINTENANCE, said));
    let told = spot(seen).into_iter().chain(rebalance(seen)).chain(maintenance).chain(state(seen));
    for (index, said) in told.enumerate() {
        let comment = "Notices at that time.";
        draft.push(event(said, (index == 0).then_some(comment), false));
    }
    for (index, said) in for_nobody(seen).into_iter().enumerate() {
        let comment = "Listed, and 404 when it was asked for: not due yet, or for other clients. Without first-n-clients it is \
                       there for all.";
        draft.push(event(said, (index == 0).then_some(comment), true));
    }
    draft
}

fn event((key, value): Said, comment: Option<&str>, for_nobody: bool) -> Block {
    let mut block = Block::new("[[event]]");
    if let Some(comment) = comment {
        block.comment(comment);
    }
    block.say("at", "0s");
    if for_nobody {
        block.say("first-n-clients", 0);
    }
    block.raw(key, value);
    block
}

fn spot(seen: &Observations) -> Option<Said> {
    let path = Notice::InstanceAction.as_str();
    let notice = seen.parsed(path).unwrap_or_default();
    let told = |key: &str| notice.get(key).and_then(Value::as_str);
    let (action, time) = (told("action")?, told("time")?);
    SpotAction::from_str(action).ok()?;
    let when = match seen.moving.get(path) {
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

fn rebalance(seen: &Observations) -> Option<Said> {
    let path = Notice::Rebalance.as_str();
    let notice = seen.parsed(path)?;
    let time = notice.get("noticeTime")?.as_str()?;
    let moves = seen.moving.contains_key(path);
    Some((
        REBALANCE,
        quote::inline([if moves { ("moving", true.into()) } else { ("notice-time", time.into()) }]),
    ))
}

fn state(seen: &Observations) -> Option<Said> {
    let state = seen.text(Notice::TargetLifecycleState.as_str())?;
    TargetLifecycleState::from_str(state).ok()?;
    Some((STATE, quote::text(state)))
}

/// Notices that nobody got: nothing is known of them but that they are listed.
fn for_nobody(seen: &Observations) -> Vec<Said> {
    let guesses = [
        (Notice::InstanceAction, (SPOT, "{ action = \"terminate\", notice = \"2m\", moving = true }")),
        (Notice::Rebalance, (REBALANCE, "{ moving = true }")),
        (Notice::Scheduled, (MAINTENANCE, "{ code = \"system-reboot\", not-before = \"start+0s\" }")),
        (Notice::TargetLifecycleState, (STATE, "\"Terminated\"")),
    ];
    let silent = guesses.into_iter().filter(|(notice, _)| seen.announced.contains(notice.as_str()));
    silent.map(|(_, (key, value))| (key, value.to_owned())).collect()
}
