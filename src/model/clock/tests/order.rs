//! The order of what has happened, whatever was ordered, sought or paused meanwhile.

use super::*;

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
fn of_equal_offsets_the_files_order_counts_also_after_a_seek_back() {
    // At 84s both happen; the first one again at 96s, which the seek undoes. The second keeps its instant.
    let events = [Event { repeat: Some(seconds(12)), ..load(36) }, load(84)];
    let back = start().seek(&events, seconds(84), at(96));
    assert_eq!(order(&back, &events, at(96)), [0, 1]);
}
