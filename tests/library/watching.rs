//! Whole scenarios, watched by clients that behave as well-known programs do. Time is simulated.

use std::time::Duration;

use support::{Client, LOADED, shipped};

use crate::handlers::{NTH, Seen, kube_spot, watched};
use crate::handlers::{TerminationHandler, every};

const RERUN: &str = "rerun: cargo test --test library watching";

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
fn the_clock_of_a_first_poll_starts_when_somebody_looks() {
    let mut service = shipped("spot-on-first-poll");
    let day = Duration::from_hours(24);
    service.now = LOADED.plus(day);
    assert_eq!(service.value(Client::HOST, "instance-id").as_deref(), Some("i-1234567890abcdef0"));
    service.wait(day);
    let mut handler = TerminationHandler::default();
    let start = service.now;
    let mut first = None;
    for offset in every(NTH, 60) {
        service.now = start.plus(offset);
        let notices =
            handler.poll(&mut service).unwrap_or_else(|error| panic!("at {offset:?}: {error}\n{RERUN}"));
        if let Some(notice) = notices.into_iter().next() {
            let (since, known) = first.get_or_insert((offset, notice.clone()));
            assert_eq!((since.as_secs(), &notice), (10, &*known), "the same notice at every poll\n{RERUN}");
        }
    }
    let announced = start.plus(Duration::from_secs(130)).rfc3339();
    let other = service.value(Client::bridged("172.17.0.9"), "spot/termination-time");
    assert_eq!(other.as_deref(), Some(announced.as_str()), "another client meets the same notice\n{RERUN}");
    assert!(first.is_some(), "no notice came\n{RERUN}");
}
