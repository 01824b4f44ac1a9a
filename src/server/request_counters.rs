//! The counters that replies depend on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::imds::Counters;
use crate::model::Timestamp;
use crate::model::fault::MAX_FAULTS;

/// The events whose clients are remembered at one time. When there are more, all are forgotten: the ones of earlier
/// scenarios fill the table.
const EVENTS: usize = 1024;
/// The clients whose rate is remembered at one time.
const CLIENTS: usize = 8_192;
/// The burst that a client may send at once: the requests of a second, in nanoseconds.
const BURST: u64 = 1_000_000_000;

/// Counts by event, fault and client. Only a request that meets an event or a fault with a limit takes a lock.
#[derive(Debug)]
pub struct RequestCounters {
    admitted: Mutex<HashMap<(Timestamp, usize), HashSet<IpAddr>>>,
    matched: [AtomicU64; MAX_FAULTS],
    /// The requests that each fault had an effect on.
    hits: [AtomicU64; MAX_FAULTS],
    /// The requests that faults which are not of the file had an effect on, since the start.
    ordered_hits: AtomicU64,
    rates: Mutex<Rates>,
}

/// For each fault and client the theoretical arrival time of its next request, in nanoseconds: the generic cell rate
/// algorithm, ITU-T I.371, annex A.
type Rates = HashMap<(usize, IpAddr), u64>;

impl RequestCounters {
    /// Resets all counts, as for a new scenario.
    pub(crate) fn restart(&self) {
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for count in self.matched.iter().chain(&self.hits) {
            count.store(0, Ordering::Relaxed);
        }
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Resets the counts of a fault.
    pub(crate) fn restart_fault(&self, index: usize) {
        for count in [self.matched.get(index), self.hits.get(index)].into_iter().flatten() {
            count.store(0, Ordering::Relaxed);
        }
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).retain(|(fault, _), _| *fault != index);
    }
}

impl RequestCounters {
    /// Forgets the counts of some events, and gives the others those of their new indices. `faults` has for each fault the
    /// index that it had before; one that had none starts at 0.
    pub(crate) fn take_back(&self, events: &BTreeSet<usize>, faults: &[Option<usize>]) {
        {
            let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
            let before = std::mem::take(&mut *admitted).into_iter();
            let moved = |((load, event), clients)| Some(((load, index_without(event, events)?), clients));
            admitted.extend(before.filter_map(moved));
        }
        for counts in [&self.matched, &self.hits] {
            let kept = |before: &Option<usize>| {
                before.and_then(|before| counts.get(before)).map_or(0, |count| count.load(Ordering::Relaxed))
            };
            let kept: Vec<u64> = faults.iter().map(kept).collect();
            for (count, kept) in counts.iter().zip(kept.into_iter().chain(std::iter::repeat(0))) {
                count.store(kept, Ordering::Relaxed);
            }
        }
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *rates).into_iter();
        let index = |before: usize| faults.iter().position(|index| *index == Some(before));
        let moved = |((fault, client), arrival)| Some(((index(fault)?, client), arrival));
        rates.extend(before.filter_map(moved));
    }
}

// === Hits of faults ===

impl RequestCounters {
    /// Counts a request that the fault of this index had an effect on. `ordered`: the file has none of its name.
    pub(super) fn count_hit(&self, fault: usize, ordered: bool) {
        if let Some(hits) = self.hits.get(fault) {
            hits.fetch_add(1, Ordering::Relaxed);
        }
        if ordered {
            self.ordered_hits.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The requests that ordered faults had an effect on, those that are removed too.
    pub(super) fn ordered_hits(&self) -> u64 {
        self.ordered_hits.load(Ordering::Relaxed)
    }

    /// The requests that the fault of this index had an effect on: of several faults the first one counts.
    pub(super) fn hits(&self, fault: usize) -> u64 {
        self.hits.get(fault).map_or(0, |hits| hits.load(Ordering::Relaxed))
    }
}

/// The index of an item when those at other indices are gone; `None` if it is one of them.
fn index_without(index: usize, gone: &BTreeSet<usize>) -> Option<usize> {
    (!gone.contains(&index)).then(|| index - gone.range(..index).count())
}

impl Default for RequestCounters {
    fn default() -> Self {
        let [matched, hits] = [const { [const { AtomicU64::new(0) }; MAX_FAULTS] }; 2];
        Self {
            admitted: Mutex::default(),
            matched,
            hits,
            ordered_hits: AtomicU64::new(0),
            rates: Mutex::default(),
        }
    }
}

impl Counters for RequestCounters {
    fn admit(&self, event: (Timestamp, usize), client: IpAddr, limit: u32) -> bool {
        let mut events = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if !events.contains_key(&event) && events.len() >= EVENTS {
            events.clear();
        }
        let clients = events.entry(event).or_default();
        clients.contains(&client) || (clients.len() < limit as usize && clients.insert(client))
    }

    fn next(&self, fault: usize) -> u64 {
        self.matched.get(fault).map_or(0, |count| count.fetch_add(1, Ordering::Relaxed))
    }

    fn matched(&self, fault: usize) -> u64 {
        self.matched.get(fault).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn throttle(&self, fault: usize, client: IpAddr, per_second: u32, now: Timestamp) -> bool {
        let now = now.as_millis().saturating_mul(1_000_000);
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let known = rates.get(&(fault, client)).copied();
        if known.is_none() && rates.len() >= CLIENTS {
            evict(&mut rates, now);
        }
        let interval = BURST / u64::from(per_second.max(1));
        // A clock that was set back must not keep a client out.
        let arrival = known.filter(|arrival| *arrival <= now.saturating_add(BURST)).unwrap_or(0).max(now);
        let excessive = arrival.saturating_add(interval) > now.saturating_add(BURST);
        if !excessive {
            rates.insert((fault, client), arrival.saturating_add(interval));
        }
        excessive
    }
}

/// Forgets clients that are within their rate whatever they do next, and if that is not enough the half that is
/// nearest to it: many at a time, so that strangers in great number cost little each.
fn evict(rates: &mut Rates, now: u64) {
    rates.retain(|_, arrival| *arrival > now);
    if rates.len() >= CLIENTS {
        let mut arrivals: Vec<u64> = rates.values().copied().collect();
        let middle = arrivals.len() / 2;
        let (_, median, _) = arrivals.select_nth_unstable(middle);
        let median = *median;
        rates.retain(|_, arrival| *arrival > median);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);
    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 17, 0, 2));

    #[test]
    fn the_first_clients_are_admitted_for_good() {
        let counters = RequestCounters::default();
        let client = |n: u8| IpAddr::from([10, 0, 0, n]);
        let event = (Timestamp::from_secs(1), 0);
        assert!(!counters.admit(event, client(1), 0));
        assert!(counters.admit(event, client(1), 2));
        assert!(counters.admit(event, client(2), 2));
        assert!(!counters.admit(event, client(3), 2));
        assert!(counters.admit(event, client(1), 0));
        assert!(counters.admit((Timestamp::from_secs(2), 0), client(3), 2));
        counters.restart();
        assert!(counters.admit(event, client(3), 1), "after a restart");
    }

    #[test]
    fn each_fault_counts_from_0_and_again_after_a_restart() {
        let counters = RequestCounters::default();
        assert_eq!([counters.next(0), counters.next(0), counters.next(1), counters.next(0)], [0, 1, 0, 2]);
        assert_eq!([counters.matched(0), counters.matched(1)], [3, 1]);
        counters.restart();
        assert_eq!([counters.next(0), counters.next(1)], [0, 0]);
        assert_eq!(counters.next(MAX_FAULTS), 0, "no such fault");
    }

    #[test]
    fn what_stays_when_others_are_taken_back_keeps_its_counts() {
        let counters = RequestCounters::default();
        for index in 0..3 {
            assert!(counters.admit((NOW, index), CLIENT, 1));
            (0..=index).for_each(|_| _ = counters.next(index));
            (0..=index).for_each(|_| counters.count_hit(index, index == 0));
            assert!(!counters.throttle(index, CLIENT, 1, NOW));
        }
        counters.take_back(&BTreeSet::from([0]), &[Some(0), Some(2)]);
        assert_eq!(counters.ordered_hits(), 1);
        let other = IpAddr::from([172, 17, 0, 3]);
        assert_eq!([0, 1, 2].map(|event| counters.admit((NOW, event), other, 1)), [false, false, true]);
        assert_eq!([0, 1, 2].map(|fault| counters.matched(fault)), [1, 3, 0]);
        assert_eq!([0, 1, 2].map(|fault| counters.hits(fault)), [1, 3, 0]);
        assert_eq!([0, 1, 2].map(|fault| counters.throttle(fault, CLIENT, 1, NOW)), [true, true, false]);
    }

    #[test]
    fn a_client_has_its_second_at_once_and_then_its_rate() {
        let counters = RequestCounters::default();
        let ask =
            |after: u64, client| !counters.throttle(0, client, 4, NOW.plus(Duration::from_millis(after)));
        let other = IpAddr::V4(Ipv4Addr::new(172, 17, 0, 3));
        assert_eq!([0; 6].map(|at| ask(at, CLIENT)), [true, true, true, true, false, false]);
        assert!(ask(0, other), "another client");
        assert_eq!([249, 250, 250, 500].map(|at| ask(at, CLIENT)), [false, true, false, true]);
        assert_eq!([2_000; 5].map(|at| ask(at, CLIENT)), [true, true, true, true, false]);
        assert!(!counters.throttle(1, CLIENT, 4, NOW), "another fault");
        counters.restart();
        assert!(ask(2_000, CLIENT), "after a restart");
    }

    /// When there are too many, all are forgotten; a request that meets one of those that are known changes nothing.
    #[test]
    fn the_clients_of_so_many_events_are_remembered() {
        let counters = RequestCounters::default();
        let other = IpAddr::from([172, 17, 0, 3]);
        assert!((0..EVENTS).all(|event| counters.admit((NOW, event), CLIENT, 1)));
        assert!(!(0..EVENTS).any(|event| counters.admit((NOW, event), other, 1)));
        assert!(counters.admit((NOW, EVENTS), CLIENT, 1), "one more");
        assert!(counters.admit((NOW, 0), other, 1), "the others are forgotten");
    }

    #[test]
    fn a_fault_that_begins_anew_leaves_the_others_alone() {
        let counters = RequestCounters::default();
        for fault in [0, 1] {
            counters.next(fault);
            counters.count_hit(fault, false);
            assert!(!counters.throttle(fault, CLIENT, 1, NOW));
        }
        counters.restart_fault(0);
        assert_eq!([0, 1].map(|fault| counters.matched(fault)), [0, 1]);
        assert_eq!([0, 1].map(|fault| counters.hits(fault)), [0, 1]);
        assert_eq!([0, 1].map(|fault| counters.throttle(fault, CLIENT, 1, NOW)), [false, true]);
    }

    #[test]
    fn a_client_that_is_known_costs_no_other_its_place() {
        let counters = RequestCounters::default();
        let client = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(number));
        let count = u32::try_from(CLIENTS).expect("some thousand");
        assert!((0..count).all(|number| !counters.throttle(0, client(number), 1, NOW)));
        assert!((0..count).all(|number| counters.throttle(0, client(number), 1, NOW)));
    }

    #[test]
    fn those_within_their_rate_are_forgotten_first_and_then_the_half_that_is_nearest_to_it() {
        let now = 1_000_000;
        let rates = |arrivals: &mut dyn Iterator<Item = u64>| -> Rates {
            (0..).zip(arrivals).map(|(number, arrival)| ((number, CLIENT), arrival)).collect()
        };
        let left = |rates: &Rates| {
            let mut arrivals: Vec<u64> = rates.values().copied().collect();
            arrivals.sort_unstable();
            arrivals
        };
        let mut few = rates(&mut [now - 1, now, now + 1].into_iter());
        evict(&mut few, now);
        assert_eq!(left(&few), [now + 1]);
        let count = CLIENTS as u64;
        let mut many = rates(&mut (1..=count).map(|after| now + after));
        evict(&mut many, now);
        assert_eq!(left(&many), (count / 2 + 2..=count).map(|after| now + after).collect::<Vec<_>>());
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_out() {
        let counters = RequestCounters::default();
        while !counters.throttle(0, CLIENT, 4, NOW) {}
        assert!(!counters.throttle(0, CLIENT, 4, Timestamp::from_secs(500_000)));
    }

    #[test]
    fn clients_are_forgotten_before_there_are_too_many() {
        let counters = RequestCounters::default();
        for number in 0..50_000 {
            counters.throttle(0, IpAddr::V4(Ipv4Addr::from_bits(number)), 1, NOW);
        }
        assert!(counters.rates.lock().expect("nobody panicked").len() <= CLIENTS);
    }

    proptest! {
        #[test]
        fn nobody_is_faster_than_the_rate(per_second in 1_u32..50, gaps in prop::collection::vec(0_u64..200, 1..300)) {
            let counters = RequestCounters::default();
            let mut now = NOW;
            let mut served = Vec::new();
            for gap in gaps {
                now = now.plus(Duration::from_millis(gap));
                if !counters.throttle(0, CLIENT, per_second, now) {
                    served.push(now);
                }
            }
            // In any stretch: the second's worth at once, and the rate for as long as it is.
            for (first, start) in served.iter().enumerate() {
                for (last, end) in served.iter().enumerate().skip(first) {
                    let allowed = f64::from(per_second) * (1.0 + end.since(*start).as_secs_f64());
                    #[expect(clippy::cast_precision_loss, reason = "at most 300")]
                    let found = (last - first + 1) as f64;
                    prop_assert!(found <= allowed + 0.01, "{found} requests within {:?}", end.since(*start));
                }
            }
        }
    }
}
