//! Orders while the server runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::fleets::{LOADED, fleet, live};
use crate::control::OrderSource;
use crate::control::api::LiveOrder;
use crate::daemon::in_force::in_force;
use crate::daemon::live::LiveFleet;
use crate::daemon::reread::reread;
use crate::imds::{Fleet, FleetItem};
use crate::model::{Event, EventEffect, Scenario};
use crate::scenario::OrderTime;

/// The service with events of these orders.
fn with_orders(orders: impl Iterator<Item = Value>) -> LiveFleet {
    let event = fleet("[[event]]\nset = { \"meta-data/a\" = \"x\" }\n").events()[0].clone();
    let events = orders.map(|order| FleetItem::ordered(Event::clone(&event), Arc::new(order))).collect();
    let live = live("");
    let before = live.load();
    let next = Fleet::clone(&before).restored(before.clock().clone(), events, vec![], BTreeSet::new());
    live.take_back(Arc::new(next), &BTreeSet::new());
    live
}

/// The reason for which an order is rejected.
async fn rejection(live: &LiveFleet, order: Value) -> Option<String> {
    let outcome = live.add(OrderSource::Signal, LiveOrder::Event(order)).await;
    outcome.err().map(|report| report.problems[0].found.clone())
}

#[tokio::test]
async fn there_are_at_most_a_thousand_orders() {
    let live = with_orders((0..999).map(|_| json!({})));
    let order = || json!({"tags": {"Name": "x"}});
    assert_eq!(rejection(&live, order()).await, None, "number 1000");
    let found = rejection(&live, order()).await.expect("number 1001");
    assert_eq!(found, "too many changes since the scenario was loaded: this would be number 1001");
}

#[tokio::test]
async fn orders_have_at_most_16_mib() {
    let order = json!({"tags": {"Name": "x"}});
    let left = (16 << 20) - order.to_string().len();
    for (bytes, expected) in [
        (left, None),
        (left + 1, Some("too much data in the changes since the scenario was loaded: 16777217 bytes")),
    ] {
        // With its quotes.
        let live = with_orders([json!("x".repeat(bytes - 2))].into_iter());
        assert_eq!(rejection(&live, order.clone()).await.as_deref(), expected, "{bytes} bytes before");
    }
}

/// As of an order that a version saved which did not pin the id.
#[test]
fn each_order_that_is_read_again_has_an_id_of_its_own() {
    let orders: Vec<Arc<Value>> =
        (0..3).map(|_| Arc::new(json!({"maintenance": {"code": "system-reboot"}}))).collect();
    let time = OrderTime { now: LOADED, elapsed: std::time::Duration::ZERO, before: 2, wall_ahead: 0 };
    let read = reread::<Event>(orders.iter(), &Scenario::default(), time);
    let ids: BTreeSet<String> = read
        .into_iter()
        .map(|event| match &event.expect("it is accepted").effects[..] {
            [EventEffect::Maintenance(notice)] => notice.id.clone(),
            effects => panic!("expected maintenance, found {effects:?}"),
        })
        .collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

// === What they make of an instance ===

/// What is in force a second after the load.
fn after_the_event(file: &str, event: &str) -> Vec<String> {
    let fleet = fleet(&format!("{file}\n[[event]]\nat = \"1s\"\n{event}\n"));
    assert_eq!(in_force(&fleet, LOADED), [], "before {event}");
    let found = in_force(&fleet, LOADED.plus(std::time::Duration::from_secs(1)));
    found.into_iter().map(|found| format!("{}: {}", found.what, found.text)).collect()
}

#[test]
fn each_difference_from_the_file_is_in_force() {
    let file = "[metadata]\n\"meta-data/a\" = \"1\"\n\"meta-data/b\" = \"1\"\n[instance.tags]\nName = \"web\"\nStays = \"x\"\n";
    for (event, expected) in [
        ("tags = { Name = false }", &["tags: Name is removed"][..]),
        ("tags = { Name = \"db\", New = \"y\" }", &["tags: Name = db", "tags: New = y"]),
        ("set = { \"meta-data/a\" = \"22\" }", &["set: meta-data/a, 2 bytes"]),
        ("set = { \"meta-data/a\" = false }", &["set: meta-data/a is removed"]),
        ("instance-action = \"shutdown\"", &["instance-action: shutdown"]),
        ("life-cycle = \"spot\"", &["life-cycle: spot"]),
        ("credentials = { state = \"expired\" }", &["credentials: expired"]),
        ("facts = { instance-type = \"m5.2xlarge\" }", &["instance-type: m5.2xlarge"]),
        ("facts = { ami-id = \"ami-0123456789abcdef0\" }", &["ami-id: ami-0123456789abcdef0"]),
        ("facts = { monitoring = \"enabled\" }", &["monitoring: enabled"]),
        ("facts = { public-ipv4s = [\"192.0.2.55\"] }", &["public-ipv4s: [192.0.2.55]"]),
        ("facts = { security-groups = [\"a\", \"b\"] }", &["security-groups: [a, b]"]),
        ("facts = { user-data = \"new\" }", &["user-data: 3 bytes"]),
        ("metadata-options = { http-tokens = \"required\" }", &["metadata-options: http-tokens = required"]),
        (
            "metadata-options = { http-endpoint = \"disabled\" }",
            &["metadata-options: http-endpoint = disabled"],
        ),
        (
            "metadata-options = { http-put-response-hop-limit = 1 }",
            &["metadata-options: http-put-response-hop-limit = 1"],
        ),
        (
            "metadata-options = { instance-metadata-tags = \"enabled\" }",
            &["metadata-options: instance-metadata-tags = enabled"],
        ),
        ("target-lifecycle-state = \"Terminated\"", &["target-lifecycle-state: Terminated"]),
        ("rebalance-recommendation = {}", &["rebalance-recommendation: noticed"]),
        ("spot-interruption = { moving = true }", &["spot-interruption: terminate 2m after each request"]),
    ] {
        assert_eq!(after_the_event(file, event), expected, "{event}");
    }
    let with_data = format!("{file}\n[instance]\nuser-data = \"old\"\n");
    assert_eq!(after_the_event(&with_data, "facts = { user-data = false }"), ["user-data: removed"]);
}

#[test]
fn a_notice_is_in_force_with_its_time() {
    let event =
        "maintenance = { code = \"system-reboot\", not-before = \"1h\" }\nrebalance-recommendation = {}";
    let fleet = fleet(&format!("[[event]]\nat = \"1s\"\ncredentials = {{ rotate = true }}\n{event}\n"));
    let second = std::time::Duration::from_secs(1);
    let now = LOADED.plus(second);
    let found: Vec<_> = in_force(&fleet, now).into_iter().map(|found| (found.what, found.at)).collect();
    let hour = std::time::Duration::from_hours(1);
    let expected = [
        ("rebalance-recommendation", Some(now)),
        ("maintenance", Some(now.plus(hour))),
        ("credentials", Some(now)),
    ];
    assert_eq!(found, expected.map(|(what, at)| (what.to_owned(), at)));
}

/// The file's own comes back with `unset`, and is no difference.
#[test]
fn what_events_set_and_unset_is_not_in_force() {
    let file =
        "[metadata]\n\"meta-data/a\" = \"1\"\n[[event]]\nat = \"500ms\"\nset = { \"meta-data/c\" = \"1\" }\n";
    let fleet = fleet(&format!("{file}[[event]]\nat = \"1s\"\nunset = [\"meta-data/c\"]\n"));
    let found = |millis| in_force(&fleet, LOADED.plus(std::time::Duration::from_millis(millis))).len();
    assert_eq!([found(0), found(500), found(1_000)], [0, 1, 0]);
}
