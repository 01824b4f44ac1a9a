use super::*;
use crate::model::{MaintenanceState, NamedInstance};

// === Events ===

const NOW: Timestamp = Timestamp::from_millis(1_795_230_851_250);

fn scenario() -> Scenario {
    let instance = Instance::default();
    let named = NamedInstance {
        name: "web".into(),
        networks: vec![],
        host: true,
        nodes: vec![],
        derive: false,
        instance,
    };
    Scenario { named_instances: vec![named], ..Scenario::default() }
}

fn order_at(json: &Value, now: Timestamp) -> Result<CheckedOrder<Event>, Report> {
    read_order(
        json,
        &scenario(),
        OrderTime { now, elapsed: Duration::from_millis(90_250), before: 0, wall_ahead: 0 },
    )
}

fn order(json: &Value) -> CheckedOrder<Event> {
    order_at(json, NOW).unwrap_or_else(|report| panic!("expected that {json} is accepted, found:\n{report}"))
}

#[test]
fn an_event_happens_now_unless_it_says_when() {
    assert_eq!(order(&json!({"clear": "all"})).item.at, EventTime::At(NOW));
    let at = |json| order(&json).item.at;
    assert_eq!(
        at(json!({"clear": "all", "in": "30s"})),
        EventTime::AfterLoad(Duration::from_millis(120_250))
    );
    assert_eq!(at(json!({"clear": "all", "at": "30s"})), EventTime::AfterLoad(Duration::from_secs(30)));
    assert_eq!(
        at(json!({"clear": "all", "at": "start+30s"})),
        EventTime::AfterStart(Duration::from_secs(30))
    );
    assert_eq!(
        at(json!({"clear": "all", "at": "2026-11-21T03:14:11.25Z"})),
        EventTime::At(Timestamp::from_millis(1_795_230_851_250))
    );
    let poll = at(json!({"clear": "all", "after-poll": "meta-data/spot"}));
    assert_eq!(poll, EventTime::AfterPoll("meta-data/spot".into(), Duration::ZERO));
}

#[test]
fn what_is_kept_is_the_same_event_whenever_it_is_read() {
    for json in [
        json!({"clear": "all"}),
        json!({"spot-interruption": {"notice": "1m"}, "in": "1h30s", "instance": "web"}),
        json!({"maintenance": {"not-before": "1h"}}),
        json!({"maintenance": {"id": "instance-event-0d59937288b749b32"}, "at": "start+1s"}),
        json!({"set": {"meta-data/a": "x", "meta-data/b": false}, "after-poll": "meta-data/a", "at": "1m"}),
        json!({"rebalance-recommendation": {}, "repeat": "1h", "until": "6h", "at": "2030-01-01T00:00:00+02:00"}),
        json!({"tags": {"Name": "a", "Old": false}, "unset": ["meta-data/c"], "first-n-clients": 2}),
    ] {
        let first = order(&json);
        let again = order_at(&first.order, NOW.plus(Duration::from_hours(1))).expect("it was accepted once");
        assert_eq!((&again.item, &again.order), (&first.item, &first.order), "of {json}");
    }
}

#[test]
fn maintenance_events_have_ids_of_their_own() {
    let id = |json: &Value, now| match &order_at(json, now).expect("it is accepted").item.effects[..] {
        [EventEffect::Maintenance(notice)] => (notice.id.clone(), notice.state.clone()),
        other => panic!("expected maintenance, found {other:?}"),
    };
    let json = json!({"maintenance": {}});
    let (first, second) = (id(&json, NOW), id(&json, NOW.plus(Duration::from_millis(1))));
    assert_ne!(first, second);
    let time = |before| OrderTime { now: NOW, elapsed: Duration::ZERO, before, wall_ahead: 0 };
    let [one, other] = [0, 1].map(|before| read_order::<Event>(&json, &scenario(), time(before)));
    assert_ne!(one.expect("it is accepted").item, other.expect("it is accepted").item, "in one millisecond");
    assert_eq!(first.1, MaintenanceState::ACTIVE);
}

#[test]
fn what_is_wrong_is_said_of_the_event_in_toml() {
    for (json, expected) in [
        (json!([]), "the event: error: is no object"),
        (json!({}), "the event does nothing"),
        (json!({"clear": null}), "the event: error: cannot be written as TOML"),
        (
            json!({"clear": "everything"}),
            "the event:1:9: error: clear is \"everything\"\n  1 | clear = \"everything\"\n",
        ),
        (json!({"clear": "all", "in": "soon"}), "in is \"soon\""),
        (json!({"clear": "all", "in": 30}), "in is an integer"),
        (json!({"clear": "all", "in": "1s", "at": "1s"}), "both in and at"),
        (json!({"clear": "all", "in": "1s", "after-poll": "meta-data"}), "both in and at"),
        (json!({"clear": "all", "instance": "wob"}), "there is no instance \"wob\""),
        (
            json!({"clear": "all", "instance": "web", "client": "10.0.0.1"}),
            "both client and instance are set",
        ),
        (json!({"claer": "all"}), "did you mean \"clear\"?"),
        (json!({"set": {"x": "y"}}), "\"x\" is not a path of the tree"),
        (json!({"set": {"user-data": {"file": "/etc/passwd"}}}), "names a file in set.\"user-data\""),
        (json!({"facts": {"user-data": {"file": "x"}}}), "names a file in facts.user-data"),
        (json!({"set": "x"}), "set is a string"),
    ] {
        let report = order_at(&json, NOW).expect_err("it is wrong").to_string();
        assert!(report.contains(expected), "expected {expected:?} of {json}, found:\n{report}");
    }
    let report = order_at(&json!({"set": {"x": "y"}}), NOW).expect_err("it is wrong");
    assert_eq!(report.problems.len(), 1, "one mistake, one problem:\n{report}");
}

#[test]
fn a_fact_in_one_path_only_is_a_warning() {
    let ordered = order(&json!({"set": {"/latest/meta-data/instance-type": "t3.micro"}}));
    let warning = ordered.warnings.to_string();
    assert!(warning.contains("warning: only meta-data/instance-type changes"), "{warning}");
    assert_eq!(order(&json!({"set": {"meta-data/x": "y"}})).warnings.problems, []);
}

#[test]
fn an_order_has_a_thousand_paths_at_most() {
    let paths =
        |count: usize| (0..count).map(|n| (format!("meta-data/x{n}"), json!("v"))).collect::<Map<_, _>>();
    let unset: Vec<String> = paths(500).into_iter().map(|(path, _)| path).collect();
    for (json, count) in [
        (json!({"set": paths(1_000)}), 1_000),
        (json!({"set": paths(500), "unset": unset}), 1_000),
        (json!({"set": paths(1_001)}), 1_001),
        (json!({"set": paths(501), "unset": unset}), 1_001),
    ] {
        match order_at(&json, NOW) {
            Ok(ordered) => assert_eq!(ordered.item.effects.len(), 1_000),
            Err(report) => {
                let report = report.to_string();
                assert!(
                    report.starts_with("the event: error: has 1001 paths\n  accepted: at most 1000 "),
                    "{report}"
                );
                assert_eq!(count, 1_001, "{report}");
            }
        }
    }
}

// === Faults ===

fn fault_at(json: &Value, elapsed: u64) -> Result<CheckedOrder<Fault>, Report> {
    let time = OrderTime {
        now: Timestamp::from_secs(1_000_000),
        elapsed: Duration::from_millis(elapsed),
        before: 0,
        wall_ahead: 0,
    };
    read_order(json, &Scenario::default(), time)
}

#[test]
fn a_fault_begins_when_it_says_or_at_once() {
    let from = |json: Value| fault_at(&json, 90_250).expect("it is accepted").item.from;
    assert_eq!(from(json!({"hang": true})), FaultStart::AfterLoad(Duration::ZERO));
    assert_eq!(
        from(json!({"hang": true, "for": "1m"})),
        FaultStart::AfterLoad(Duration::from_millis(90_250))
    );
    assert_eq!(
        from(json!({"hang": true, "in": "30s"})),
        FaultStart::AfterLoad(Duration::from_millis(120_250))
    );
    assert_eq!(from(json!({"hang": true, "from": "30s"})), FaultStart::AfterLoad(Duration::from_secs(30)));
}

#[test]
fn what_is_kept_is_the_same_fault_whenever_it_is_read() {
    for json in [
        json!({"hang": true}),
        json!({"status": 503, "path": "meta-data/iam/**", "probability": 0.3, "seed": 7, "for": "1m"}),
        json!({"latency": {"min": "100ms", "max": "2s"}, "in": "30s", "count": 3}),
        json!({"throttle": {"per-second": 5, "then": "drop"}, "from": "2030-01-01T00:00:00Z"}),
    ] {
        let first = fault_at(&json, 90_250).expect("it is accepted");
        let again = fault_at(&first.order, 500_000).expect("it was accepted once");
        assert_eq!((&again.item, &again.order), (&first.item, &first.order), "of {json}");
    }
}

#[test]
fn what_is_wrong_is_said_of_the_fault_in_toml() {
    for (json, expected) in [
        (json!([]), "the fault: error: is no object"),
        (json!({}), "the fault does nothing"),
        (json!({"status": 199}), "the fault:1:10: error: status is 199, out of range\n  1 | status = 199\n"),
        (json!({"hang": true, "in": "1s", "from": "1s"}), "both in and from"),
        (json!({"hang": true, "in": "soon"}), "in is \"soon\""),
        (json!({"hang": true, "instance": "x"}), "there is no instance \"x\""),
    ] {
        let report = fault_at(&json, 0).expect_err("it is wrong").to_string();
        assert!(report.contains(expected), "expected {expected:?} of {json}, found:\n{report}");
    }
    let time = OrderTime {
        now: Timestamp::from_secs(1),
        elapsed: Duration::ZERO,
        before: MAX_FAULTS,
        wall_ahead: 0,
    };
    let full = read_order::<Fault>(&json!({"hang": true}), &Scenario::default(), time);
    assert!(full.expect_err("there are enough").to_string().contains("accepted: 256"));
}

#[test]
fn instants_of_a_wall_clock_that_was_set_are_put_on_the_calendar() {
    let day = 24 * 3_600_000;
    let time = OrderTime { now: NOW, elapsed: Duration::ZERO, before: 0, wall_ahead: day };
    let scenario = Scenario::default();
    let [at, until, on_calendar] =
        ["2026-11-30T00:00:00Z", "2026-12-02T00:00:00Z", "2026-11-29T00:00:00.000Z"];
    let event = json!({ "at": at, "repeat": "1h", "until": until, "rebalance-recommendation": {} });
    let ordered = read_order::<Event>(&event, &scenario, time).expect("it is accepted");
    assert_eq!(
        (&ordered.order["at"], &ordered.order["until"]),
        (&json!(on_calendar), &json!("2026-12-01T00:00:00.000Z"))
    );
    let again = read_order::<Event>(&ordered.order, &scenario, OrderTime { wall_ahead: 0, ..time });
    assert_eq!(again.expect("it is accepted").item, ordered.item, "read again, it is the same");
    let fault = read_order::<Fault>(&json!({ "status": 503, "from": at }), &scenario, time);
    assert_eq!(fault.expect("it is accepted").order["from"], on_calendar);
}
