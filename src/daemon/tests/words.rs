//! Events, faults and movements of the clock in words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::fleets::{LOADED, fleet, fleet_at};
use crate::control::ClockMovement;
use crate::daemon::clock_moved::clock_moved;
use crate::daemon::{describe, describe_fault};
use crate::imds::{EventPreview, FleetChange, FleetItem, PathChange};
use crate::model::fault::{Fault, FaultEffect, FaultStart};
use crate::model::{
    Event, EventEffect, EventLateness, EventTime, HttpEndpoint, HttpTokens, InstanceMetadataTags,
    MetadataOption, NoticeDue, Scenario, Timestamp,
};

fn after(seconds: u64) -> Timestamp {
    LOADED.plus(Duration::from_secs(seconds))
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_movement_of_the_clock_says_where_it_is_and_what_that_changes() {
    let running = fleet("[[event]]\nat = \"15s\"\nset = { \"meta-data/a\" = \"x\" }\n");
    let paused = running.apply(FleetChange::Pause(after(10)));
    let seek = |seconds| ClockMovement::Seek(Duration::from_secs(seconds));
    for (is_paused, movement, expected) in [
        (false, ClockMovement::Pause, "the clock is paused at 10s"),
        (true, ClockMovement::Pause, "the clock was already paused at 10s"),
        (true, ClockMovement::Resume, "the clock resumes at 10s"),
        (false, ClockMovement::Resume, "the clock was already running at 10s"),
        (false, seek(14), "the clock is at 14s"),
        (false, seek(15), "the clock is at 15s; happened: set: meta-data/a, 1 byte"),
        (true, seek(20), "the clock is paused at 20s; happened: set: meta-data/a, 1 byte"),
    ] {
        let (before, now) = (if is_paused { &paused } else { &running }, after(10));
        let next = before.apply(match movement {
            ClockMovement::Pause => FleetChange::Pause(now),
            ClockMovement::Resume => FleetChange::Resume(now),
            ClockMovement::Seek(to) => FleetChange::Seek(to, now),
            ClockMovement::Forward(_) | ClockMovement::Backward(_) => unreachable!("not in the table"),
        });
        assert_eq!(clock_moved(before, &next, movement, now).message, expected, "paused: {is_paused}");
    }
    let back = running.apply(FleetChange::Seek(Duration::ZERO, after(20)));
    let movement = ClockMovement::Backward(Duration::from_secs(20));
    assert_eq!(
        clock_moved(&running, &back, movement, after(20)).message,
        "the clock is at 0s; has not happened: set: meta-data/a, 1 byte"
    );
}

// === Events ===

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

#[test]
fn the_line_of_an_event_says_from_when() {
    let poll = |span| EventTime::AfterPoll("meta-data/spot".into(), Duration::from_secs(span));
    let at = || EventTime::AfterLoad(Duration::ZERO);
    let now = after(60);
    for (time, happens, happened, expected) in [
        (at(), Some(now), true, "from now".to_owned()),
        (at(), Some(now.before(millis(999))), true, "from now".to_owned()),
        (at(), Some(after(59)), true, format!("since {}", after(59).rfc3339())),
        (at(), Some(after(90)), false, format!("from {} (in 30s)", after(90).rfc3339())),
        // Rounded, half a second up.
        (at(), Some(now.plus(millis(1_499))), false, format!("from {} (in 1s)", after(61).rfc3339())),
        (at(), Some(now.plus(millis(1_500))), false, format!("from {} (in 2s)", after(61).rfc3339())),
        (poll(0), None, false, "once a client asks for meta-data/spot".to_owned()),
        (poll(5), None, false, "from 5s after a client asks for meta-data/spot".to_owned()),
        (at(), None, false, "never".to_owned()),
    ] {
        let what = [crate::control::api::EffectSummary { what: "set".into(), text: "x".into() }];
        let mut preview = EventPreview { at: happens, happened, paths: BTreeMap::new(), pending: vec![] };
        let line = |event: &Event, preview: &EventPreview| {
            describe::line(event, &what, preview, &[] as &[Event], now)
        };
        let unchanged = format!("set: x; {expected}; no path changes its answer");
        assert_eq!(line(&event(time.clone()), &preview), unchanged);
        preview.paths.insert("meta-data/x".into(), PathChange::Appears);
        let named = Event { instance: Some("web".into()), ..event(time.clone()) };
        assert_eq!(line(&named, &preview), format!("web: set: x; meta-data/x answers {expected}"));
        let client = Event { client: "10.0.0.7".parse().ok(), ..event(time) };
        let expected = format!("the instance of 10.0.0.7: set: x; meta-data/x answers {expected}");
        assert_eq!(line(&client, &preview), expected);
    }
}

#[test]
fn the_time_of_a_notice_is_told_as_far_as_it_is_known() {
    for (span, at, expected) in [
        (0, None, "noticed then".to_owned()),
        (5, None, "noticed 5s later".to_owned()),
        (0, Some(LOADED), format!("noticed {}", LOADED.rfc3339())),
        (5, Some(LOADED), format!("noticed {}", after(5).rfc3339())),
    ] {
        let due = NoticeDue::After(Duration::from_secs(span));
        assert_eq!(describe::effect(&EventEffect::Rebalance(due), at).text, expected);
    }
}

#[test]
fn an_option_is_told_with_its_value() {
    for (option, expected) in [
        (MetadataOption::HttpTokens(HttpTokens::Required), "http-tokens = required"),
        (MetadataOption::HttpEndpoint(HttpEndpoint::Disabled), "http-endpoint = disabled"),
        (MetadataOption::HopLimit(3), "http-put-response-hop-limit = 3"),
        (MetadataOption::Tags(InstanceMetadataTags::Enabled), "instance-metadata-tags = enabled"),
    ] {
        let found = describe::effect(&EventEffect::Option(option), None);
        assert_eq!((found.what.as_str(), found.text.as_str()), ("metadata-options", expected));
    }
}

#[test]
fn of_many_paths_six_are_named() {
    let words = |count: usize| {
        let paths = (0..count).map(|number| (format!("meta-data/{number}"), PathChange::Changes));
        describe::paths(&paths.collect(), "from now")
    };
    assert_eq!(words(0), "");
    assert_eq!(words(1), "meta-data/0 changes from now");
    assert_eq!(words(6), "meta-data/0, 1, 2, 3, 4 and 5 change from now");
    assert_eq!(words(7), "meta-data/0, 1, 2, 3, 4, 5 and 1 more change from now");
}

// === Faults ===

#[test]
fn a_fault_says_when_it_acts_and_how_much_is_left() {
    let load = |seconds| FaultStart::AfterLoad(Duration::from_secs(seconds));
    let lasts = Some(Duration::from_secs(10));
    let from_then = format!("from {} on", after(20).rfc3339());
    for (from, lasts, now, paused, left, when, begins, ends) in [
        (load(0), None, 5_000, None, None, "as long as the file has it", None, None),
        (load(0), lasts, 500, None, Some("10s"), "for 10s, 10s left", None, Some(10)),
        (load(0), lasts, 9_000, None, Some("1s"), "for 10s, 1s left", None, Some(10)),
        (load(0), lasts, 9_001, None, Some("1s"), "for 10s, 1s left", None, Some(10)),
        (load(0), lasts, 10_000, None, None, "from 0s on for 10s, over", None, Some(10)),
        (load(20), None, 5_000, None, None, "from 20s on", Some(20), None),
        (load(20), lasts, 5_000, None, None, "from 20s on for 10s", Some(20), Some(30)),
        // A clock that stands still comes to no begin and to no end.
        (load(20), lasts, 5_000, Some(5), None, "from 20s on for 10s", None, None),
        (load(3), lasts, 5_000, Some(5), Some("8s"), "for 10s, 8s left", Some(3), None),
        (FaultStart::At(after(20)), None, 5_000, Some(5), None, from_then.as_str(), Some(20), None),
    ] {
        let fault = Fault { from, lasts, ..Fault::always(FaultEffect::Hang) };
        let mut fleet = fleet_at(Scenario { faults: vec![fault], ..Scenario::default() }, LOADED);
        if let Some(seconds) = paused {
            fleet = fleet.apply(FleetChange::Pause(after(seconds)));
        }
        let what = format!("{from:?} for {lasts:?}, {now} ms after the load, paused at {paused:?}");
        let found = describe_fault::status(&fleet, 0, 0, LOADED.plus(millis(now)));
        assert_eq!((found.left.as_deref(), found.when.as_str()), (left, when), "{what}");
        assert_eq!((found.begins, found.ends), (begins.map(after), ends.map(after)), "{what}");
    }
}

#[test]
fn a_fault_that_was_ordered_just_now_acts_from_now() {
    for (lasts, now, expected) in [
        (None, 5_000, "until it is cleared"),
        (Some(Duration::from_secs(10)), 999, "now, for 10s"),
        (Some(Duration::from_secs(10)), 1_000, "for 10s, 9s left"),
    ] {
        let fault = Fault { lasts, ..Fault::always(FaultEffect::Hang) };
        let order = FleetItem::ordered(fault, Arc::new(json!({})));
        let fleet = fleet("").apply(FleetChange::Fault(Box::new(order)));
        let found = describe_fault::status(&fleet, 0, 0, LOADED.plus(millis(now)));
        assert_eq!(found.when, expected, "{now} ms after the order");
    }
}
