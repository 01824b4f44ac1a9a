//! Events, faults and movements of the clock in words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::fleets::{LOADED, fleet, fleet_at};
use crate::control::ClockMovement;
use crate::daemon::clock_moved::clock_moved;
use crate::daemon::{describe, describe_containers, describe_fault};
use crate::imds::{EventPreview, FleetChange, FleetItem, PathChange};
use crate::model::fault::{Fault, FaultEffect, FaultStart};
use crate::model::{
    Event, EventEffect, EventTime, HttpEndpoint, HttpTokens, InstanceMetadataTags, MetadataOption, NoticeDue,
    Scenario, Timestamp,
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
    Event::once(at, [])
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
fn a_change_of_ec2s_api_is_told_with_its_details() {
    let second = "0e:49:61:0f:c3:12";
    let attached = |event: &str| {
        let fleet = fleet(&format!("[[event]]\nat = \"1s\"\n{event}\n"));
        describe::effect(&fleet.events()[0].effects[0], None).text
    };
    assert_eq!(attached("attach-interface = {}"), format!("{second} as device 1"));
    assert_eq!(
        attached("attach-interface = { network-card = 2 }"),
        format!("{second} as device 1 on network card 2")
    );
    for (event, expected) in [
        (
            "assign = { SECOND, private-ipv4s = [\"172.16.34.98\", \"172.16.34.99\"], ipv6s = [\"2001:db8::7\"] }",
            format!("assign: 172.16.34.98, 172.16.34.99, 2001:db8::7 to {second}"),
        ),
        (
            "unassign = { SECOND, private-ipv4s = [\"172.16.34.99\"] }",
            format!("unassign: 172.16.34.99 from {second}"),
        ),
        (
            "modify-interface = { SECOND, security-groups = [\"a\", \"b\"] }",
            format!("modify-interface: {second} security-groups = [a, b]"),
        ),
        (
            "modify-interface = { SECOND, security-group-ids = [\"sg-0123456789abcdef0\"] }",
            format!("modify-interface: {second} security-group-ids = [sg-0123456789abcdef0]"),
        ),
        ("hide-interface = { SECOND, for = \"5s\" }", format!("hide-interface: {second} for 5s")),
        ("hide-interface = { SECOND }", format!("hide-interface: {second} until settled")),
        ("detach-interface = { SECOND }", format!("detach-interface: {second}")),
        ("instance-profile = \"none\"", "instance-profile: removed".to_owned()),
        ("instance-profile = { role = \"web\" }", "instance-profile: the role web".to_owned()),
        (
            "instance-profile = { role = \"web\", name = \"p\" }",
            "instance-profile: p with the role web".to_owned(),
        ),
        ("stop-start = { down = \"30s\" }", "stop-start: stopped for 30s".to_owned()),
        (
            "stop-start = { down = \"30s\", instance-type = \"m5.large\" }",
            "stop-start: stopped for 30s, then m5.large".to_owned(),
        ),
    ] {
        let event = event.replace("SECOND", &format!("interface = \"{second}\""));
        let fleet = fleet(&format!("[[event]]\nattach-interface = {{}}\n[[event]]\nat = \"1s\"\n{event}\n"));
        let found = describe::effect(&fleet.events()[1].effects[0], None);
        assert_eq!(format!("{}: {}", found.what, found.text), expected, "{event}");
    }
}

/// A clear of everything ends what other events change there.
#[test]
fn the_endpoints_whose_answers_an_event_changes_are_named() {
    let both = Some("the endpoints ecs and pod-identity answer");
    let (ecs, pods) = (Some("the endpoint ecs answers"), Some("the endpoint pod-identity answers"));
    let task = "ecs-task = { desired-status = \"STOPPED\" }";
    for (event, other, expected) in [
        ("clear = \"all\"", "agent = \"restart\"", both),
        ("clear = \"all\"", task, ecs),
        ("clear = \"all\"", "pod-identity = { association = false }", pods),
        ("clear = \"all\"", "tags = { Name = \"x\" }", None),
        ("clear = \"ecs\"", "agent = \"restart\"", ecs),
        ("clear = \"pod-identity\"", "agent = \"restart\"", pods),
        ("clear = \"network\"", "agent = \"restart\"", None),
        ("agent = \"restart\"", task, both),
        (task, "agent = \"restart\"", ecs),
    ] {
        let events = format!("[[event]]\nat = \"1s\"\n{other}\n[[event]]\nat = \"2s\"\n{event}\n");
        let fleet = fleet(&format!("[ecs]\n[pod-identity]\n{events}"));
        let found = describe_containers::endpoints(&fleet.events()[1], fleet.events());
        assert_eq!(found.as_deref(), expected, "{event}, beside {other}");
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
