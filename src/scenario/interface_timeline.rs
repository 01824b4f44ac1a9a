//! Checks that the interfaces that events change are there by then, and that what they attach has a place.

use std::time::Duration;

use crate::config::Section;
use crate::imds::{accepted_where_each_has_its_own, identity_of_nobody};
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
    let named = scenario
        .named_instances
        .iter()
        .map(|named| (Some(named.name.as_str()), &named.instance, named.derive));
    for (name, base, is_each_its_own) in std::iter::once((None, &scenario.instance, false)).chain(named) {
        let concerns = |(_, index): &&(Duration, usize)| events[*index].1.concerns(name);
        let indices = timed.iter().filter(concerns).map(|(_, index)| *index);
        play(indices, events, (base, is_each_its_own), &mut outcomes);
    }
    for ((section, _), outcome) in events.iter().zip(outcomes) {
        if let (Some((found, help)), false) = (outcome.obstacle, outcome.is_possible) {
            section.error(found, help);
        }
    }
}

/// Plays the events of one instance. Where each client has an identity of its own, they know no interface but those that they
/// attach.
fn play(
    indices: impl Iterator<Item = usize>,
    events: &[(&Section<'_>, &Event)],
    (base, is_each_its_own): (&Instance, bool),
    outcomes: &mut [Outcome],
) {
    let mut known: Option<(Instance, Instance)> = None;
    for index in indices {
        let (base, instance) = known.get_or_insert_with(|| {
            let base = if is_each_its_own { identity_of_nobody(base) } else { base.clone() };
            (base.clone(), base)
        });
        let mut obstacle = None;
        for effect in &events[index].1.effects {
            match effect {
                EventEffect::Interface(change) => {
                    let mut found = timeline::change_interface_at_once(instance, change);
                    if let (Some((_, help)), true) = (&mut found, is_each_its_own) {
                        *help = accepted_where_each_has_its_own(change, help);
                    }
                    obstacle = obstacle.or(found);
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
