//! Events that come again, and what comes next.

use super::*;

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
