//! The events that have occurred by now, remembered until that changes: between two events it is always the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fleet_item::FleetItem;
use super::shared_value::{SharedRef, SharedValue};
use crate::model::timeline::{Occurrence, ScenarioClock};
use crate::model::{Event, Timestamp};

/// What has occurred, from one instant until before another one.
#[derive(Debug)]
pub(super) struct PastEvents {
    from: Timestamp,
    /// `None`: nothing that is known now changes it.
    until: Option<Timestamp>,
    pub(super) occurrences: Vec<Occurrence>,
    /// Set if some of them are not for every client.
    pub(super) is_selective: bool,
}

impl PastEvents {
    pub(super) fn at(events: &[FleetItem<Event>], clock: &ScenarioClock, now: Timestamp) -> Self {
        let occurrences = clock.occurrences(events, now);
        let selects = |event: &FleetItem<Event>| {
            event.instance.is_some() || event.client.is_some() || event.first_n_clients.is_some()
        };
        let is_selective =
            occurrences.iter().any(|occurrence| events.get(occurrence.index).is_none_or(selects));
        Self { from: now, until: clock.next_change(events, now), occurrences, is_selective }
    }

    /// The indices of events of which something has happened since, or is no more.
    pub(super) fn changed_since(&self, before: &Self) -> BTreeSet<usize> {
        let [mut now, mut then] = [self.occurrences.clone(), before.occurrences.clone()];
        let by_index =
            |occurrences: &mut Vec<Occurrence>| occurrences.sort_by_key(|occurrence| occurrence.index);
        by_index(&mut now);
        by_index(&mut then);
        let lacks = |all: &[Occurrence], wanted: &Occurrence| {
            let found = all.binary_search_by_key(&wanted.index, |occurrence| occurrence.index);
            found.ok().and_then(|at| all.get(at)) != Some(wanted)
        };
        let changed = now.iter().filter(|occurrence| lacks(&then, occurrence));
        let gone = then.iter().filter(|occurrence| lacks(&now, occurrence));
        changed.chain(gone).map(|occurrence| occurrence.index).collect()
    }

    fn are_those_at(&self, now: Timestamp) -> bool {
        now >= self.from && self.until.is_none_or(|until| now < until)
    }
}

/// The past events of a fleet. One with other events or another clock needs a memo of its own.
#[derive(Debug, Default)]
pub(super) struct PastEventsMemo {
    present: SharedValue<PastEvents>,
    /// Those after the next event.
    next: SharedValue<PastEvents>,
}

impl PastEventsMemo {
    pub(super) fn at(
        &self,
        events: &[FleetItem<Event>],
        clock: &ScenarioClock,
        now: Timestamp,
    ) -> SharedRef<PastEvents> {
        let known = [&self.present, &self.next].into_iter();
        let mut known = known.filter_map(|memo| memo.get(|past| past.are_those_at(now)));
        known.next().unwrap_or_else(|| {
            let past = Arc::new(PastEvents::at(events, clock, now));
            self.present.replace(Some(Arc::clone(&past)));
            SharedRef::new(past)
        })
    }

    /// Remembers what was collected for a time to come.
    pub(super) fn prepare(&self, next: PastEvents) {
        // Requests are still answered by that, until the next event.
        if let Some(present) = self.next.replace(Some(Arc::new(next))) {
            self.present.replace(Some(present));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::EventTime;

    const START: Timestamp = Timestamp::from_secs(1_000_000);

    fn event(seconds: u64, repeat: Option<u64>, instance: Option<&str>) -> FleetItem<Event> {
        let once = Event::once(EventTime::AfterLoad(Duration::from_secs(seconds)), []);
        let (repeat, instance) = (repeat.map(Duration::from_secs), instance.map(Into::into));
        let event = Event { repeat, instance, ..once };
        FleetItem::all_of_file(&[event])[0].clone()
    }

    #[test]
    fn what_is_remembered_is_what_has_occurred_at_each_time() {
        let events = [event(3, None, None), event(5, Some(4), None), event(9, None, Some("web"))];
        let clock = ScenarioClock::starting(START, START);
        let memo = PastEventsMemo::default();
        // Requests come in any order: threads read their clocks one after the other.
        for second in (0..30).chain([2, 29, 3, 9, 8, 10, 0]) {
            let now = START.plus(Duration::from_secs(second));
            let past = memo.at(&events, &clock, now);
            assert_eq!(past.occurrences, clock.occurrences(&events, now), "after {second} s");
            assert_eq!(past.is_selective, second >= 9, "after {second} s");
        }
    }

    #[test]
    fn what_is_prepared_is_not_computed_again() {
        let events = [event(3, None, None), event(5, Some(4), None)];
        let (clock, memo) = (ScenarioClock::starting(START, START), PastEventsMemo::default());
        let at = |second| START.plus(Duration::from_secs(second));
        assert_eq!(memo.at(&events, &clock, at(0)).from, at(0));
        for (prepared, asked) in [(3, 4), (5, 7), (9, 12)] {
            memo.prepare(PastEvents::at(&events, &clock, at(prepared)));
            assert_eq!(memo.at(&events, &clock, at(asked)).from, at(prepared), "after {asked} s");
        }
        assert_eq!(memo.at(&events, &clock, at(8)).from, at(5), "those before are remembered, too");
    }

    #[test]
    fn what_has_changed_is_what_occurs_otherwise() {
        let events = [event(3, None, None), event(5, Some(4), None), event(9, None, Some("web"))];
        let clock = ScenarioClock::starting(START, START);
        let past = |second| PastEvents::at(&events, &clock, START.plus(Duration::from_secs(second)));
        for (since, now, expected) in [
            (0, 2, &[][..]),
            (2, 3, &[0]),
            (3, 8, &[1]),
            (8, 9, &[1, 2]),
            (0, 30, &[0, 1, 2]),
            (9, 2, &[0, 1, 2]),
        ] {
            let changed: Vec<usize> = past(now).changed_since(&past(since)).into_iter().collect();
            assert_eq!(changed, expected, "from {since} s to {now} s");
        }
    }

    #[test]
    fn it_is_computed_once_from_event_to_event() {
        let events = [event(3, None, None), event(5, Some(4), None)];
        let clock = ScenarioClock::starting(START, START);
        let memo = PastEventsMemo::default();
        let mut computed = Vec::new();
        let mut last = None;
        for second in 0..16 {
            let past = memo.at(&events, &clock, START.plus(Duration::from_secs(second)));
            if last.replace(past.from) != Some(past.from) {
                computed.push(second);
            }
        }
        assert_eq!(computed, [0, 3, 5, 9, 13]);
    }
}
