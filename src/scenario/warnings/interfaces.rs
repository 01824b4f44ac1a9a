//! Overrides that hide what an event changes of an interface.

use std::collections::BTreeSet;

use super::sections::{table, tables};
use crate::config::Section;
use crate::model::{Event, EventEffect, InterfaceChange, InterfaceName, MacAddress, Scenario};
use crate::scenario::overrides::normal;

const MACS: &str = "meta-data/network/interfaces/macs";

/// Warns of events that change an interface, of which `[metadata]` or a `set` overrides something: that takes precedence.
pub(super) fn add(root: &Section<'_>, scenario: &Scenario) {
    let sections = tables(root, "event");
    if sections.len() != scenario.events.len() {
        return;
    }
    let changes =
        |event: &Event| event.effects.iter().any(|effect| matches!(effect, EventEffect::Interface(_)));
    if !scenario.events.iter().any(changes) {
        return;
    }
    let named = scenario.named_instances.iter().map(|named| &named.instance);
    let overridden =
        std::iter::once(&scenario.instance).chain(named).flat_map(|i| i.overrides.keys().cloned());
    let sets = sections.iter().filter_map(|event| table(event, "set"));
    let set = sets
        .flat_map(|set| set.entries().iter().map(|(path, _)| normal(path).to_owned()).collect::<Vec<_>>());
    let paths: BTreeSet<String> = overridden.chain(set).collect();
    for (section, event) in sections.iter().zip(&scenario.events) {
        for mac in event.effects.iter().filter_map(|effect| changed(effect, scenario)) {
            let directory = format!("{MACS}/{mac}");
            let below = format!("{directory}/");
            let hides = |path: &&String| {
                path.starts_with(&below) || **path == directory || directory.starts_with(&format!("{path}/"))
            };
            if let Some(path) = paths.iter().find(hides) {
                section.warn(
                    format!("{path} is overridden: what this event changes there is not seen"),
                    "leave the override out: the leaves of an interface follow from its event",
                );
            }
        }
    }
}

/// The interface that an effect changes.
fn changed(effect: &EventEffect, scenario: &Scenario) -> Option<MacAddress> {
    let EventEffect::Interface(change) = effect else { return None };
    let name = match change {
        InterfaceChange::Attach(interface) => return Some(interface.mac.clone()),
        InterfaceChange::Detach(name)
        | InterfaceChange::Modify { interface: name, .. }
        | InterfaceChange::Hide { interface: name, .. } => name,
        InterfaceChange::Assign(change) | InterfaceChange::Unassign(change) => &change.interface,
    };
    match name {
        InterfaceName::Mac(mac) => Some(mac.clone()),
        InterfaceName::Id(_) => {
            let interfaces = &scenario.instance.interfaces;
            interfaces.iter().find(|interface| name.names(interface)).map(|interface| interface.mac.clone())
        }
    }
}
