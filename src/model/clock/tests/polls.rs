//! Events that wait for a first poll, while the clock is moved.

use super::*;

/// A clock whose event 0 comes ten seconds after a poll, and that poll five seconds after the start.
fn polled() -> (ScenarioClock, [Event; 1]) {
    let events = [event(EventTime::AfterPoll("meta-data/spot".into(), seconds(10)))];
    (start().polled(&[0], at(5)), events)
}

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
