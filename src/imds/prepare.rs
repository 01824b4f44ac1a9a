//! Instances that are compiled before somebody asks for them.

use super::Fleet;
use super::cache::USUAL_PATHS;
use super::fleet::MatchedInstance;
use super::past_events::PastEvents;
use crate::model::Timestamp;

/// Instances that are prepared at most, and paths of all of them together, roughly.
const PREPARED: usize = 32;
const PREPARED_PATHS: usize = 50_000;

/// Instances that are prepared for the next event: those that clients have met lately.
const PREPARED_FOR_NEXT: usize = 8;

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

    /// Compiles what those who asked lately will meet at a time to come.
    pub(crate) fn prepare_next(&self, at: Timestamp) {
        let met = self.cache().met_lately(PREPARED_FOR_NEXT);
        self.prepare_all(met.into_iter().map(|(named, client)| self.met_before(named, client)), at);
    }

    fn prepare_all<'f>(&'f self, all: impl Iterator<Item = MatchedInstance<'f>>, at: Timestamp) {
        // The memo is for the present.
        let past = PastEvents::at(self.events(), self.clock(), at);
        for met in all {
            let happens = |index: usize| {
                let event = self.events().get(index).filter(|event| self.event_meets(event, met));
                event.is_some_and(|event| event.first_n_clients.is_none())
            };
            self.compiled(met, happens, &past);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::*;
    use crate::identity::KeyRing;
    use crate::imds::{Counters, Ingress, Visit};
    use crate::model::{Event, EventLateness, EventTime, Instance, NamedInstance, Scenario};

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

    #[test]
    fn what_is_prepared_is_not_compiled_again() {
        let keys = Arc::new(KeyRing::generate([7; 32]));
        let (now, later) = (Timestamp::from_secs(1_000), Timestamp::from_secs(2_000));
        let named = |number: u8| NamedInstance {
            name: format!("i{number}"),
            networks: vec![IpAddr::from([10, 0, 0, number]).into()],
            host: false,
            nodes: vec![],
            derive: false,
            instance: Instance::default(),
        };
        let event = Event {
            at: EventTime::At(Timestamp::from_secs(1_500)),
            repeat: None,
            until: None,
            first_n_clients: None,
            instance: None,
            client: None,
            effects: vec![],
            lateness: EventLateness::default(),
        };
        let scenario = Scenario {
            named_instances: vec![named(1), named(2)],
            events: vec![event],
            ..Scenario::default()
        };
        let fleet = Fleet::compile(scenario, &keys, now, now);
        let ask = |peer: [u8; 4], now| {
            let (peer, ingress) = (peer.into(), Ingress::Bridge);
            let visit = Visit { peer, ingress, nonce: [0; 12], counters: &NoCounters };
            fleet.at(fleet.match_instance(peer, ingress), &visit, &[], now);
            format!("{:?}", fleet.cache())
        };
        assert_eq!(fleet.next_occurrence(now), Some(Timestamp::from_secs(1_500)));
        assert_eq!(fleet.next_occurrence(later), None);
        fleet.prepare(now);
        for (now, prepared) in [(now, "Cache(3 of 256)"), (later, "Cache(6 of 256)")] {
            fleet.prepare_next(now);
            for peer in [[10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 3]] {
                assert_eq!(ask(peer, now), prepared, "for {peer:?}");
            }
        }
    }
}
