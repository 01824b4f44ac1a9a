//! What holds of every timeline, however its clock is moved.

use proptest::prelude::*;

use super::*;
use crate::model::timeline::after;
use crate::model::{AfterNotice, EventEffect, Instance, NoticeDue, Override, SpotAction, TagKey};

/// Events at offsets, some again and again, some after polls that came in time, and a clock that knows of the polls.
fn timelines() -> impl Strategy<Value = (ScenarioClock, Vec<Event>)> {
    let one = (1_u64..200, prop::option::of(1_u64..50), prop::option::of(0_u64..100));
    prop::collection::vec(one, 0..8).prop_map(|drawn| {
        let mut clock = start();
        let mut events = vec![];
        for (index, (offset, repeat, poll)) in drawn.into_iter().enumerate() {
            let when = match poll {
                Some(poll) => {
                    clock = clock.polled(&[index], at(poll));
                    EventTime::AfterPoll("meta-data/spot".into(), seconds(offset))
                }
                None => EventTime::AfterLoad(seconds(offset)),
            };
            events.push(Event { repeat: repeat.map(seconds), ..event(when) });
        }
        (clock, events)
    })
}

/// A movement of the clock.
#[derive(Debug, Clone, Copy)]
enum Move {
    Seek(u64),
    Pause,
    Resume,
}

/// Movements of the clock, and how long after each the next one comes.
fn moves() -> impl Strategy<Value = Vec<(Move, u64)>> {
    let one = prop_oneof![(0_u64..400).prop_map(Move::Seek), Just(Move::Pause), Just(Move::Resume)];
    prop::collection::vec((one, 0_u64..60), 0..8)
}

fn moved(clock: &ScenarioClock, events: &[Event], step: Move, now: Timestamp) -> ScenarioClock {
    match step {
        Move::Seek(to) => clock.seek(events, seconds(to), now),
        Move::Pause => clock.pause(now),
        Move::Resume => clock.resume(events, now),
    }
}

/// Effects that overwrite what was there: tags and paths, set and unset.
fn overwriting() -> impl Strategy<Value = EventEffect> {
    let path = || prop::sample::select(vec!["meta-data/a", "meta-data/b"]).prop_map(str::to_owned);
    let key = || prop::sample::select(vec!["a", "b"]).prop_map(|key| key.parse::<TagKey>().unwrap());
    prop_oneof![
        (path(), 0_u8..9).prop_map(|(path, byte)| EventEffect::Set(path, Override::Value(vec![byte].into()))),
        path().prop_map(|path| EventEffect::Set(path, Override::Removed)),
        path().prop_map(EventEffect::Unset),
        (key(), prop::option::of(0_u8..9))
            .prop_map(|(key, n)| EventEffect::Tag(key, n.map(|n| n.to_string()))),
        Just(EventEffect::SpotInterruption {
            action: SpotAction::Stop,
            due: NoticeDue::After(seconds(120)),
            then: AfterNotice::Stay
        }),
        Just(EventEffect::Clear(crate::model::ClearTarget::All)),
    ]
}

proptest! {
    /// At load nothing has happened yet, so instants are the same too, counted from the zero of the clock.
    #[test]
    fn a_seek_at_load_and_a_wait_are_one_wait(spans in prop::collection::vec((1_u64..300, prop::option::of(1_u64..50)), 0..8), to in 0_u64..300, wait in 0_u64..300) {
        let events: Vec<Event> = spans.into_iter().map(|(offset, repeat)| Event { repeat: repeat.map(seconds), ..load(offset) }).collect();
        let sought = start().seek(&events, seconds(to), START);
        let played = ScenarioClock::starting(Timestamp::from_millis(START.as_millis() - to * 1000), START);
        prop_assert_eq!(sought.occurrences(&events, at(wait)), played.occurrences(&events, at(wait)));
    }

    /// Wherever the clock is when it is moved, the order is that of a longer wait, and what had happened keeps its instant.
    #[test]
    fn a_seek_forward_and_a_wait_are_a_longer_wait((clock, events) in timelines(), to in 100_u64..300, wait in 0_u64..300) {
        let sought = clock.seek(&events, seconds(to), at(100));
        prop_assert_eq!(order(&sought, &events, at(100 + wait)), order(&clock, &events, at(to + wait)));
        for (index, event) in events.iter().enumerate() {
            let before = clock.last(index, event, at(100));
            let occurrence = sought.last(index, event, at(100 + wait));
            if let (Some(before), Some(occurrence)) = (before, occurrence) && before.offset == occurrence.offset {
                prop_assert_eq!(before.at, occurrence.at);
            }
        }
    }

    /// What has occurred may be remembered until then.
    #[test]
    fn nothing_occurs_before_the_next_change(
        (clock, events) in timelines(), untils in prop::collection::vec(prop::option::of(0_u64..200), 8),
        sought in 0_u64..150, paused in prop::option::of(0_u64..300), now in 0_u64..300
    ) {
        let until = |until: Option<u64>| until.map(|until| EventTime::AfterLoad(seconds(until)));
        let events: Vec<Event> =
            events.into_iter().zip(untils).map(|(event, end)| Event { until: until(end), ..event }).collect();
        let sought = clock.seek(&events, seconds(sought), at(100));
        for clock in [clock, sought] {
            let clock = paused.map_or(clock.clone(), |paused| clock.pause(at(paused)));
            let change = clock.next_change(&events, at(now));
            let occurrences = clock.occurrences(&events, at(now));
            for later in (now..600).map(at).take_while(|later| change.is_none_or(|change| *later < change)) {
                prop_assert_eq!(clock.occurrences(&events, later), &occurrences[..], "at {:?} of {:?}", later, change);
            }
        }
    }

    #[test]
    fn a_seek_back_undoes_and_a_wait_does_again((clock, events) in timelines(), gone in 0_u64..300, to in 0_u64..300) {
        let to = to.min(gone);
        let back = clock.seek(&events, seconds(to), at(gone));
        // Polls that were made later have not been made.
        let expected: Vec<usize> = order(&clock, &events, at(to)).into_iter().filter(|index| match events[*index].at {
            EventTime::AfterPoll(..) => clock.first_polls[index] <= seconds(to),
            _ => true,
        }).collect();
        prop_assert_eq!(order(&back, &events, at(gone)), expected);
        prop_assert!(back.first_polls.values().all(|polled| *polled <= seconds(to)));
    }

    #[test]
    fn a_pause_is_as_if_time_had_stood_still((clock, events) in timelines(), stop in 0_u64..200, stood in 0_u64..200, wait in 0_u64..200) {
        let going = clock.pause(at(stop)).resume(&events, at(stop + stood));
        prop_assert_eq!(order(&going, &events, at(stop + stood + wait)), order(&clock, &events, at(stop + wait)));
        prop_assert_eq!(order(&clock.pause(at(stop)), &events, at(stop + stood)), order(&clock, &events, at(stop)));
    }

    /// A notice keeps its time over everything but a seek to before it: no movement changes the instant of an occurrence.
    #[test]
    fn a_notice_keeps_its_time((clock, events) in timelines(), moves in moves()) {
        let (mut clock, mut now) = (clock, at(50));
        for (step, wait) in moves {
            let before = clock.clone();
            clock = moved(&clock, &events, step, now);
            let back = clock.elapsed(now) < before.elapsed(now);
            for (index, event) in events.iter().enumerate() {
                let (was, is) = (before.last(index, event, now), clock.last(index, event, now));
                match (was, is) {
                    (Some(was), Some(is)) if was.offset == is.offset => prop_assert_eq!(was.at, is.at),
                    (Some(was), Some(is)) => prop_assert!(back || is.offset > was.offset),
                    (Some(_), None) => prop_assert!(back),
                    (None, _) => {}
                }
            }
            now = now.plus(seconds(wait));
        }
    }

    /// Whatever is done to the clock, the order is that of the offsets, and of equal offsets the file's.
    #[test]
    fn the_order_is_that_of_the_timeline((clock, events) in timelines(), moves in moves()) {
        let (mut clock, mut now) = (clock, at(50));
        for (step, wait) in moves {
            clock = moved(&clock, &events, step, now);
            now = now.plus(seconds(wait));
            let offsets: Vec<(i64, usize)> = order(&clock, &events, now)
                .into_iter()
                .map(|index| (clock.last(index, &events[index], now).unwrap().offset, index))
                .collect();
            prop_assert!(offsets.is_sorted(), "{:?}", offsets);
            let elapsed = signed(clock.elapsed(now));
            prop_assert!(offsets.iter().all(|(offset, _)| *offset <= elapsed), "{:?} at {}", offsets, elapsed);
        }
    }

    #[test]
    fn equal_instants_keep_the_files_order(offsets in prop::collection::vec(0_u64..3, 0..10)) {
        let events: Vec<Event> = offsets.iter().map(|offset| load(*offset)).collect();
        let found = start().occurrences(&events, at(5));
        prop_assert!(found.is_sorted_by_key(|occurrence| (occurrence.at, occurrence.index)) && found.len() == events.len(), "{:?}", found);
    }

    #[test]
    fn a_repeated_event_happens_as_often_as_it_should(offset in 0_u64..50, repeat in 1_u64..20, until in 0_u64..200, now in 0_u64..300) {
        let event = Event { until: Some(EventTime::AfterLoad(seconds(until))), ..repeated(offset, repeat) };
        // Count them one by one. The first happens whatever until says.
        let times = (0..).map(|n| offset + n * repeat).take_while(|time| *time <= now && (*time == offset || *time <= until));
        prop_assert_eq!(start().last(0, &event, at(now)).map(|last| last.at), times.last().map(at));
    }

    #[test]
    fn the_last_occurrence_of_each_stands_for_all(drawn in prop::collection::vec((0_u64..60, prop::option::of(1_u64..20), overwriting()), 0..6), now in 0_u64..100) {
        let events: Vec<Event> = drawn.into_iter().map(|(offset, repeat, effect)| Event {
            repeat: repeat.map(seconds), effects: vec![effect], ..load(offset)
        }).collect();
        let mut all = vec![];
        for (index, event) in events.iter().enumerate() {
            let EventTime::AfterLoad(first) = event.at else { unreachable!("all are after loading") };
            let mut offset = first;
            while offset <= seconds(now) {
                let millis = i64::try_from(offset.as_millis()).expect("it is short");
                let reached = Duration::ZERO;
                all.push(Occurrence { at: START.plus(offset), index, offset: millis, reached });
                let Some(repeat) = event.repeat else { break };
                offset += repeat;
            }
        }
        all.sort_unstable_by_key(|occurrence| (occurrence.at, occurrence.index));
        let base = Instance::default();
        let clock = start();
        let last = clock.occurrences(&events, at(now));
        prop_assert_eq!(after(&base, &events, &last, &clock), after(&base, &events, &all, &clock));
        prop_assert_eq!(after(&base, &events, &last, &clock), after(&base, &events, &last, &clock), "applying is deterministic");
    }
}
