//! Steps of the wall clock: no event moves by them, and dates show them.

use proptest::prelude::*;

use super::*;
use crate::model::clock::wall_clock::MAX_STEPS;
use crate::model::timeline::after;
use crate::model::{AfterNotice, EventEffect, Instance, NoticeDue, SpotAction};

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
