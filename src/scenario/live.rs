//! An event that somebody orders while the server runs: JSON in the words of `[[event]]`, and `in`.
//!
//! What is said against it is said of the same event in TOML, with the line and a caret.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::contradictions;
use super::event::{self, maintenance_id};
use super::overrides::normal;
use crate::config::{Report, Section, SourceText, parse};
use crate::model::{Event, EventEffect, EventTime, Instance, Override, Scenario, Timestamp, format_duration};

const NAME: &str = "the event";

/// When an order comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderTime {
    /// The time.
    pub now: Timestamp,
    /// How far the scenario has come.
    pub elapsed: Duration,
    /// How many orders came before. With the time it tells one order from another.
    pub before: usize,
}

/// An order that can be carried out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LiveEvent {
    /// The event.
    pub event: Event,
    /// The same in JSON, without anything that depends on when it was ordered: read again, it is the same event.
    pub json: Value,
    /// What the operator should know.
    pub warnings: Report,
}

/// Reads an event. Unless it says when, it happens now; `in` counts on the scenario's clock.
pub(crate) fn event_from_json(
    json: &Value,
    scenario: &Scenario,
    moment: OrderTime,
) -> Result<LiveEvent, Report> {
    let (said, source) = as_toml(NAME, json)?;
    if let Some(place) = names_a_file(said) {
        return Err(whole(
            NAME,
            &format!("names a file in {place}; the server reads none for its clients"),
            "accepted: { text = \"…\" } or { base64 = \"…\" }; `mock-imds set PATH --file FILE` sends what a file holds",
        ));
    }
    let number = moment.now.as_millis().saturating_add(moment.before as u64);
    let (event, warnings) = parse(&source, |root| {
        let when = when(root, moment);
        let mut event = event::read(root, number, Path::new(""), scenario.http.profile)?;
        if let Some(when) = when {
            event.at = when;
        }
        contradictions::event_has_its_instance(root, &event, scenario);
        warn_of_facts(root, &event, scenario);
        Some(event)
    })?;
    // Without an error there is an event.
    let event = event.ok_or_else(|| warnings.clone())?;
    let json = settled(said, &event.at, number);
    Ok(LiveEvent { event, json, warnings })
}

/// When the event happens, unless that is said in the words of `[[event]]`.
fn when(root: &Section<'_>, moment: OrderTime) -> Option<EventTime> {
    let said = root.get("at").or_else(|| root.get("after-poll")).is_some();
    let Some(item) = root.get("in") else { return (!said).then_some(EventTime::At(moment.now)) };
    if said {
        item.error("both in and at, or after-poll, are set", "accepted: one of them");
        return None;
    }
    let place = moment.elapsed.saturating_add(item.duration()?);
    // Whole milliseconds, as the clock counts.
    let place = Duration::from_millis(u64::try_from(place.as_millis()).unwrap_or(u64::MAX));
    Some(EventTime::AfterLoad(place))
}

/// The words of the event, with its time and its name said.
fn settled(said: &Map<String, Value>, at: &EventTime, number: u64) -> Value {
    let mut settled = said.clone();
    settled.remove("in");
    match at {
        EventTime::At(instant) => settled.insert("at".into(), json!(instant.rfc3339_millis())),
        EventTime::AfterLoad(place) => settled.insert("at".into(), json!(format_duration(*place))),
        EventTime::AfterStart(_) | EventTime::AfterPoll(..) => None,
    };
    if let Some(Value::Object(maintenance)) = settled.get_mut("maintenance") {
        maintenance.entry("id").or_insert_with(|| json!(maintenance_id(number)));
    }
    Value::Object(settled)
}

/// Where an event would have the server read a file.
fn names_a_file(said: &Map<String, Value>) -> Option<String> {
    let is_file = |value: &Value| value.get("file").is_some();
    let set = said.get("set").and_then(Value::as_object).into_iter().flatten();
    let set = set.filter(|(_, value)| is_file(value)).map(|(path, _)| format!("set.{path:?}")).next();
    let user_data = said.get("facts").and_then(|facts| facts.get("user-data")).filter(|value| is_file(value));
    set.or_else(|| user_data.map(|_| "facts.user-data".to_owned()))
}

/// A fact that several paths tell, changed in one path only, is worth a word.
fn warn_of_facts(root: &Section<'_>, event: &Event, scenario: &Scenario) {
    if !scenario.http.profile.follows_instance() {
        return;
    }
    let named = |name: &String| scenario.guests.iter().find(|guest| guest.name == *name);
    let instance: &Instance =
        event.instance.as_ref().and_then(named).map_or(&scenario.instance, |guest| &guest.instance);
    let Some(set) = root.get("set").filter(|item| item.kind() == "table").and_then(|item| item.section())
    else {
        return;
    };
    for (path, item) in set.entries() {
        let path = normal(path);
        let value = event.effects.iter().find_map(|effect| match effect {
            EventEffect::Set(set, Override::Value(value)) if set == path => Some(&value.bytes),
            _ => None,
        });
        if let Some(value) = value {
            contradictions::override_of_a_fact(&item, path, value, instance);
        }
    }
}

/// An order's words, and the same in TOML.
pub(super) fn as_toml<'j>(
    name: &str,
    json: &'j Value,
) -> Result<(&'j Map<String, Value>, SourceText), Report> {
    let Value::Object(said) = json else {
        return Err(whole(name, "is no object", "accepted: an object with the keys of the scenario file"));
    };
    let text = toml::to_string(json).map_err(|error| {
        whole(name, &format!("cannot be written as TOML: {error}"), "accepted: no null, no number over 2^63")
    })?;
    Ok((said, SourceText::new(name, text)))
}

pub(super) fn whole(name: &str, found: &str, help: &str) -> Report {
    Report::whole(name, found, help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MaintenanceState, NamedInstance};

    const NOW: Timestamp = Timestamp::from_millis(1_795_230_851_250);

    fn scenario() -> Scenario {
        let instance = Instance::default();
        let guest =
            NamedInstance { name: "web".into(), networks: vec![], host: true, derive: false, instance };
        Scenario { guests: vec![guest], ..Scenario::default() }
    }

    fn order_at(json: &Value, now: Timestamp) -> Result<LiveEvent, Report> {
        event_from_json(
            json,
            &scenario(),
            OrderTime { now, elapsed: Duration::from_millis(90_250), before: 0 },
        )
    }

    fn order(json: &Value) -> LiveEvent {
        order_at(json, NOW)
            .unwrap_or_else(|report| panic!("expected that {json} is accepted, found:\n{report}"))
    }

    #[test]
    fn an_event_happens_now_unless_it_says_when() {
        assert_eq!(order(&json!({"clear": "all"})).event.at, EventTime::At(NOW));
        let at = |json| order(&json).event.at;
        assert_eq!(
            at(json!({"clear": "all", "in": "30s"})),
            EventTime::AfterLoad(Duration::from_millis(120_250))
        );
        assert_eq!(at(json!({"clear": "all", "at": "30s"})), EventTime::AfterLoad(Duration::from_secs(30)));
        assert_eq!(
            at(json!({"clear": "all", "at": "start+30s"})),
            EventTime::AfterStart(Duration::from_secs(30))
        );
        assert_eq!(
            at(json!({"clear": "all", "at": "2026-11-21T03:14:11.25Z"})),
            EventTime::At(Timestamp::from_millis(1_795_230_851_250))
        );
        let poll = at(json!({"clear": "all", "after-poll": "meta-data/spot"}));
        assert_eq!(poll, EventTime::AfterPoll("meta-data/spot".into(), Duration::ZERO));
    }

    #[test]
    fn what_is_kept_is_the_same_event_whenever_it_is_read() {
        for json in [
            json!({"clear": "all"}),
            json!({"spot-interruption": {"notice": "1m"}, "in": "1h30s", "instance": "web"}),
            json!({"maintenance": {"not-before": "1h"}}),
            json!({"maintenance": {"id": "instance-event-0d59937288b749b32"}, "at": "start+1s"}),
            json!({"set": {"meta-data/a": "x", "meta-data/b": false}, "after-poll": "meta-data/a", "at": "1m"}),
            json!({"rebalance-recommendation": {}, "repeat": "1h", "until": "6h", "at": "2030-01-01T00:00:00+02:00"}),
            json!({"tags": {"Name": "a", "Old": false}, "unset": ["meta-data/c"], "first-n-clients": 2}),
        ] {
            let first = order(&json);
            let again =
                order_at(&first.json, NOW.plus(Duration::from_hours(1))).expect("it was accepted once");
            assert_eq!((&again.event, &again.json), (&first.event, &first.json), "of {json}");
        }
    }

    #[test]
    fn maintenance_events_have_ids_of_their_own() {
        let id = |json: &Value, now| match &order_at(json, now).expect("it is accepted").event.effects[..] {
            [EventEffect::Maintenance(notice)] => (notice.id.clone(), notice.state),
            other => panic!("expected maintenance, found {other:?}"),
        };
        let json = json!({"maintenance": {}});
        let (first, second) = (id(&json, NOW), id(&json, NOW.plus(Duration::from_millis(1))));
        assert_ne!(first, second);
        let moment = |before| OrderTime { now: NOW, elapsed: Duration::ZERO, before };
        let [one, other] = [0, 1].map(|before| event_from_json(&json, &scenario(), moment(before)));
        assert_ne!(
            one.expect("it is accepted").event,
            other.expect("it is accepted").event,
            "in one millisecond"
        );
        assert_eq!(first.1, MaintenanceState::Active);
    }

    #[test]
    fn what_is_wrong_is_said_of_the_event_in_toml() {
        for (json, expected) in [
            (json!([]), "the event: error: is no object"),
            (json!({}), "the event does nothing"),
            (json!({"clear": null}), "the event: error: cannot be written as TOML"),
            (
                json!({"clear": "everything"}),
                "the event:1:9: error: clear is \"everything\"\n  1 | clear = \"everything\"\n",
            ),
            (json!({"clear": "all", "in": "soon"}), "in is \"soon\""),
            (json!({"clear": "all", "in": 30}), "in is an integer"),
            (json!({"clear": "all", "in": "1s", "at": "1s"}), "both in and at"),
            (json!({"clear": "all", "in": "1s", "after-poll": "meta-data"}), "both in and at"),
            (json!({"clear": "all", "instance": "wob"}), "there is no instance \"wob\""),
            (json!({"claer": "all"}), "did you mean \"clear\"?"),
            (json!({"set": {"x": "y"}}), "\"x\" is not a path of the tree"),
            (json!({"set": {"user-data": {"file": "/etc/passwd"}}}), "names a file in set.\"user-data\""),
            (json!({"facts": {"user-data": {"file": "x"}}}), "names a file in facts.user-data"),
            (json!({"set": "x"}), "set is a string"),
        ] {
            let report = order_at(&json, NOW).expect_err("it is wrong").to_string();
            assert!(report.contains(expected), "expected {expected:?} of {json}, found:\n{report}");
        }
        let report = order_at(&json!({"set": {"x": "y"}}), NOW).expect_err("it is wrong");
        assert_eq!(report.problems.len(), 1, "one mistake, one problem:\n{report}");
    }

    #[test]
    fn a_fact_in_one_path_only_is_a_warning() {
        let ordered = order(&json!({"set": {"/latest/meta-data/instance-type": "t3.micro"}}));
        let warning = ordered.warnings.to_string();
        assert!(warning.contains("warning: only meta-data/instance-type changes"), "{warning}");
        assert_eq!(order(&json!({"set": {"meta-data/x": "y"}})).warnings.problems, []);
    }
}
