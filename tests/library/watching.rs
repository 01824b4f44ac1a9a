//! Whole scenarios, watched by clients that behave as well-known programs do. Time is simulated.

use std::time::Duration;

use mock_imds::imds::FleetChange;

use crate::handlers::{TerminationHandler, every, kube_spot_sees_a_notice};
use support::{Client, LOADED, PureService, library, shipped};

const RERUN: &str = "rerun: cargo test --test library watching";
/// How often aws-node-termination-handler polls.
const NTH: u64 = 2;
/// How often kube-spot-termination-notice-handler polls.
const KUBE_SPOT: u64 = 5;

/// A notice from its first to its last poll, both as offsets in seconds.
type Seen = (String, u64, u64);

/// What aws-node-termination-handler sees of a scenario. A notice whose id changes counts as another one.
fn watched(name: &str, end: u64) -> Vec<Seen> {
    let mut stage = shipped(name);
    let mut handler = TerminationHandler::default();
    let mut seen: Vec<(crate::handlers::Notice, u64, u64)> = vec![];
    for offset in every(NTH, end) {
        stage.now = LOADED.plus(offset);
        let notices =
            handler.poll(&mut stage).unwrap_or_else(|error| panic!("{name} at {offset:?}: {error}\n{RERUN}"));
        let now = offset.as_secs();
        for notice in notices {
            // One that was not there at the last poll has come back, and is another one.
            match seen.iter_mut().find(|(known, _, last)| *known == notice && last.saturating_add(NTH) >= now)
            {
                Some((.., last)) => *last = now,
                None => seen.push((notice, now, now)),
            }
        }
    }
    seen.into_iter().map(|(notice, first, last)| (notice.what, first, last)).collect()
}

/// When kube-spot-termination-notice-handler sees a notice: the offsets of all such polls.
fn kube_spot(name: &str, end: u64) -> Vec<u64> {
    let mut stage = shipped(name);
    let mut sees = |offset: &Duration| {
        stage.now = LOADED.plus(*offset);
        kube_spot_sees_a_notice(&mut stage)
    };
    every(KUBE_SPOT, end).filter(|offset| sees(offset)).map(|offset| offset.as_secs()).collect()
}

#[track_caller]
fn expect(name: &str, end: u64, expected: &[(&str, u64, u64)]) {
    let found = watched(name, end);
    let expected: Vec<Seen> =
        expected.iter().map(|(what, from, to)| ((*what).to_owned(), *from, *to)).collect();
    assert_eq!(
        found, expected,
        "what a termination handler sees of {name}: notice, first and last poll\n{RERUN}"
    );
}

#[test]
fn an_idle_instance_never_has_a_notice() {
    for name in ["default", "spot-idle"] {
        expect(name, 7200, &[]);
        assert_eq!(kube_spot(name, 7200), [0_u64; 0], "{name}\n{RERUN}");
    }
}

#[test]
fn an_interruption_is_one_notice_from_its_instant_on() {
    expect("spot-interruption", 600, &[("spot terminate", 30, 600)]);
    let polls: Vec<u64> = (30..=600).step_by(5).collect();
    assert_eq!(kube_spot("spot-interruption", 600), polls, "{RERUN}");
}

#[test]
fn stop_and_hibernate_are_seen_by_who_asks_for_the_action() {
    expect("spot-stop", 600, &[("spot stop", 30, 298)]);
    expect("spot-hibernate", 600, &[("spot hibernate", 30, 600)]);
    for name in ["spot-stop", "spot-hibernate"] {
        assert_eq!(kube_spot(name, 600), [0_u64; 0], "{name} has no termination-time\n{RERUN}");
    }
}

#[test]
fn a_recommendation_stays_beside_the_interruption() {
    expect("spot-rebalance", 600, &[("rebalance", 30, 600), ("spot terminate", 120, 600)]);
}

#[test]
fn maintenance_appears_once_and_is_gone_when_it_is_called_off_or_over() {
    expect("maintenance-canceled", 600, &[("maintenance system-maintenance", 30, 148)]);
    expect("maintenance-reboot", 600, &[("maintenance system-reboot", 30, 298)]);
    expect("maintenance-retirement", 600, &[("maintenance instance-retirement", 30, 600)]);
}

#[test]
fn a_scale_in_is_seen_and_a_launch_is_none() {
    expect("asg-termination", 600, &[("scale in", 300, 600)]);
    expect("asg-warm-pool", 600, &[]);
}

#[test]
fn no_scenario_but_the_disabled_endpoint_is_an_error_to_a_termination_handler() {
    for (name, _) in library() {
        // amazon-ec2-metadata-mock does not tell with an answer how long a token lives.
        let silent = name == "aemm";
        if name != "endpoint-disabled" && !silent && !is_faulty(&name) {
            watched(&name, 400);
        }
    }
    let mut stage = shipped("endpoint-disabled");
    let mut handler = TerminationHandler::default();
    let fails: Vec<u64> = every(10, 300)
        .filter(|offset| {
            stage.now = LOADED.plus(*offset);
            handler.poll(&mut stage).is_err()
        })
        .map(|offset| offset.as_secs())
        .collect();
    assert_eq!(fails, (60..180).step_by(10).collect::<Vec<_>>(), "{RERUN}");
}

/// Scenarios that go wrong on purpose.
fn is_faulty(name: &str) -> bool {
    matches!(name, "slow-and-flaky" | "spot-vanish" | "throttled")
}

#[test]
fn a_token_is_renewed_before_it_ends_and_no_more_often() {
    let mut stage = shipped("tokens-required");
    let mut handler = TerminationHandler::default();
    for offset in every(NTH, 3 * 3600) {
        stage.now = LOADED.plus(offset);
        handler.poll(&mut stage).unwrap_or_else(|error| panic!("at {offset:?}: {error}\n{RERUN}"));
    }
    // An hour less 15 seconds each.
    assert_eq!(handler.granted, 4, "tokens in three hours\n{RERUN}");
}

#[test]
fn a_stale_token_beside_a_good_one_is_no_harm() {
    let mut stage = shipped("tokens-required");
    for stale in ["stale", "AQAEAFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFg=="] {
        let mut handler = TerminationHandler::with_token(stale);
        assert_eq!(handler.poll(&mut stage).map(|notices| notices.len()), Ok(0), "{RERUN}");
        assert_eq!(handler.granted, 1, "the refused token was replaced once\n{RERUN}");
    }
}

#[test]
fn requiring_tokens_stops_clients_that_have_none_and_no_others() {
    let mut stage = shipped("tokens-rollout");
    let mut handler = TerminationHandler::default();
    for offset in every(NTH, 300) {
        stage.now = LOADED.plus(offset);
        handler.poll(&mut stage).unwrap_or_else(|error| panic!("at {offset:?}: {error}\n{RERUN}"));
    }
    assert_eq!(handler.granted, 1, "the token from before stays valid\n{RERUN}");
    assert_eq!(kube_spot("tokens-rollout", 300), [0_u64; 0], "a 401 is no notice\n{RERUN}");
}

#[test]
fn the_clock_of_a_first_poll_starts_when_somebody_looks() {
    let mut stage = shipped("spot-on-first-poll");
    let day = Duration::from_hours(24);
    stage.now = LOADED.plus(day);
    assert_eq!(stage.value(Client::HOST, "instance-id").as_deref(), Some("i-1234567890abcdef0"));
    stage.wait(day);
    let mut handler = TerminationHandler::default();
    let start = stage.now;
    let mut first = None;
    for offset in every(NTH, 60) {
        stage.now = start.plus(offset);
        let notices =
            handler.poll(&mut stage).unwrap_or_else(|error| panic!("at {offset:?}: {error}\n{RERUN}"));
        if let Some(notice) = notices.into_iter().next() {
            let (since, known) = first.get_or_insert((offset, notice.clone()));
            assert_eq!((since.as_secs(), &notice), (10, &*known), "the same notice at every poll\n{RERUN}");
        }
    }
    let announced = start.plus(Duration::from_secs(130)).rfc3339();
    let other = stage.value(Client::bridged("172.17.0.9"), "spot/termination-time");
    assert_eq!(other.as_deref(), Some(announced.as_str()), "another client meets the same notice\n{RERUN}");
    assert!(first.is_some(), "no notice came\n{RERUN}");
}

#[test]
fn a_handler_learns_its_node() {
    let found = TerminationHandler::default().node(&mut shipped("spot-idle"));
    let expected = [
        "123456789012",
        "i-1234567890abcdef0",
        "m5.xlarge",
        "172.16.34.43",
        "us-east-1a",
        "us-east-1",
        "spot",
        "ip-172-16-34-43.ec2.internal",
        "ec2-192-0-2-54.compute-1.amazonaws.com",
        "192.0.2.54",
    ];
    assert_eq!(found, Ok(expected.map(str::to_owned).to_vec()), "{RERUN}");
}

#[test]
fn expired_credentials_have_expired_and_rotated_ones_are_new() {
    let keys = |stage: &mut PureService| {
        let body = stage.value(Client::HOST, "iam/security-credentials/dev-role").expect("the role is there");
        let document: serde_json::Value = serde_json::from_str(&body).expect("credentials are JSON");
        (
            document["AccessKeyId"].as_str().map(str::to_owned),
            document["Expiration"].as_str().map(str::to_owned),
        )
    };
    let mut expired = shipped("credentials-expired");
    for hours in [0, 1, 24, 1000] {
        expired.now = LOADED.plus(Duration::from_hours(hours));
        let (key, expiration) = keys(&mut expired);
        assert!(key.is_some(), "{RERUN}");
        assert!(
            expiration < Some(expired.now.rfc3339()),
            "{expiration:?} is not past at {:?}\n{RERUN}",
            expired.now
        );
    }
    let mut outage = shipped("credentials-outage");
    let before = keys(&mut outage);
    outage.now = LOADED.plus(Duration::from_secs(59));
    assert_eq!(keys(&mut outage), before, "{RERUN}");
    outage.now = LOADED.plus(Duration::from_mins(1));
    assert_eq!(keys(&mut outage), (None, None), "{RERUN}");
    outage.now = LOADED.plus(Duration::from_mins(3));
    let after = keys(&mut outage);
    assert!(
        after.0.is_some() && after.0 != before.0 && after.1 > before.1,
        "{before:?}, then {after:?}\n{RERUN}"
    );
}

#[test]
fn a_vanished_instance_answers_nobody_from_the_announced_time_on() {
    let mut stage = shipped("spot-vanish");
    let mut outcome = |seconds| {
        stage.now = LOADED.plus(Duration::from_secs(seconds));
        stage.ask(Client::HOST, "GET", "/latest/meta-data/instance-id", &[]).outcome()
    };
    assert_eq!(
        [0, 30, 149, 150, 10_000].map(&mut outcome),
        ["200", "200", "200", "reset", "reset"],
        "{RERUN}"
    );
}

#[test]
fn a_throttled_client_has_five_requests_a_second() {
    let mut stage = shipped("throttled");
    for second in 0..5 {
        stage.now = LOADED.plus(Duration::from_secs(second));
        let outcomes: Vec<_> =
            (0..8).map(|_| stage.ask(Client::HOST, "GET", "/latest/meta-data/mac", &[]).status).collect();
        assert_eq!(outcomes, [200, 200, 200, 200, 200, 429, 429, 429], "in second {second}\n{RERUN}");
    }
}

#[test]
fn a_flaky_service_fails_as_often_as_it_says() {
    const ASKED: usize = 2_000;
    let mut stage = shipped("slow-and-flaky");
    let mut outcomes = |path: &str| -> Vec<String> {
        let mut ask = || {
            let answer = stage.ask(Client::HOST, "GET", path, &[]);
            let range = Duration::from_millis(50)..=Duration::from_millis(500);
            assert!(range.contains(&answer.late), "late by {:?}\n{RERUN}", answer.late);
            answer.outcome()
        };
        (0..ASKED).map(|_| ask()).collect()
    };
    let share =
        |outcomes: &[String], outcome: &str| outcomes.iter().filter(|found| *found == outcome).count();
    let others = outcomes("/latest/meta-data/mac");
    let roles = outcomes("/latest/meta-data/iam/info");
    // Five in a hundred, and three in ten of those that are not reset; chance is seeded, the bounds are wide.
    for (of, outcomes) in [("other paths", &others), ("credentials", &roles)] {
        assert!(
            (60..=140).contains(&share(outcomes, "reset")),
            "resets of {of}: {}\n{RERUN}",
            share(outcomes, "reset")
        );
    }
    assert_eq!(share(&others, "503"), 0, "{RERUN}");
    assert!((480..=660).contains(&share(&roles, "503")), "503: {}\n{RERUN}", share(&roles, "503"));
}

#[test]
fn a_paused_clock_attaches_no_role() {
    let mut stage = shipped("role-attached-late");
    let attached = |stage: &mut PureService| stage.value(Client::HOST, "iam/info").is_some();
    stage.now = LOADED.plus(Duration::from_secs(20));
    stage.apply(FleetChange::Pause(stage.now));
    stage.wait(Duration::from_hours(1));
    assert!(!attached(&mut stage), "the scenario stands at 20s\n{RERUN}");
    stage.apply(FleetChange::Resume(stage.now));
    stage.wait(Duration::from_secs(9));
    assert!(!attached(&mut stage), "the scenario is at 29s\n{RERUN}");
    stage.wait(Duration::from_secs(1));
    assert!(attached(&mut stage), "the scenario is at 30s\n{RERUN}");
}
