//! Changes of a fleet: the clock's entries follow the events that they are of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{LOADED, event, fleet, named};
use crate::imds::{Fleet, FleetChange, FleetItem, Ingress};
use crate::model::{Event, EventEffect, EventTime, Scenario, Timestamp};

fn after(seconds: u64) -> Timestamp {
    LOADED.plus(Duration::from_secs(seconds))
}

/// An event that waits for a request for `meta-data/NAME`.
fn waits_for(name: &str) -> Event {
    let path = format!("meta-data/{name}");
    event(EventTime::AfterPoll(path.clone(), Duration::ZERO), EventEffect::Unset(path))
}

fn order(fleet: &Fleet, event: Event) -> Fleet {
    fleet.apply(FleetChange::Event(Box::new(FleetItem::ordered(event, Arc::default())), LOADED))
}

/// After a request for `meta-data/NAME` at this second.
fn polled(fleet: &Fleet, name: &str, second: u64) -> Fleet {
    let poll = fleet.polled(fleet.matched(None), &["meta-data", name], after(second));
    fleet.apply(FleetChange::Polled(poll.expect("an event waits for it")))
}

/// The seconds after which events were polled, by their indices.
fn polls(fleet: &Fleet) -> BTreeMap<usize, u64> {
    fleet.clock().first_polls.iter().map(|(index, at)| (*index, at.as_secs())).collect()
}

#[test]
fn what_stays_when_others_are_taken_back_has_happened_when_it_did() {
    let all =
        ["a", "b", "c"].iter().fold(fleet(Scenario::default()), |all, name| order(&all, waits_for(name)));
    let polled = polled(&polled(&all, "a", 1), "c", 3);
    assert_eq!(polls(&polled), [(0, 1), (2, 3)].into());
    for (taken_back, expected) in [
        (&[0][..], &[(1, 3)][..]),
        (&[1], &[(0, 1), (1, 3)]),
        (&[2], &[(0, 1)]),
        (&[0, 1], &[(0, 3)]),
        (&[], &[(0, 1), (2, 3)]),
    ] {
        let events = taken_back.iter().copied().collect();
        let next = polled.apply(FleetChange::TakeBack { events, faults: [].into() });
        assert_eq!(next.events().len(), 3 - taken_back.len());
        assert_eq!(polls(&next), expected.iter().copied().collect(), "without {taken_back:?}");
    }
}

#[test]
fn a_poll_is_one_of_the_load_that_it_met() {
    let scenario = || Scenario { events: vec![waits_for("a")], ..Scenario::default() };
    let met = fleet(scenario());
    let poll = met.polled(met.matched(None), &["meta-data", "a"], after(5)).expect("an event waits");
    let loaded_later = Fleet::compile(scenario(), met.keys(), after(3), LOADED);
    assert_eq!(polls(&met.apply(FleetChange::Polled(poll.clone()))), [(0, 5)].into());
    assert_eq!(polls(&loaded_later.apply(FleetChange::Polled(poll))), [].into());
}

#[test]
fn events_of_another_scenario_continue_those_before() {
    let before = fleet(Scenario { events: vec![waits_for("f"), waits_for("gone")], ..Scenario::default() });
    let before = order(&order(&before, waits_for("a")), waits_for("b"));
    let before = [("f", 1), ("gone", 2), ("a", 3), ("b", 4)]
        .iter()
        .fold(before, |fleet, (name, second)| polled(&fleet, name, *second));
    assert_eq!(polls(&before), [(0, 1), (1, 2), (2, 3), (3, 4)].into());
    let next = || fleet(Scenario { events: vec![waits_for("new"), waits_for("f")], ..Scenario::default() });
    let orders = |kept: [bool; 2]| {
        [2, 3]
            .into_iter()
            .zip(kept)
            .map(|(index, kept)| kept.then(|| before.events()[index].clone()))
            .collect()
    };
    for (kept, expected) in [
        ([true, true], &[(1, 1), (2, 3), (3, 4)][..]),
        ([false, true], &[(1, 1), (2, 4)]),
        ([true, false], &[(1, 1), (2, 3)]),
        ([false, false], &[(1, 1)]),
    ] {
        let next = next().continuing(&before, orders(kept), vec![]);
        assert_eq!(polls(&next), expected.iter().copied().collect(), "orders that are accepted: {kept:?}");
    }
}

#[test]
fn a_client_meets_the_instance_of_its_network() {
    let named_instances = vec![named("web", &["10.0.0.0/8"]), named("db", &["10.1.0.0/16", "2001:db8::/32"])];
    let fleet = fleet(Scenario { named_instances, ..Scenario::default() });
    for (client, expected) in [
        ("10.0.0.7", Some("web")),
        ("10.1.0.7", Some("db")),
        ("2001:db8::7", Some("db")),
        ("192.0.2.7", None),
    ] {
        let client = client.parse().expect("an address");
        assert_eq!(fleet.instance_of(client, Ingress::Bridge), expected, "{client}");
    }
}
