//! What can be ordered of a running server: events and faults, and all that differs between them.

use serde_json::Value;

use super::{describe, describe_fault, redact};
use crate::clock;
use crate::config::Report;
use crate::control::api::{LatePath, LiveOrder, OrderPreview, PathPreview};
use crate::imds::{Fleet, FleetChange, FleetItem, PathChange, PendingPath};
use crate::model::fault::Fault;
use crate::model::{Event, Timestamp};
use crate::scenario::LiveItem;
use crate::server::ServiceState;

/// A kind of items that can be ordered: all that differs between them.
pub(super) trait OrderedItem: LiveItem + Send + 'static {
    const INDEFINITE: &'static str;

    /// The words with what tells the item from others.
    fn named(words: Value, fleet: &Fleet) -> Value;

    /// The index that the item of these words gets.
    fn index(words: &Value, fleet: &Fleet) -> usize;

    fn before_adding(_: &ServiceState, _index: usize) {}

    /// Rejects an item that the fleet has at `index` if what it changes is not there.
    fn check_place(_: &Fleet, _index: usize, _now: Timestamp) -> Result<(), Report> {
        Ok(())
    }

    fn adding(item: FleetItem<Self>, now: Timestamp) -> FleetChange;

    fn order(words: Value) -> LiveOrder;

    /// The effect of the item at `index`, and one line that says so.
    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String);
}

impl OrderedItem for Event {
    const INDEFINITE: &'static str = "an event";

    fn index(_: &Value, fleet: &Fleet) -> usize {
        fleet.events().len()
    }

    /// A device number that is free, if an interface is attached without one.
    fn named(mut words: Value, fleet: &Fleet) -> Value {
        let name = words.get("instance").and_then(Value::as_str).map(str::to_owned);
        let client = words.get("client").and_then(Value::as_str).and_then(|client| client.parse().ok());
        if let Some(Value::Object(interface)) = words.get_mut("attach-interface")
            && !interface.contains_key("device-number")
        {
            let card = interface.get("network-card").and_then(Value::as_u64).unwrap_or(0);
            let now = fleet.now(clock::read());
            if let Some(number) = fleet.free_device_number(name.as_deref(), client, card, now) {
                interface.insert("device-number".to_owned(), number.into());
            }
        }
        words
    }

    fn check_place(fleet: &Fleet, index: usize, now: Timestamp) -> Result<(), Report> {
        match fleet.obstacle(index, now) {
            Some((found, help)) => {
                Err(Report::whole(Self::NAME, format!("the change is impossible: {found}"), help))
            }
            None => Ok(()),
        }
    }

    fn adding(item: FleetItem<Self>, now: Timestamp) -> FleetChange {
        FleetChange::Event(Box::new(item), now)
    }

    fn order(words: Value) -> LiveOrder {
        LiveOrder::Event(redact::event(&words))
    }

    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String) {
        let event = &fleet.events()[index];
        let preview = fleet.preview(index, now);
        let effects: Vec<_> =
            event.effects.iter().map(|effect| describe::effect(effect, preview.at)).collect();
        let message = describe::line(event, &effects, &preview, fleet.events(), fleet.clock().date(now));
        let path = |(path, change): (&String, &PathChange)| PathPreview {
            path: path.clone(),
            change: (*change).into(),
        };
        let paths = preview.paths.iter().map(path).collect();
        let late = |path: &PendingPath| LatePath {
            path: path.path.clone(),
            shown: path.shown.to_owned(),
            until: path.until.map(|at| fleet.clock().date(at)),
            instance: path.instance.clone(),
        };
        let late = preview.pending.iter().map(late).collect();
        (OrderPreview::Event { at: preview.at, in_effect: preview.happened, effects, paths, late }, message)
    }
}

impl OrderedItem for Fault {
    const INDEFINITE: &'static str = "a fault";

    fn named(mut words: Value, fleet: &Fleet) -> Value {
        if let Some(words) = words.as_object_mut() {
            words.entry("name").or_insert_with(|| fleet.fault_list().free_name().as_str().into());
        }
        words
    }

    /// That of the fault with the same name, which it replaces.
    fn index(words: &Value, fleet: &Fleet) -> usize {
        let name = words.get("name").and_then(Value::as_str).and_then(|name| name.parse().ok());
        let replaced = name.and_then(|name| fleet.fault_list().position(&name));
        replaced.unwrap_or(fleet.faults().len())
    }

    /// Another fault may have had this number.
    fn before_adding(service: &ServiceState, index: usize) {
        service.restart_fault_counters(index);
    }

    fn adding(item: FleetItem<Self>, _: Timestamp) -> FleetChange {
        FleetChange::Fault(Box::new(item))
    }

    fn order(words: Value) -> LiveOrder {
        LiveOrder::Fault(redact::fault(&words))
    }

    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String) {
        let fault = describe_fault::status(fleet, index, 0, now);
        let message = format!("{}: {}; {}", fault.name, fault.what, fault.when);
        (OrderPreview::Fault { name: fault.name, number: index, on: fault.on }, message)
    }
}
