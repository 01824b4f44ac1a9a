//! What the server remembers of requests to the endpoints of containers, and when it forgets.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::imds::{EndpointMemory as _, NetworkFault, RateBucket};
use crate::model::{ScaleInProtection, Timestamp};
use crate::server::ContainerMemory;

/// `CLIENTS` is 512.
#[test]
fn when_too_many_clients_ask_at_a_time_all_are_forgotten() {
    let memory = ContainerMemory::default();
    let admit = |number: u32| {
        let bucket = RateBucket { client: Some(Ipv4Addr::from_bits(number).into()), name: "/" };
        memory.admit(bucket, Duration::from_secs(5), 1, Timestamp::from_secs(1))
    };
    assert!((0..512).all(admit));
    assert!(!(0..512).any(admit), "each is remembered");
    assert!(admit(512), "one more");
    assert!(!admit(512), "it is remembered");
    assert!(admit(0), "the others are forgotten");
}

/// `FAULTS` is 256.
#[test]
fn when_too_many_faults_of_a_task_run_they_are_forgotten() {
    let memory = ContainerMemory::default();
    let set = |port: u32, runs| memory.set_running("a", NetworkFault::BlackholePort, &port.to_string(), runs);
    let runs = |port: u32| memory.is_running("a", NetworkFault::BlackholePort, &port.to_string());
    (0..256).for_each(|port| set(port, true));
    assert!((0..256).all(runs));
    set(7, false);
    assert!((0..256).all(|port| runs(port) == (port != 7)), "one has stopped, the others run");
    set(7, true);
    set(256, true);
    assert!((0..=256).all(|port| runs(port) == (port == 256)), "one more");
}

/// `TASKS` is 8192.
#[test]
fn when_too_many_tasks_have_faults_all_are_forgotten() {
    let memory = ContainerMemory::default();
    let start = |task: u32, fault| memory.set_running(&task.to_string(), fault, "", true);
    let runs = |task: u32| memory.is_running(&task.to_string(), NetworkFault::Latency, "");
    (0..8_192).for_each(|task| start(task, NetworkFault::Latency));
    start(0, NetworkFault::PacketLoss);
    assert!((0..8_192).all(runs), "another fault of a task that is known takes no room of others");
    start(8_192, NetworkFault::Latency);
    assert!((0..=8_192).all(|task| runs(task) == (task == 8_192)), "one more");
}

#[test]
fn a_new_scenario_begins_without_a_memory() {
    let memory = ContainerMemory::default();
    let now = Timestamp::from_secs(1);
    let admit = || memory.admit(RateBucket { client: None, name: "/" }, Duration::from_secs(5), 1, now);
    for _ in 0..2 {
        assert!(admit() && !admit());
        assert_eq!(memory.protection("a"), None);
        assert!(!memory.is_running("a", NetworkFault::Latency, ""));
        let change = ScaleInProtection { at: now, until: Some(now) };
        memory.protect("a", change);
        memory.set_running("a", NetworkFault::Latency, "", true);
        assert_eq!(memory.protection("a"), Some(change));
        assert!(memory.is_running("a", NetworkFault::Latency, ""));
        memory.restart();
    }
}

/// How often they have asked is nothing that they have set.
#[test]
fn what_containers_have_set_is_forgotten_by_itself() {
    let memory = ContainerMemory::default();
    let now = Timestamp::from_secs(1);
    let admit = || memory.admit(RateBucket { client: None, name: "/" }, Duration::from_secs(5), 1, now);
    assert!(admit());
    memory.protect("a", ScaleInProtection { at: now, until: Some(now) });
    memory.set_running("a", NetworkFault::Latency, "", true);
    memory.forget_changes();
    assert_eq!(memory.protection("a"), None);
    assert!(!memory.is_running("a", NetworkFault::Latency, ""));
    assert!(!admit(), "the rate goes on");
}
