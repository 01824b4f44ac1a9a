//! Orders that add an event or a fault while the server runs: JSON in the words of the scenario file, and `in`, a time
//! from now.
//!
//! An order is read as TOML: the report of a mistake has its line and a caret.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::named_files::NamedFiles;
use super::overrides::normal;
use super::warnings::{self, ServedPaths};
use super::{contradictions, event, fault};
use crate::config::{Item, Report, Section, SourceText, parse};
use crate::model::fault::{Fault, FaultStart, MAX_FAULTS};
use crate::model::{
    Event, EventEffect, EventTime, FaultName, Instance, Override, Scenario, Timestamp, format_duration,
};

/// The keys and values of an order.
type Words = Map<String, Value>;

/// Something that can be ordered while the server runs: an item of a list of the scenario file.
pub(crate) trait LiveItem: Sized {
    /// The order in reports, in the place of a file's name.
    const NAME: &'static str;

    /// Rejects an order before it is read.
    fn check(words: &Words, time: OrderTime) -> Result<(), Report>;

    fn read(root: &Section<'_>, scenario: &Scenario, time: OrderTime) -> Option<Self>;

    /// Warns of paths that nothing serves.
    fn warn_of_paths(root: &Section<'_>, served: impl FnOnce() -> ServedPaths);

    /// Writes into an order what else depends on when it was ordered.
    fn pin(&self, words: &mut Words, time: OrderTime);
}

/// The time of an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderTime {
    pub now: Timestamp,
    pub elapsed: Duration,
    /// Items of its kind that are there already, those of the file included. With the time it tells one order from
    /// another.
    pub before: usize,
    /// The milliseconds by which the wall clock, in which people write instants, is ahead of the scenario's calendar.
    pub wall_ahead: i64,
}

impl OrderTime {
    /// An instant of the wall clock on the scenario's calendar.
    fn on_calendar(self, instant: Timestamp) -> Timestamp {
        instant.shifted(SignedDuration::from_millis(self.wall_ahead.saturating_neg()))
    }
}

/// An order that can be carried out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckedOrder<T> {
    pub item: T,
    /// The order without anything that depends on when it was ordered: read again, it gives the same item.
    pub order: Value,
    pub warnings: Report,
}

/// Reads an order for a scenario.
pub(crate) fn read_order<T: LiveItem>(
    order: &Value,
    scenario: &Scenario,
    time: OrderTime,
) -> Result<CheckedOrder<T>, Report> {
    read_and_warn(order, scenario, time, |_| {})
}

/// [`read_order`] of one that somebody gives now, who is told of paths that nothing serves: neither the scenario, nor what
/// these events set.
pub(crate) fn read_new_order<T: LiveItem>(
    order: &Value,
    scenario: &Scenario,
    time: OrderTime,
    events: &[&Event],
) -> Result<CheckedOrder<T>, Report> {
    read_and_warn(order, scenario, time, |root| {
        // Else the tables of paths say nothing.
        if scenario.http.profile.follows_instance() && !root.has_errors() {
            T::warn_of_paths(root, || ServedPaths::with_events(scenario, events));
        }
    })
}

fn read_and_warn<T: LiveItem>(
    order: &Value,
    scenario: &Scenario,
    time: OrderTime,
    warn: impl FnOnce(&Section<'_>),
) -> Result<CheckedOrder<T>, Report> {
    let Value::Object(words) = order else {
        let help = "accepted: an object with the keys of the scenario file";
        return Err(Report::whole(T::NAME, "is no object", help));
    };
    T::check(words, time)?;
    let text = toml::to_string(order).map_err(|error| {
        let found = format!("cannot be written as TOML: {error}");
        Report::whole(T::NAME, found, "accepted: no null, no number over 2^63")
    })?;
    let (item, warnings) = parse(&SourceText::new(T::NAME, text), |root| {
        let item = T::read(root, scenario, time);
        warn(root);
        item
    })?;
    // Without an error there is an item.
    let item = item.ok_or_else(|| warnings.clone())?;
    let mut pinned = words.clone();
    pinned.remove("in");
    item.pin(&mut pinned, time);
    Ok(CheckedOrder { item, order: Value::Object(pinned), warnings })
}

/// The place on the timeline that `in` names, in whole milliseconds, as the clock counts.
fn place_within(item: &Item<'_>, time: OrderTime) -> Option<Duration> {
    Some(whole_millis(time.elapsed.saturating_add(item.duration()?)))
}

fn whole_millis(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// Paths that one order may change: all of them are looked at, and answered, at once.
const MAX_PATHS: usize = 1_000;

// === Events ===

/// Unless it says when, an event happens now.
impl LiveItem for Event {
    const NAME: &'static str = "the event";

    fn check(words: &Words, _: OrderTime) -> Result<(), Report> {
        let paths = paths(words);
        if paths > MAX_PATHS {
            let help = format!(
                "accepted: at most {MAX_PATHS} in set, unset and tags of one order; give several orders, or put \
                 the paths into [metadata] of a scenario"
            );
            return Err(Report::whole(Self::NAME, format!("has {paths} paths"), help));
        }
        let Some(place) = file_reference(words) else { return Ok(()) };
        Err(Report::whole(
            Self::NAME,
            format!("names a file in {place}; the server reads none for its clients"),
            "accepted: { text = \"…\" } or { base64 = \"…\" }; `mock-imds set PATH --file FILE` sends what a file holds",
        ))
    }

    fn read(root: &Section<'_>, scenario: &Scenario, time: OrderTime) -> Option<Self> {
        let when = event_time(root, time);
        let mut event =
            event::read(root, order_number(time), &NamedFiles::relative_to(Path::new("")), scenario)?;
        for time_of in [Some(&mut event.at), event.until.as_mut()].into_iter().flatten() {
            if let EventTime::At(instant) = time_of {
                *instant = time.on_calendar(*instant);
            }
        }
        if let Some(when) = when {
            event.at = when;
        }
        contradictions::event_has_its_instance(root, &event, scenario);
        warn_of_facts(root, &event, scenario);
        Some(event)
    }

    fn warn_of_paths(root: &Section<'_>, served: impl FnOnce() -> ServedPaths) {
        warnings::of_event(root, served);
    }

    fn pin(&self, words: &mut Words, time: OrderTime) {
        match &self.at {
            EventTime::At(instant) => words.insert("at".into(), json!(instant.rfc3339_millis())),
            EventTime::AfterLoad(place) => words.insert("at".into(), json!(format_duration(*place))),
            EventTime::AfterStart(_) | EventTime::AfterPoll(..) => None,
        };
        if let Some(EventTime::At(instant)) = &self.until {
            words.insert("until".into(), json!(instant.rfc3339_millis()));
        }
        if let Some(Value::Object(maintenance)) = words.get_mut("maintenance") {
            let id = || json!(event::maintenance_id(order_number(time)));
            maintenance.entry("id").or_insert_with(id);
        }
    }
}

/// The number of paths that an event names.
fn paths(words: &Words) -> usize {
    let length = |key: &str| match words.get(key) {
        Some(Value::Object(entries)) => entries.len(),
        Some(Value::Array(elements)) => elements.len(),
        _ => 0,
    };
    ["set", "unset", "tags"].map(length).iter().sum()
}

fn order_number(time: OrderTime) -> u64 {
    time.now.as_millis().saturating_add(time.before as u64)
}

/// The time of the event, unless its words of `[[event]]` have it.
fn event_time(root: &Section<'_>, time: OrderTime) -> Option<EventTime> {
    let has_time = root.get("at").or_else(|| root.get("after-poll")).is_some();
    let Some(item) = root.get("in") else { return (!has_time).then_some(EventTime::At(time.now)) };
    if has_time {
        item.error("both in and at, or after-poll, are set", "accepted: one of them");
        return None;
    }
    place_within(&item, time).map(EventTime::AfterLoad)
}

/// The key by which an event would have the server read a file.
fn file_reference(words: &Words) -> Option<String> {
    let is_file = |value: &Value| value.get("file").is_some();
    let set = words.get("set").and_then(Value::as_object).into_iter().flatten();
    let set = set.filter(|(_, value)| is_file(value)).map(|(path, _)| format!("set.{path:?}")).next();
    let user_data = words.get("facts").and_then(|facts| facts.get("user-data"));
    let started = words.get("stop-start").and_then(|started| started.get("user-data"));
    set.or_else(|| user_data.filter(|value| is_file(value)).map(|_| "facts.user-data".to_owned()))
        .or_else(|| started.filter(|value| is_file(value)).map(|_| "stop-start.user-data".to_owned()))
}

/// Warns of an event that changes one path of a fact that several paths show.
fn warn_of_facts(root: &Section<'_>, event: &Event, scenario: &Scenario) {
    if !scenario.http.profile.follows_instance() {
        return;
    }
    let named = event.instance.as_ref().and_then(|name| scenario.named(name));
    let instance: &Instance = named.map_or(&scenario.instance, |named| &named.instance);
    let Some(set) = root.get("set").filter(|item| item.kind() == "table").and_then(|item| item.section())
    else {
        return;
    };
    let values = event.effects.iter().filter_map(|effect| match effect {
        EventEffect::Set(path, Override::Value(value)) => Some((path.as_str(), &value.bytes)),
        _ => None,
    });
    let values: BTreeMap<_, _> = values.collect();
    for (path, item) in set.entries() {
        let path = normal(path);
        if let Some(value) = values.get(path) {
            contradictions::override_of_a_fact(&item, path, value, instance);
        }
    }
}

// === Faults ===

/// Unless it says from when, a fault acts whatever the clock shows; one that lasts for a time begins now.
impl LiveItem for Fault {
    const NAME: &'static str = "the fault";

    fn check(_: &Words, time: OrderTime) -> Result<(), Report> {
        if time.before < MAX_FAULTS {
            return Ok(());
        }
        let found = format!("too many faults: this would be number {}", time.before + 1);
        let help = format!("accepted: {MAX_FAULTS}; `mock-imds fault remove NAME` removes one");
        Err(Report::whole(Self::NAME, found, help))
    }

    fn read(root: &Section<'_>, scenario: &Scenario, time: OrderTime) -> Option<Self> {
        let (within, from) = (root.get("in"), root.get("from"));
        let lasts = root.get("for").is_some();
        let mut fault = fault::read(root, scenario)?;
        fault.name = match root.get("name") {
            Some(name) => name.parse()?,
            None => FaultName::ordered(time.before + 1),
        };
        if let FaultStart::At(instant) = &mut fault.from {
            *instant = time.on_calendar(*instant);
        }
        match (within, from) {
            (Some(item), Some(_)) => item.error("both in and from are set", "accepted: one of them"),
            (Some(item), None) => fault.from = FaultStart::AfterLoad(place_within(&item, time)?),
            (None, None) if lasts => fault.from = FaultStart::AfterLoad(whole_millis(time.elapsed)),
            (None, _) => {}
        }
        Some(fault)
    }

    fn warn_of_paths(root: &Section<'_>, served: impl FnOnce() -> ServedPaths) {
        warnings::of_fault(root, served);
    }

    fn pin(&self, words: &mut Words, _: OrderTime) {
        let from = match self.from {
            FaultStart::AfterLoad(place) => format_duration(place),
            FaultStart::At(instant) => instant.rfc3339_millis(),
        };
        words.insert("from".into(), json!(from));
        words.insert("name".into(), json!(self.name.as_str()));
    }
}

#[cfg(test)]
mod tests;
