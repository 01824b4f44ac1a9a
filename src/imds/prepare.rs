//! Instances that are compiled before somebody asks for them.

use super::Fleet;
use super::cache::USUAL_PATHS;
use super::fleet::MatchedInstance;
use super::past_events::PastEvents;
use crate::model::Timestamp;

/// Instances that are prepared at most, and paths of all of them together, roughly.
const PREPARED: usize = 32;
const PREPARED_PATHS: usize = 50_000;

/// Instances that are prepared for the next event: those that clients have met lately, and that it changes.
const PREPARED_FOR_NEXT: usize = 128;

impl Fleet {
    /// Compiles what the next requests will meet, as far as that is known, so that none of them has to.
    pub(crate) fn prepare(&self, now: Timestamp) {
        let named = self.scenario().named_instances.iter().enumerate().filter(|(_, named)| !named.derive);
        let all = std::iter::once(None).chain(named.map(|(index, _)| Some(index)));
        let most = PREPARED_PATHS / (USUAL_PATHS + self.scenario().instance.overrides.len());
        self.prepare_all(all.take(most.clamp(1, PREPARED)).map(|index| self.matched(index)), now);
    }

    /// The time at which the next event occurs, unless the clock is moved.
    pub(crate) fn next_occurrence(&self, now: Timestamp) -> Option<Timestamp> {
        self.clock().next_change(self.events(), now)
    }

    /// Compiles what those who asked lately will meet at a time to come, as far as that is not what they met at `since`; and
    /// collects what will have occurred by then.
    pub(crate) fn prepare_next(&self, since: Timestamp, at: Timestamp) {
        let [before, past] = [since, at].map(|time| PastEvents::at(self.events(), self.clock(), time));
        let changed = past.changed_since(&before);
        let met = self.cache().met_lately();
        let met = met.into_iter().map(|(named, client)| self.met_before(named, client));
        let is_changed = |met: &MatchedInstance<'_>| {
            let mut events = changed.iter().filter_map(|index| self.events().get(*index));
            events.any(|event| self.event_meets(event, *met))
        };
        let most = PREPARED_PATHS / (USUAL_PATHS + self.scenario().instance.overrides.len());
        self.compile_all(met.filter(is_changed).take(most.clamp(1, PREPARED_FOR_NEXT)), &past);
        self.past_events().prepare(past);
    }

    fn prepare_all<'f>(&'f self, all: impl Iterator<Item = MatchedInstance<'f>>, at: Timestamp) {
        // The memo is for the present.
        self.compile_all(all, &PastEvents::at(self.events(), self.clock(), at));
    }

    fn compile_all<'f>(&'f self, all: impl Iterator<Item = MatchedInstance<'f>>, past: &PastEvents) {
        for met in all {
            let happens = |index: usize| {
                let event = self.events().get(index).filter(|event| self.event_meets(event, met));
                event.is_some_and(|event| event.first_n_clients.is_none())
            };
            self.compiled(met, happens, past);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::*;
    use crate::identity::KeyRing;
    use crate::imds::cache::COMPILED;
    use crate::imds::{Counters, Ingress, Visit};
    use crate::model::{Event, EventTime, Instance, NamedInstance, Scenario};

    struct NoCounters;
    impl Counters for NoCounters {
        fn admit(&self, _: (Timestamp, usize), _: IpAddr, _: u32) -> bool {
            true
        }
        fn next(&self, _: usize) -> u64 {
            0
        }
        fn matched(&self, _: usize) -> u64 {
            0
        }
        fn throttle(&self, _: usize, _: IpAddr, _: u32, _: Timestamp) -> bool {
            false
        }
    }

    fn named(number: u16) -> NamedInstance {
        let [high, low] = number.to_be_bytes();
        NamedInstance {
            name: format!("i{number}"),
            networks: vec![IpAddr::from([10, 0, high, low]).into()],
            host: false,
            nodes: vec![],
            derive: false,
            instance: Instance::default(),
        }
    }

    fn event(second: u64, instance: Option<u16>) -> Event {
        let of_all = Event::once(EventTime::At(Timestamp::from_secs(second)), []);
        Event { instance: instance.map(|number| format!("i{number}")), ..of_all }
    }

    fn ask(fleet: &Fleet, peer: [u8; 4], now: Timestamp) {
        let (peer, ingress) = (peer.into(), Ingress::Bridge);
        let visit = Visit { peer, ingress, nonce: [0; 12], counters: &NoCounters };
        fleet.at(fleet.match_instance(peer, ingress), &visit, &[], now);
    }

    /// Whoever has asked before an event finds its instance compiled after it, whatever the number of others is.
    #[test]
    fn of_a_thousand_instances_the_one_that_an_event_changes_is_compiled_before_it() {
        const COUNT: u16 = 1_000;
        let keys = Arc::new(KeyRing::generate([7; 32]));
        let scenario = Scenario {
            named_instances: (0..COUNT).map(named).collect(),
            events: (0..COUNT).map(|number| event(2_000 + u64::from(number), Some(number))).collect(),
            ..Scenario::default()
        };
        let load = Timestamp::from_secs(1_000);
        let fleet = Fleet::compile(scenario, &keys, load, load);
        let peer = |number: u16| {
            let [high, low] = number.to_be_bytes();
            [10, 0, high, low]
        };
        (0..COUNT).for_each(|number| ask(&fleet, peer(number), load));
        for number in (0..COUNT).step_by(20) {
            let [since, at] = [1_999, 2_000].map(|second| Timestamp::from_secs(second + u64::from(number)));
            ask(&fleet, peer(number), since);
            assert_eq!(fleet.next_occurrence(since), Some(at));
            fleet.prepare_next(since, at);
            let compiled = COMPILED.get();
            ask(&fleet, peer(number), at);
            assert_eq!(
                COMPILED.get() - compiled,
                0,
                "instances compiled by the request to instance {number}"
            );
        }
    }

    #[test]
    fn what_is_prepared_is_not_compiled_again() {
        let keys = Arc::new(KeyRing::generate([7; 32]));
        let (now, later) = (Timestamp::from_secs(1_000), Timestamp::from_secs(2_000));
        let scenario = Scenario {
            named_instances: vec![named(1), named(2)],
            events: vec![event(1_500, None)],
            ..Scenario::default()
        };
        let fleet = Fleet::compile(scenario, &keys, now, now);
        assert_eq!(fleet.next_occurrence(now), Some(Timestamp::from_secs(1_500)));
        assert_eq!(fleet.next_occurrence(later), None);
        fleet.prepare(now);
        for (now, prepared) in [(now, "Cache(3 of 256)"), (later, "Cache(6 of 256)")] {
            fleet.prepare_next(Timestamp::from_secs(1_000), now);
            for peer in [[10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 3]] {
                ask(&fleet, peer, now);
                assert_eq!(format!("{:?}", fleet.cache()), prepared, "for {peer:?}");
            }
        }
    }
}
