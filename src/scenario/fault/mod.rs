//! `[[fault]]`: the fault rules. The control socket takes faults with the same keys.

mod effects;
mod response;

use std::collections::BTreeSet;
use std::time::Duration;

use super::assign::set_if_some;
use super::contradictions;
use crate::config::{INSTANTS, Item, Section, parse_duration};
use crate::model::fault::{
    EffectKey, Fault, FaultEffect, FaultEndpoint, FaultStart, MAX_FAULTS, Method, Probability,
};
use crate::model::{FaultName, Scenario};

pub(super) use response::{read_headers, reject_real_keys};

/// Reads all faults of a scenario.
pub(crate) fn read_all(item: &Item<'_>, scenario: &Scenario) -> Vec<Fault> {
    let sections = item.sections().unwrap_or_default();
    if sections.len() > MAX_FAULTS {
        item.error_at_key(
            format!("{} faults", sections.len()),
            format!("accepted: at most {MAX_FAULTS}; a path with * or ** stands for many"),
        );
    }
    let names = names(&sections);
    let each = sections.iter().zip(names);
    each.filter_map(|(section, name)| Some(Fault { name, ..read(section, scenario)? })).collect()
}

/// The name of each fault. One without a name has one that does not depend on the others, unless they have taken it.
fn names(sections: &[Section<'_>]) -> Vec<FaultName> {
    let mut taken = BTreeSet::new();
    let mut given = Vec::new();
    for section in sections {
        let item = section.get("name");
        let name = item.as_ref().and_then(Item::parse::<FaultName>);
        if let (Some(item), Some(name)) = (&item, &name)
            && !taken.insert(name.clone())
        {
            item.error(format!("another fault has the name \"{name}\""), "accepted: a name for each fault");
        }
        given.push(name);
    }
    let mut name = |(index, given): (usize, Option<FaultName>)| {
        given.unwrap_or_else(|| {
            let mut free = (index + 1..).map(FaultName::in_file).filter(|name| !taken.contains(name));
            let free = free.next().expect("numbers do not end");
            taken.insert(free.clone());
            free
        })
    };
    given.into_iter().enumerate().map(&mut name).collect()
}

/// Reads one fault. The scenario has the instances that it may name.
pub(crate) fn read(section: &Section<'_>, scenario: &Scenario) -> Option<Fault> {
    let problems = section.problems();
    let items = effects::items(section);
    let [after, count, probability, seed] =
        ["after-n", "count", "probability", "seed"].map(|key| section.get(key));
    if let Some(throttle) = &items.throttle {
        for item in [&after, &count, &probability, &seed].into_iter().flatten() {
            effects::reject_combination(item, throttle, "throttle counts requests by itself");
        }
    }
    if let Some(connection) = &items.connection {
        let of_requests = ["path", "methods", "instance"].map(|key| section.get(key));
        let counted = [&after, &count, &probability, &seed].into_iter();
        for item in of_requests.iter().chain(counted).flatten() {
            effects::reject_combination(item, connection, "a connection that fails brings no request");
        }
    }
    let effect = effects::read(&items);
    let mut fault = Fault::always(effect.clone().unwrap_or(FaultEffect::Hang));
    // Its readers name it: one sees all faults of the file.
    let _ = section.get("name");
    set_if_some(&mut fault.path, section.read("path", Item::parse));
    set_if_some(&mut fault.methods, section.read("methods", methods));
    set_if_some(&mut fault.clients, section.read("clients", |item| some_of(item, Item::parse)));
    fault.endpoint = section.read("endpoint", Item::choice::<FaultEndpoint>);
    fault.instance = section.read("instance", Item::line);
    contradictions::instance_is_there(section, fault.instance.as_deref(), scenario);
    set_if_some(&mut fault.from, section.read("from", start));
    fault.lasts = section.read("for", lasting);
    let after = after.and_then(|item| item.integer(0..=u32::MAX.into())).and_then(|n| n.try_into().ok());
    set_if_some(&mut fault.after, after);
    fault.count = count.and_then(|item| item.integer(1..=u32::MAX.into())).and_then(|n| n.try_into().ok());
    let chance = probability.as_ref().and_then(Item::fraction).and_then(Probability::new);
    set_if_some(&mut fault.probability, chance);
    let number = seed.as_ref().and_then(|item| item.integer(0..=i64::MAX));
    set_if_some(&mut fault.seed, number.and_then(|number| number.try_into().ok()));
    section.finish();
    // An effect with an error has been reported.
    if effect.is_none() && section.problems() == problems {
        section.error(
            "the fault does nothing",
            format!("accepted: at least one of {}", EffectKey::names().collect::<Vec<_>>().join(", ")),
        );
    }
    if let (Some(seed), Some(effect), true) = (&seed, &effect, fault.probability == Probability::ALWAYS)
        && !effect.is_random()
    {
        seed.warn(
            format!("{} has no effect: nothing is random", seed.name()),
            "only probability, and latency from min to max, use it",
        );
    }
    effect.map(|_| fault)
}

fn methods(item: &Item<'_>) -> Option<Vec<Method>> {
    some_of(item, Item::choice::<Method>)
}

/// Reads an array that is not empty: an empty one would mean all, and look like none.
fn some_of<'a, T>(item: &Item<'a>, read: impl Fn(&Item<'a>) -> Option<T>) -> Option<Vec<T>> {
    let items = item.array()?;
    if items.is_empty() {
        item.error(
            format!("{} is empty", item.name()),
            "accepted: at least one; without the key it is all of them",
        );
    }
    let all: Vec<Option<T>> = items.iter().map(read).collect();
    all.into_iter().collect()
}

/// Reads `"30s"` after loading, or an instant.
fn start(item: &Item<'_>) -> Option<FaultStart> {
    let accepted = format!("a duration after loading such as \"1m30s\", or {INSTANTS}");
    match item.kind() {
        "string" => {}
        "datetime" => return item.instant().map(|instant| FaultStart::At(instant.into())),
        _ => return item.no_duration(&accepted),
    }
    let text = item.string()?;
    let at = || text.parse::<jiff::Timestamp>().ok().map(|instant| FaultStart::At(instant.into()));
    parse_duration(text).map(FaultStart::AfterLoad).or_else(at).or_else(|| {
        item.error(format!("{} is {text:?}", item.name()), format!("accepted: {accepted}"));
        None
    })
}

fn lasting(item: &Item<'_>) -> Option<Duration> {
    let lasts = item.duration()?;
    if lasts.is_zero() {
        item.error(format!("{} is zero", item.name()), "accepted: a duration above 0");
        return None;
    }
    Some(lasts)
}

#[cfg(test)]
mod tests;
