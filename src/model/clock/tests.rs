use proptest::prelude::*;

use super::*;
use crate::model::timeline::after;
use crate::model::{
    AfterNotice, EventEffect, EventLateness, Instance, NoticeDue, Override, SpotAction, TagKey,
};

const START: Timestamp = Timestamp::from_secs(1_000_000);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(offset: u64) -> Timestamp {
    START.plus(seconds(offset))
}

fn event(at: EventTime) -> Event {
    Event {
        at,
        repeat: None,
        until: None,
        first_n_clients: None,
        instance: None,
        client: None,
        effects: vec![],
        lateness: EventLateness::default(),
    }
}

fn load(offset: u64) -> Event {
    event(EventTime::AfterLoad(seconds(offset)))
}

fn repeated(offset: u64, repeat: u64) -> Event {
    Event { repeat: Some(seconds(repeat)), ..load(offset) }
}

fn start() -> ScenarioClock {
    ScenarioClock::starting(START, START)
}

/// Which events have happened, in order.
fn order(clock: &ScenarioClock, events: &[Event], now: Timestamp) -> Vec<usize> {
    clock.occurrences(events, now).into_iter().map(|occurrence| occurrence.index).collect()
}

/// The instant and the index of what has happened, in order.
fn happened(clock: &ScenarioClock, events: &[Event], now: Timestamp) -> Vec<(Timestamp, usize)> {
    clock.occurrences(events, now).into_iter().map(|occurrence| (occurrence.at, occurrence.index)).collect()
}

/// A clock whose event 0 comes ten seconds after a poll, and that poll five seconds after the start.
fn polled() -> (ScenarioClock, [Event; 1]) {
    let events = [event(EventTime::AfterPoll("meta-data/spot".into(), seconds(10)))];
    (start().polled(&[0], at(5)), events)
}

// === The wall clock ===

const DAY: u64 = 24 * 3600;

/// A reading some seconds after the start, with the wall clock so many milliseconds ahead.
fn reading(offset: u64, ahead: i64) -> ClockReading {
    ClockReading { wall: shift(at(offset), ahead), boottime: Timestamp::from_secs(77 + offset) }
}

/// A clock that was started and then met steps of the wall clock: the seconds, and how far it is ahead from then on.
fn stepped(steps: &[(u64, i64)]) -> ScenarioClock {
    let start = ScenarioClock::starting(reading(0, 0), START);
    steps
        .iter()
        .fold(start, |clock, (offset, ahead)| clock.stepped(reading(*offset, *ahead)).expect("it is a step"))
}

#[test]
fn whoever_sets_the_wall_clock_moves_no_event() {
    let events =
        [load(30), event(EventTime::At(at(50))), repeated(10, 20), event(EventTime::AfterStart(seconds(40)))];
    let day = DAY.cast_signed() * 1000;
    for ahead in [day, -day, 3_650 * day, i64::MIN, i64::MAX, 1_000, -1_000] {
        let clock = stepped(&[(20, ahead)]);
        for offset in 0..100 {
            let now = clock.now(reading(offset, ahead));
            assert_eq!(now, at(offset), "{offset} s, {ahead} ms ahead");
            assert_eq!(clock.elapsed(now), seconds(offset));
            assert_eq!(clock.occurrences(&events, now), start().occurrences(&events, at(offset)));
        }
        // A clock that stands at its first or last date goes back or forward with each second.
        let stands = reading(21, ahead).wall == reading(22, ahead).wall;
        assert!(stands || clock.stepped(reading(21, ahead)).is_none(), "nobody has set it since");
    }
}

#[test]
fn a_date_is_what_the_wall_clock_showed_then() {
    let clock = stepped(&[(20, 5_000), (40, -60_000)]);
    for (offset, expected) in
        [(0, at(0)), (19, at(19)), (20, at(25)), (39, at(44)), (40, START.before(seconds(20))), (70, at(10))]
    {
        assert_eq!(clock.date(at(offset)), expected, "{offset} s");
    }
    let events = [load(10), load(30)];
    let due = NoticeDue::After(seconds(120));
    let spot =
        EventEffect::SpotInterruption { action: SpotAction::Terminate, due, then: AfterNotice::Vanish };
    let notice = |index: usize| {
        let events = events.clone().map(|event| Event { effects: vec![spot.clone()], ..event });
        let occurrences: Vec<Occurrence> =
            clock.occurrences(&events, at(50)).into_iter().filter(|o| o.index == index).collect();
        let signals = after(&Instance::default(), &events, &occurrences, &clock).signals;
        (signals.spot.clone().expect("a notice").time.fixed(), signals.gone_at())
    };
    assert_eq!(notice(0), (Some(at(130)), Some(at(130))), "before the steps");
    assert_eq!(notice(1), (Some(at(155)), Some(at(150))), "its date, and the instant at which it is due");
}

#[test]
fn over_a_boot_the_wall_clock_tells_how_much_time_has_passed() {
    let clock = stepped(&[(20, 5_000)]);
    let boot = ClockReading { wall: at(100), boottime: Timestamp::from_secs(3) };
    assert_eq!(clock.after_boot(boot).now(boot), at(95));
    let first_version = ScenarioClock { ahead: None, ..start() };
    assert_eq!(first_version.after_boot(boot).now(boot), at(100));
    let later = ClockReading { wall: at(0), boottime: Timestamp::from_secs(13) };
    assert_eq!(first_version.after_boot(boot).now(later), at(110));
}

#[test]
fn old_steps_are_forgotten() {
    let clock = (1..1_000).fold(start(), |clock, n| {
        clock.stepped(ClockReading { wall: Timestamp::from_secs(n * 10), boottime: at(n) }).expect("a step")
    });
    assert_eq!(clock.steps.len(), MAX_STEPS);
    assert_eq!(clock.date(at(999)), Timestamp::from_secs(9_990));
}

proptest! {
    #[test]
    fn no_reading_is_too_much_for_it(readings in prop::collection::vec((any::<u64>(), any::<u64>()), 1..6), to in any::<u64>()) {
        let reading = |(wall, boottime): &(u64, u64)| ClockReading {
            wall: Timestamp::from_millis(*wall), boottime: Timestamp::from_millis(*boottime),
        };
        let events = [load(1), repeated(0, 1), event(EventTime::At(START)), event(EventTime::AfterStart(seconds(1)))];
        let first = reading(&readings[0]);
        let mut clock = ScenarioClock::starting(first, first.wall);
        for now in readings.iter().map(reading) {
            clock = clock.stepped(now).unwrap_or(clock);
            let now = clock.now(now);
            for (index, event) in events.iter().enumerate() {
                let (last, next) = (clock.last(index, event, now), clock.next(index, event, now));
                _ = (last.map(|last| clock.date(last.at)), next.map(|next| clock.date(next)));
            }
            prop_assert!(clock.next_change(&events, now).is_none_or(|change| change > now || change.as_millis() == u64::MAX));
            clock = clock.seek(&events, Duration::from_millis(to), now).pause(now).resume(&events, now);
        }
        _ = clock.after_boot(first);
    }
}

// === Polls ===

#[test]
fn a_seek_moves_what_waits_for_a_poll() {
    let (clock, events) = polled();
    let (before, after) = (clock.seek(&events, seconds(14), at(6)), clock.seek(&events, seconds(20), at(6)));
    assert_eq!(happened(&before, &events, at(6)), []);
    assert_eq!(happened(&before, &events, at(7)), [(at(7), 0)]);
    assert_eq!(happened(&after, &events, at(6)), [(at(1), 0)]);
    let later = after.seek(&events, seconds(1_000), at(7));
    assert_eq!(happened(&later, &events, at(7)), [(at(1), 0)], "it keeps its instant");
}

#[test]
fn a_seek_to_before_a_poll_undoes_it() {
    let (clock, events) = polled();
    let undone = clock.seek(&events, seconds(4), at(60));
    assert_eq!((happened(&undone, &events, at(60)), undone.first_polls.len()), (vec![], 0));
    let waiting = clock.seek(&events, seconds(5), at(60));
    assert_eq!((happened(&waiting, &events, at(60)), waiting.first_polls.len()), (vec![], 1));
}

#[test]
fn a_pause_stops_what_waits_for_a_poll() {
    let (clock, events) = polled();
    let paused = clock.pause(at(7));
    assert_eq!(happened(&paused, &events, at(107)), []);
    let going = paused.resume(&events, at(107));
    assert_eq!(happened(&going, &events, at(114)), []);
    assert_eq!(happened(&going, &events, at(115)), [(at(115), 0)]);
}

// === Order ===

#[test]
fn what_a_seek_skips_comes_after_what_had_happened() {
    // A notice at 10 s, taken back at 4 min: the second has the earlier instant after a seek at 11 s to 5 min.
    let events = [load(10), load(240)];
    let clock = start().seek(&events, seconds(300), at(11));
    assert_eq!(order(&clock, &events, at(11)), [0, 1]);
    assert!(
        clock.last(1, &events[1], at(11)).unwrap().at < at(10),
        "its instant is as if it had been waited for"
    );
}

#[test]
fn what_is_ordered_comes_after_what_had_happened_and_before_what_is_to_come() {
    let mut events = vec![load(10), load(240)];
    events.push(event(EventTime::At(at(11))));
    let clock = start().ordered(2, &events[2], at(11));
    assert_eq!(order(&clock, &events, at(11)), [0, 2]);
    assert_eq!(order(&clock.seek(&events, seconds(300), at(12)), &events, at(12)), [0, 2, 1]);
    // Back before it: it stays, and what happens again comes after it.
    let back = clock.seek(&events, seconds(5), at(12));
    assert_eq!(order(&back, &events, at(12)), [2]);
    assert_eq!(order(&back, &events, at(30)), [2, 0]);
}

#[test]
fn orders_keep_their_order_when_the_clock_goes_back_before_them() {
    // The first is for later, so the second happens first; a third comes after the seek.
    let events =
        [event(EventTime::At(at(30))), event(EventTime::At(at(20))), event(EventTime::At(at(41))), load(10)];
    let clock = start().ordered(0, &events[0], at(10)).ordered(1, &events[1], at(20));
    assert_eq!(order(&clock, &events[..2], at(40)), [1, 0]);
    let back = clock.seek(&events[..2], seconds(0), at(40)).pause(at(40)).ordered(2, &events[2], at(41));
    assert_eq!(order(&back, &events[..3], at(41)), [1, 0, 2]);
    assert_eq!(order(&back.resume(&events, at(50)), &events, at(70)), [1, 0, 2, 3]);
}

#[test]
fn what_is_ordered_while_the_clock_stands_still_happens() {
    let events = [load(10), event(EventTime::At(at(60)))];
    let clock = start().pause(at(5)).ordered(1, &events[1], at(60));
    assert_eq!(happened(&clock, &events, at(60)), [(at(60), 1)]);
    assert_eq!(order(&clock.resume(&events, at(100)), &events, at(105)), [1, 0]);
}

#[test]
fn an_instant_that_passes_while_the_clock_stands_still_comes_when_it_goes_on() {
    let events = [event(EventTime::At(at(30))), load(10)];
    let clock = start().pause(at(20));
    assert_eq!(order(&clock, &events, at(100)), [1]);
    let going = clock.resume(&events, at(100));
    assert_eq!(happened(&going, &events, at(100)), [(at(10), 1), (at(30), 0)]);
}

#[test]
fn a_repeated_notice_keeps_its_time_until_it_happens_again() {
    let events = [repeated(0, 3600)];
    let clock = start().seek(&events, seconds(60), at(10));
    assert_eq!(happened(&clock, &events, at(10)), [(START, 0)]);
    let going = clock.pause(at(20)).resume(&events, at(30));
    assert_eq!(happened(&going, &events, at(30)), [(START, 0)]);
    // 3600 s of the timeline are over after 70 s, 50 s skipped, and a pause of 10 s.
    assert_eq!(happened(&going, &events, at(3559)), [(START, 0)]);
    assert_eq!(happened(&going, &events, at(3560)), [(at(3560), 0)]);
}

#[test]
fn a_repeated_event_ends_with_its_until() {
    let events = [Event { until: Some(EventTime::AfterLoad(seconds(35))), ..repeated(10, 10) }];
    let last = |now| start().last(0, &events[0], now).map(|occurrence| occurrence.at);
    assert_eq!(
        [9, 10, 19, 20, 39, 400].map(|now| last(at(now))),
        [None, Some(at(10)), Some(at(10)), Some(at(20)), Some(at(30)), Some(at(30))]
    );
    let next = |now| start().next(0, &events[0], now);
    assert_eq!([0, 10, 25, 30].map(|now| next(at(now))), [Some(at(10)), Some(at(20)), Some(at(30)), None]);
}

#[test]
fn what_comes_next_is_put_off_while_the_clock_stands_still() {
    let events = [load(30), event(EventTime::At(at(200))), load(5)];
    let clock = start().pause(at(10));
    let next: Vec<_> = (0..3).map(|index| clock.next(index, &events[index], at(100))).collect();
    assert_eq!(next, [Some(at(120)), Some(at(200)), None]);
}

#[test]
fn renumbered_events_keep_what_has_happened() {
    let events = [load(10), event(EventTime::AfterPoll("x".into(), seconds(1)))];
    let clock = start().polled(&[1], at(3)).seek(&events, seconds(50), at(20));
    let turned = [events[1].clone(), events[0].clone()];
    let again = clock.renumbered(|index| Some(1 - index));
    let of = |clock: &ScenarioClock, events: &[Event], index| clock.last(index, &events[index], at(20));
    assert_eq!(of(&clock, &events, 0), of(&again, &turned, 1));
    assert_eq!(of(&clock, &events, 1), of(&again, &turned, 0));
    assert_eq!(clock.renumbered(|_| None).pinned.len(), 0);
}

#[test]
fn a_clock_is_read_as_it_was_written() {
    let events = [load(10), event(EventTime::AfterPoll("x".into(), seconds(1)))];
    let clock = start().polled(&[1], at(3)).seek(&events, seconds(50), at(20)).pause(at(21));
    let text = serde_json::to_string(&clock).unwrap();
    assert_eq!(serde_json::from_str::<ScenarioClock>(&text).unwrap(), clock);
}

#[test]
fn a_clock_goes_on_in_its_boot_only() {
    let clock = stepped(&[]);
    assert!(clock.goes_on_at(reading(0, 0)) && clock.goes_on_at(reading(5, -9_000)));
    let earlier = ClockReading { wall: at(5), boottime: Timestamp::from_secs(76) };
    assert!(!clock.goes_on_at(earlier), "the boot is younger than the clock");
    let unknown = ScenarioClock { ahead: None, ..clock };
    assert!(!unknown.goes_on_at(reading(5, 0)), "a state of the first version has no boot");
}

#[test]
fn a_seek_to_an_instant_keeps_the_files_order_there() {
    let events = [event(EventTime::At(at(10))), load(10)];
    let clock = start();
    assert_eq!(order(&clock, &events, at(10)), [0, 1]);
    assert_eq!(order(&clock.seek(&events, seconds(10), at(10)), &events, at(10)), [0, 1]);
}

#[test]
fn what_was_ordered_during_a_pause_keeps_its_order_when_the_clock_goes_on() {
    // The one that is ordered last is for the earlier instant.
    let events = [event(EventTime::At(at(15))), event(EventTime::At(at(18)))];
    let clock = start().pause(at(10)).ordered(1, &events[1], at(18)).ordered(0, &events[0], at(20));
    assert_eq!(order(&clock, &events, at(20)), [1, 0]);
    assert_eq!(order(&clock.resume(&events, at(30)), &events, at(30)), [1, 0]);
}

#[test]
fn a_difference_ends_where_its_type_does() {
    let millis = Timestamp::from_millis;
    for (to, from, expected) in [
        (0, 0, 0),
        (7, 5, 2),
        (5, 7, -2),
        (u64::MAX, u64::MAX, 0),
        (u64::MAX, 0, i64::MAX),
        (0, u64::MAX, i64::MIN),
    ] {
        assert_eq!(difference(millis(to), millis(from)), expected, "{to} less {from}");
    }
}

#[test]
fn a_step_is_half_a_second_at_least() {
    let clock = stepped(&[]);
    for (ahead, expected) in [(499, false), (500, true), (501, true), (-499, false), (-500, true)] {
        assert_eq!(clock.stepped(reading(5, ahead)).is_some(), expected, "{ahead} ms");
    }
    let ahead = stepped(&[(5, 2_000)]);
    assert!(ahead.stepped(reading(6, 2_499)).is_none() && ahead.stepped(reading(6, 0)).is_some());
}

#[test]
fn an_instant_that_comes_again_is_later_than_what_a_seek_kept() {
    let events = [Event { repeat: Some(seconds(10)), ..event(EventTime::At(at(10))) }];
    let clock = start().seek(&events, seconds(5), at(12));
    assert_eq!(happened(&clock, &events, at(12)), [(at(10), 0)]);
    assert_eq!(happened(&clock, &events, at(25)), [(at(20), 0)]);
}

#[test]
fn an_instant_that_comes_again_during_a_pause_comes_late() {
    let repeated = Event { repeat: Some(seconds(10)), ..event(EventTime::At(at(10))) };
    let events = [repeated, load(12)];
    let clock = start().pause(at(15));
    assert_eq!(order(&clock, &events, at(35)), [0, 1]);
    let going = clock.resume(&events, at(35));
    assert_eq!(happened(&going, &events, at(35)), [(at(12), 1), (at(30), 0)]);
}

#[test]
fn the_first_occurrence_comes_whatever_the_end_and_the_last_may_be_at_it() {
    let until = |until| Event { until: Some(EventTime::AfterLoad(seconds(until))), ..repeated(10, 10) };
    let next = |event: &Event, now| start().next(0, event, at(now));
    assert_eq!([0, 10].map(|now| next(&until(5), now)), [Some(at(10)), None]);
    assert_eq!(
        [0, 10, 25, 30].map(|now| next(&until(30), now)),
        [Some(at(10)), Some(at(20)), Some(at(30)), None]
    );
}

// === Properties ===

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

/// A movement of the clock, and how long after it the next one comes.
#[test]
fn of_equal_offsets_the_files_order_counts_also_after_a_seek_back() {
    // At 84s both happen; the first one again at 96s, which the seek undoes. The second keeps its instant.
    let events = [Event { repeat: Some(seconds(12)), ..load(36) }, load(84)];
    let back = start().seek(&events, seconds(84), at(96));
    assert_eq!(order(&back, &events, at(96)), [0, 1]);
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Seek(u64),
    Pause,
    Resume,
}

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
