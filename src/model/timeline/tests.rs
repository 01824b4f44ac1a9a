use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_secs(1_000_000);

fn event(at: When) -> Event {
    Event { at, repeat: None, until: None, first_n_clients: None, instance: None, effects: vec![] }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A clock whose event 0 comes ten seconds after a poll, and that poll five seconds after the start.
fn polled() -> (Clock, [Event; 1]) {
    let mut clock = Clock::starting(START, START);
    clock.first_polls.insert(0, START.plus(seconds(5)));
    (clock, [event(When::AfterPoll("meta-data/spot".into(), seconds(10)))])
}

#[test]
fn a_seek_moves_what_waits_for_a_poll() {
    let (clock, events) = polled();
    let now = START.plus(seconds(6));
    let (before, after) = (clock.seek(&events, seconds(14), now), clock.seek(&events, seconds(20), now));
    assert_eq!(before.occurrences(&events, now), []);
    assert_eq!(before.occurrences(&events, now.plus(seconds(1))), [(now.plus(seconds(1)), 0)]);
    let happened = Timestamp::from_millis(now.as_millis() - 5_000);
    assert_eq!(after.occurrences(&events, now), [(happened, 0)]);
    let later = after.seek(&events, seconds(1_000), now.plus(seconds(1)));
    assert_eq!(later.occurrences(&events, now.plus(seconds(1))), [(happened, 0)], "it keeps its instant");
}

#[test]
fn a_seek_to_before_a_poll_undoes_it() {
    let (clock, events) = polled();
    let now = START.plus(seconds(60));
    let undone = clock.seek(&events, seconds(4), now);
    assert_eq!((undone.occurrences(&events, now), undone.first_polls.len()), (vec![], 0));
    let waiting = clock.seek(&events, seconds(5), now);
    assert_eq!((waiting.occurrences(&events, now), waiting.first_polls.len()), (vec![], 1));
}

#[test]
fn a_pause_stops_what_waits_for_a_poll() {
    let (clock, events) = polled();
    let (stop, go) = (START.plus(seconds(7)), START.plus(seconds(107)));
    let paused = clock.pause(stop);
    assert_eq!(paused.occurrences(&events, go), []);
    let going = paused.resume(&events, go);
    assert_eq!(going.occurrences(&events, go.plus(seconds(7))), []);
    assert_eq!(going.occurrences(&events, go.plus(seconds(8))), [(go.plus(seconds(8)), 0)]);
}

/// Events at offsets, some again and again, some after polls that came in time.
fn timelines() -> impl Strategy<Value = (Clock, Vec<Event>)> {
    let one = (0_u64..200, prop::option::of(1_u64..50), prop::option::of(0_u64..100));
    prop::collection::vec(one, 0..8).prop_map(|drawn| {
        let mut clock = Clock::starting(START, START);
        let mut events = vec![];
        for (index, (at, repeat, poll)) in drawn.into_iter().enumerate() {
            let when = match poll {
                Some(poll) => {
                    clock.first_polls.insert(index, START.plus(seconds(poll)));
                    When::AfterPoll("meta-data/spot".into(), seconds(at))
                }
                None => When::AfterLoad(seconds(at)),
            };
            events.push(Event { repeat: repeat.map(seconds), ..event(when) });
        }
        (clock, events)
    })
}

proptest! {
    /// Where no event lies in the past of the seek, instants are the same too, counted from the epoch.
    #[test]
    fn a_seek_and_a_wait_are_a_longer_wait((clock, events) in timelines(), to in 100_u64..300, wait in 0_u64..300) {
        let now = START.plus(seconds(100));
        let sought = clock.seek(&events, seconds(to), now);
        let happened = |clock: &Clock, at: Timestamp| {
            let epoch = clock.epoch;
            let mut found: Vec<_> =
                clock.occurrences(&events, at).into_iter().map(|(at, index)| (index, at.since(epoch))).collect();
            found.sort_unstable();
            found
        };
        let (found, expected) =
            (happened(&sought, now.plus(seconds(wait))), happened(&clock, START.plus(seconds(to + wait))));
        let index = |found: &[(usize, Duration)]| found.iter().map(|(index, _)| *index).collect::<Vec<_>>();
        prop_assert_eq!(index(&found), index(&expected));
        for ((index, at), (_, expected)) in found.iter().zip(&expected) {
            let kept = clock.last(*index, &events[*index], now).filter(|_| events[*index].repeat.is_none());
            if let Some(kept) = kept {
                prop_assert_eq!(sought.last(*index, &events[*index], now), Some(kept));
            } else {
                prop_assert_eq!(at, expected);
            }
        }
    }

    #[test]
    fn equal_instants_keep_the_files_order(ats in prop::collection::vec(0_u64..3, 0..10)) {
        let events: Vec<Event> = ats.iter().map(|at| event(When::AfterLoad(seconds(*at)))).collect();
        let clock = Clock::starting(START, START);
        let found = clock.occurrences(&events, START.plus(seconds(5)));
        prop_assert!(found.is_sorted() && found.len() == events.len(), "{:?}", found);
    }

    #[test]
    fn a_pause_is_as_if_time_had_stood_still((clock, events) in timelines(), stop in 0_u64..200, stood in 0_u64..200, wait in 0_u64..200) {
        let (stop, go) = (START.plus(seconds(stop)), START.plus(seconds(stop + stood)));
        let going = clock.pause(stop).resume(&events, go);
        let indexes = |clock: &Clock, at| clock.occurrences(&events, at).into_iter().map(|(_, index)| index).collect::<Vec<_>>();
        let mut found = indexes(&going, go.plus(seconds(wait)));
        let mut expected = indexes(&clock, stop.plus(seconds(wait)));
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
