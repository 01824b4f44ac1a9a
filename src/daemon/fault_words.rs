//! The keys of a fault that is served, as an order could have them: what changes some of them changes this.

use jiff::SignedDuration;
use serde_json::{Map, Value};
use toml::Table;

use crate::config::Report;
use crate::imds::Fleet;
use crate::model::{FaultName, Timestamp};

const NAME: &str = "the fault";

/// The fault that `changes` names, with the keys that they have. Null removes a key. `text` is that of the scenario.
pub(super) fn merged(fleet: &Fleet, text: &str, changes: &Value) -> Result<Value, Report> {
    let Value::Object(changes) = changes else {
        return Err(Report::whole(
            NAME,
            "is no object",
            "accepted: an object with a name and the keys to change",
        ));
    };
    let Some(name) = changes.get("name").and_then(Value::as_str) else {
        return Err(Report::whole(
            NAME,
            "has no name",
            "accepted: {\"name\": \"NAME\"} and the keys to change",
        ));
    };
    let index = position(fleet, name)?;
    let order = fleet.faults()[index].order().map(|order| Value::clone(order));
    let mut words = match order.unwrap_or_else(|| of_file(fleet, text, name)) {
        Value::Object(words) => words,
        _ => Map::new(),
    };
    // With another duration it begins now, unless the change says when.
    if ["in", "from", "for"].iter().any(|key| changes.contains_key(*key)) {
        words.remove("from");
    } else {
        keep_beginning(&mut words, fleet.clock().wall_ahead());
    }
    for (key, value) in changes {
        match value {
            Value::Null => _ = words.remove(key),
            value => _ = words.insert(key.clone(), value.clone()),
        }
    }
    Ok(Value::Object(words))
}

/// Writes when a fault begins as an order has it.
fn keep_beginning(words: &mut Map<String, Value>, wall_ahead: i64) {
    // In the file it is the load; in an order it would be now.
    let from = words.entry("from").or_insert_with(|| "0s".into());
    // It is on the calendar; an order has instants of the wall clock.
    if let Some(Ok(instant)) = from.as_str().map(str::parse::<jiff::Timestamp>) {
        let by_wall = Timestamp::from(instant).shifted(SignedDuration::from_millis(wall_ahead));
        *from = by_wall.rfc3339_millis().into();
    }
}

/// The index of the fault of this name, which is in force.
pub(super) fn position(fleet: &Fleet, name: &str) -> Result<usize, Report> {
    let parsed = name.parse::<FaultName>().ok();
    let found = parsed.as_ref().and_then(|name| fleet.fault_list().position(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = fleet.faults().iter().map(|fault| fault.name.as_str()).collect();
        let help = if names.is_empty() {
            "`mock-imds fault` injects one".to_owned()
        } else {
            format!("accepted: {}", names.join(", "))
        };
        Report::whole(NAME, format!("there is no fault {name:?}"), help)
    })
}

/// A fault of the scenario in its words, by the place that it has there.
fn of_file(fleet: &Fleet, text: &str, name: &str) -> Value {
    let place = fleet.scenario().faults.iter().position(|fault| fault.name.as_str() == name);
    let table: Table = text.parse().unwrap_or_default();
    let words = place.and_then(|place| table.get("fault")?.as_array()?.get(place).cloned());
    words.map_or(Value::Null, json)
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(instant) => instant.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, json(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::config::SourceText;
    use crate::identity::KeyRing;
    use crate::imds::FleetChange;
    use crate::model::ClockReading;
    use crate::scenario::read;

    fn fleet(text: &str, reading: ClockReading) -> Fleet {
        let (scenario, _) = read(&SourceText::new("test", text), "/".as_ref()).expect("it is accepted");
        Fleet::compile(scenario, &Arc::new(KeyRing::generate([0; 32])), reading, reading.wall)
    }

    #[test]
    fn a_fault_that_is_changed_keeps_its_beginning() {
        let reading = ClockReading::from(Timestamp::from_secs(1_795_230_851));
        for (from, expected) in [
            ("", "0s"),
            ("from = \"10m\"\n", "10m"),
            // The wall clock was set a day ahead, in which orders are read.
            ("from = \"2026-11-30T00:00:00Z\"\n", "2026-12-01T00:00:00.000Z"),
        ] {
            let text = format!("[[fault]]\nname = \"a\"\nhang = true\nfor = \"1h\"\n{from}");
            let set = ClockReading { wall: reading.wall.plus(Duration::from_hours(24)), ..reading };
            let fleet = fleet(&text, reading).apply(FleetChange::WallClockSet(set));
            let merge = |change: Value| merged(&fleet, &text, &change).expect("it is there");
            assert_eq!(merge(json!({"name": "a", "probability": 0.5}))["from"], expected, "of {from:?}");
            assert_eq!(merge(json!({"name": "a", "for": "2h"})).get("from"), None, "it begins now");
        }
    }
}
