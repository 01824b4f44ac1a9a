//! How shipped scenarios treat clients beside notices: tokens, credentials, errors, limits. Time is simulated.

use std::time::Duration;

use mock_imds::imds::FleetChange;
use support::{Client, LOADED, PureService, library, shipped};

use crate::handlers::{NTH, kube_spot, watched};
use crate::handlers::{TerminationHandler, every};

const RERUN: &str = "rerun: cargo test --test library behaviour";

#[test]
fn no_scenario_but_the_disabled_endpoint_is_an_error_to_a_termination_handler() {
    for (name, _) in library() {
        // amazon-ec2-metadata-mock does not tell with an answer how long a token lives.
        let silent = name == "aemm";
        if name != "endpoint-disabled" && !silent && !is_faulty(&name) {
            watched(&name, 400);
        }
    }
    let mut service = shipped("endpoint-disabled");
    let mut handler = TerminationHandler::default();
    let fails: Vec<u64> = every(10, 300)
        .filter(|offset| {
            service.now = LOADED.plus(*offset);
            handler.poll(&mut service).is_err()
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
    let mut service = shipped("tokens-required");
    let mut handler = TerminationHandler::default();
    for offset in every(NTH, 3 * 3600) {
        service.now = LOADED.plus(offset);
        handler.poll(&mut service).unwrap_or_else(|error| panic!("at {offset:?}: {error}\n{RERUN}"));
    }
    // An hour less 15 seconds each.
    assert_eq!(handler.granted, 4, "tokens in three hours\n{RERUN}");
}

#[test]
fn a_stale_token_beside_a_good_one_is_no_harm() {
    let mut service = shipped("tokens-required");
    for stale in ["stale", "AQAEAFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFg=="] {
        let mut handler = TerminationHandler::with_token(stale);
        assert_eq!(handler.poll(&mut service).map(|notices| notices.len()), Ok(0), "{RERUN}");
        assert_eq!(handler.granted, 1, "the refused token was replaced once\n{RERUN}");
    }
}

#[test]
fn requiring_tokens_stops_clients_that_have_none_and_no_others() {
    let mut service = shipped("tokens-rollout");
    let mut handler = TerminationHandler::default();
    for offset in every(NTH, 300) {
        service.now = LOADED.plus(offset);
        handler.poll(&mut service).unwrap_or_else(|error| panic!("at {offset:?}: {error}\n{RERUN}"));
    }
    assert_eq!(handler.granted, 1, "the token from before stays valid\n{RERUN}");
    assert_eq!(kube_spot("tokens-rollout", 300), [0_u64; 0], "a 401 is no notice\n{RERUN}");
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
    let keys = |service: &mut PureService| {
        let body =
            service.value(Client::HOST, "iam/security-credentials/dev-role").expect("the role is there");
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
    let mut service = shipped("spot-vanish");
    let mut outcome = |seconds| {
        service.now = LOADED.plus(Duration::from_secs(seconds));
        service.ask(Client::HOST, "GET", "/latest/meta-data/instance-id", &[]).outcome()
    };
    assert_eq!(
        [0, 30, 149, 150, 10_000].map(&mut outcome),
        ["200", "200", "200", "reset", "reset"],
        "{RERUN}"
    );
}

#[test]
fn a_throttled_client_has_five_requests_a_second() {
    let mut service = shipped("throttled");
    for second in 0..5 {
        service.now = LOADED.plus(Duration::from_secs(second));
        let outcomes: Vec<_> =
            (0..8).map(|_| service.ask(Client::HOST, "GET", "/latest/meta-data/mac", &[]).status).collect();
        assert_eq!(outcomes, [200, 200, 200, 200, 200, 429, 429, 429], "in second {second}\n{RERUN}");
    }
}

#[test]
fn a_flaky_service_fails_as_often_as_it_says() {
    const ASKED: usize = 2_000;
    let mut service = shipped("slow-and-flaky");
    let mut outcomes = |path: &str| -> Vec<String> {
        let mut ask = || {
            let answer = service.ask(Client::HOST, "GET", path, &[]);
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
    let mut service = shipped("role-attached-late");
    let attached = |service: &mut PureService| service.value(Client::HOST, "iam/info").is_some();
    service.now = LOADED.plus(Duration::from_secs(20));
    service.apply(FleetChange::Pause(service.now));
    service.wait(Duration::from_hours(1));
    assert!(!attached(&mut service), "the scenario stands at 20s\n{RERUN}");
    service.apply(FleetChange::Resume(service.now));
    service.wait(Duration::from_secs(9));
    assert!(!attached(&mut service), "the scenario is at 29s\n{RERUN}");
    service.wait(Duration::from_secs(1));
    assert!(attached(&mut service), "the scenario is at 30s\n{RERUN}");
}
