//! What is made before somebody asks for it, so that no request has to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::parts::Counted;
use super::{LOADED, event, named};
use crate::imds::cache::COMPILED;
use crate::imds::{Fleet, Ingress, Visit};
use crate::model::{Event, EventEffect, EventTime, Instance, NamedInstance, Override, Scenario, Timestamp};

/// A minute after the load, at every instance.
fn removal() -> Event {
    let effect = EventEffect::Set("meta-data/x".into(), Override::Removed);
    event(EventTime::AfterLoad(Duration::from_mins(1)), effect)
}

fn at_event() -> Timestamp {
    LOADED.plus(Duration::from_mins(1))
}

/// The number of instances that are compiled for a request of 10.0.0.`host`.
fn ask(fleet: &Fleet, host: u8, now: Timestamp) -> usize {
    let (peer, ingress) = (IpAddr::from([10, 0, 0, host]), Ingress::Bridge);
    let visit = Visit { peer, ingress, nonce: [0; 12], counters: &Counted };
    compiled_by(|| {
        fleet.at(fleet.match_instance(peer, ingress), &visit, &[], now);
    })
}

fn compiled_by(work: impl FnOnce()) -> usize {
    let before = COMPILED.get();
    work();
    COMPILED.get() - before
}

/// Each client of a derived instance has a tree of its own.
#[test]
fn what_a_client_of_a_derived_instance_will_meet_is_prepared() {
    let web = NamedInstance { derive: true, ..named("web", &["10.0.0.0/8"]) };
    let scenario = Scenario { named_instances: vec![web], events: vec![removal()], ..Scenario::default() };
    let fleet = super::fleet(scenario);
    assert_eq!(ask(&fleet, 7, LOADED), 1);
    assert_eq!(compiled_by(|| fleet.prepare_next(LOADED, at_event())), 1);
    assert_eq!(ask(&fleet, 7, at_event()), 0, "it is remembered");
    assert_eq!(format!("{:?}", fleet.cache()), "Cache(2 of 256)");
}

/// 50,000 paths are those of five instances with 10,000 of them, the usual 100 of each included.
#[test]
fn of_large_trees_few_are_prepared() {
    let paths = (0..9_900).map(|n| (format!("meta-data/{n}"), Override::Removed)).collect();
    let instance = Instance { overrides: Arc::new(paths), ..Instance::default() };
    let named_instances = (1..=8).map(|n| named(&format!("i{n}"), &[&format!("10.0.0.{n}/32")])).collect();
    let scenario = Scenario { instance, named_instances, events: vec![removal()], ..Scenario::default() };
    let fleet = super::fleet(scenario.clone());
    assert_eq!(compiled_by(|| fleet.prepare(LOADED)), 5, "of nine that there are, at the load");
    let fleet = super::fleet(scenario);
    for host in 1..=8 {
        assert_eq!(ask(&fleet, host, LOADED), 1, "10.0.0.{host}");
    }
    let prepared = compiled_by(|| fleet.prepare_next(LOADED, at_event()));
    assert_eq!(prepared, 5, "of eight that clients have met, for the next event");
}

#[test]
fn what_will_have_occurred_is_collected_before_it_does() {
    let fleet = super::fleet(Scenario { events: vec![removal()], ..Scenario::default() });
    fleet.prepare_next(LOADED, at_event());
    // Without the events nothing could be collected now.
    let past = fleet.past_events().at(&[], fleet.clock(), at_event());
    assert_eq!(past.occurrences.len(), 1, "found {:?}", past.occurrences);
}
