//! Checks that the interfaces that events change are there by then, and that what they attach has a place.

use std::time::Duration;

use crate::config::Section;
use crate::model::{ClearTarget, Event, EventEffect, EventTime, Instance, Scenario, timeline};

/// What one event meets on the instances that it concerns.
#[derive(Default)]
struct Outcome {
    is_possible: bool,
    obstacle: Option<(String, &'static str)>,
}

/// Plays the events that change interfaces, in the order of their times. Where that order depends on what clients do or on
/// the time of the load, nothing is said.
pub(super) fn check(events: &[(&Section<'_>, &Event)], scenario: &Scenario) {
    let changes = |event: &Event| {
        event.effects.iter().any(|effect| {
            matches!(
                effect,
                EventEffect::Interface(_) | EventEffect::Clear(ClearTarget::All | ClearTarget::Network)
            )
        })
    };
    if !events
        .iter()
        .any(|(_, event)| event.effects.iter().any(|effect| matches!(effect, EventEffect::Interface(_))))
    {
        return;
    }
    let mut timed: Vec<(Duration, usize)> = Vec::new();
    for (index, (_, event)) in events.iter().enumerate().filter(|(_, (_, event))| changes(event)) {
        match event.at {
            EventTime::AfterLoad(at) if event.repeat.is_none() && event.client.is_none() => {
                timed.push((at, index));
            }
            _ => return,
        }
    }
    timed.sort_by_key(|(at, _)| *at);
    let mut outcomes: Vec<Outcome> = events.iter().map(|_| Outcome::default()).collect();
    let named = scenario.named_instances.iter().map(|named| (Some(named.name.as_str()), &named.instance));
    for (name, base) in std::iter::once((None, &scenario.instance)).chain(named) {
        let concerns = |(_, index): &&(Duration, usize)| events[*index].1.concerns(name);
        play(timed.iter().filter(concerns).map(|(_, index)| *index), events, base, &mut outcomes);
    }
    for ((section, _), outcome) in events.iter().zip(outcomes) {
        if let (Some((found, help)), false) = (outcome.obstacle, outcome.is_possible) {
            section.error(found, help);
        }
    }
}

/// Plays the events of one instance.
fn play(
    indices: impl Iterator<Item = usize>,
    events: &[(&Section<'_>, &Event)],
    base: &Instance,
    outcomes: &mut [Outcome],
) {
    let mut present: Option<Instance> = None;
    for index in indices {
        let instance = present.get_or_insert_with(|| base.clone());
        let mut obstacle = None;
        for effect in &events[index].1.effects {
            match effect {
                EventEffect::Interface(change) => {
                    obstacle = obstacle.or(timeline::change_interface_at_once(instance, change));
                }
                EventEffect::Clear(ClearTarget::All | ClearTarget::Network) => {
                    instance.interfaces.clone_from(&base.interfaces);
                }
                _ => {}
            }
        }
        let outcome = &mut outcomes[index];
        outcome.is_possible |= obstacle.is_none();
        outcome.obstacle = outcome.obstacle.take().or(obstacle);
    }
}
