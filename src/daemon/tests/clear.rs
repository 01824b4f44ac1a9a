//! What `clear` takes back, and how that is said.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::fleets::{fleet_at, live, scenario, service};
use super::tasks::{ask, serve};
use crate::clock;
use crate::control::OrderSource;
use crate::control::api::ClearScope;
use crate::daemon::clear::clear;
use crate::daemon::live::LiveFleet;
use crate::imds::{ContainerChoice, EndpointReach, FleetChange, FleetItem};
use crate::model::fault::{Fault, FaultEffect, FaultStart};
use crate::model::{EventTime, Timestamp};

async fn cleared(live: &LiveFleet, what: ClearScope) -> (usize, String) {
    let cleared = clear(live, OrderSource::Signal, what).await.expect("it is accepted");
    (cleared.cleared, cleared.message)
}

#[tokio::test]
async fn an_earlier_clear_is_nothing_that_is_taken_back() {
    let live = live("[[event]]\nset = { \"meta-data/a\" = \"x\" }\n");
    let ended = "changes by events of the file ended; meta-data/a answers 404 from now";
    assert_eq!(cleared(&live, ClearScope::All).await, (0, ended.to_owned()));
    for _ in 0..2 {
        assert_eq!(cleared(&live, ClearScope::All).await, (0, "nothing to clear".to_owned()));
    }
}

/// The clock stands still, ten seconds after the load: what begins in that very moment has begun.
#[tokio::test]
async fn pending_is_what_begins_later() {
    let live = live("");
    let now = live.load().now(clock::read());
    live.apply(FleetChange::Seek(Duration::from_secs(10), now));
    live.apply(FleetChange::Pause(now));
    let offset = |millis| FaultStart::AfterLoad(Duration::from_millis(millis));
    let instant = |millis| FaultStart::At(now.plus(Duration::from_millis(millis)));
    for (name, from) in [
        ("passed", offset(9_999)),
        ("begun", offset(10_000)),
        ("to-come", offset(10_001)),
        ("long-passed", FaultStart::At(Timestamp::from_secs(1))),
        ("begun-then", instant(0)),
        ("to-come-then", instant(1)),
    ] {
        let name = name.parse().expect("a name");
        let fault = Fault { name, from, ..Fault::always(FaultEffect::Hang) };
        live.apply(FleetChange::Fault(Box::new(FleetItem::ordered(fault, Arc::new(json!({}))))));
    }
    assert_eq!(cleared(&live, ClearScope::Pending).await, (2, "2 faults removed".to_owned()));
    let fleet = live.load();
    let names: Vec<&str> = fleet.faults().iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(names, ["passed", "begun", "long-passed", "begun-then"]);
    assert_eq!(cleared(&live, ClearScope::Pending).await, (0, "nothing is pending".to_owned()));
}

#[tokio::test]
async fn a_pending_event_is_taken_back_and_one_that_has_happened_stays() {
    let live = live("");
    let order = |words| async {
        let order = crate::control::api::LiveOrder::Event(words);
        live.add(OrderSource::Signal, order).await.expect("it is accepted");
    };
    order(json!({"set": {"meta-data/a": "x"}})).await;
    order(json!({"set": {"meta-data/b": "x"}, "in": "1h"})).await;
    assert_eq!(cleared(&live, ClearScope::Pending).await, (1, "1 change removed".to_owned()));
    let fleet = live.load();
    assert_eq!(fleet.events().len(), 1);
    assert!(matches!(fleet.events()[0].at, EventTime::At(_)), "{:?}", fleet.events());
}

#[tokio::test]
async fn a_fault_of_the_file_that_was_replaced_is_restored_and_not_removed() {
    for (what, expected) in [
        (ClearScope::Faults, "1 fault removed, 1 fault of the scenario restored"),
        (ClearScope::All, "1 fault removed, 1 fault of the scenario restored"),
    ] {
        let live = live("[[fault]]\nname = \"a\"\nhang = true\n");
        for name in ["a", "b"] {
            let fault = Fault { name: name.parse().expect("a name"), ..Fault::always(FaultEffect::Hang) };
            live.apply(FleetChange::Fault(Box::new(FleetItem::ordered(fault, Arc::new(json!({}))))));
        }
        assert_eq!(cleared(&live, what).await, (2, expected.to_owned()), "{what:?}");
    }
}

/// What a task has asked of its agent is no order: only with all else is it taken back.
#[tokio::test(flavor = "multi_thread")]
async fn what_containers_have_set_goes_with_all_changes() {
    let task = "[ecs]\nservice-name = \"web\"\n";
    let service = service(fleet_at(scenario(task), clock::read()));
    let (_server, address) = serve(&service);
    let live = LiveFleet::new(Arc::clone(&service));
    let (choice, reach) = (ContainerChoice::default(), EndpointReach::Url(""));
    let variables = live.load().ecs_environment(&service.authority, choice, reach, clock::now());
    let variables = variables.expect("there is a task");
    let agent = variables.iter().find(|(name, _)| *name == "ECS_AGENT_URI").expect("it has an agent");
    let protection = format!("{}/task-protection/v1/state", agent.1);
    let is_on = |state: String| {
        assert!(state.contains(r#"{"protection":{"#), "{state}");
        state.contains(r#""ProtectionEnabled":true"#)
    };
    let is_protected = || is_on(ask(address, &format!("GET {protection}"), ""));
    assert!(!is_protected(), "at first");
    assert!(is_on(ask(address, &format!("PUT {protection}"), r#"{"ProtectionEnabled":true}"#)));
    for (what, expected) in
        [(ClearScope::Pending, true), (ClearScope::Faults, true), (ClearScope::All, false)]
    {
        cleared(&live, what).await;
        assert_eq!(is_protected(), expected, "after {what:?}");
    }
}
