//! Events for some instances and clients, and events that wait for a client.

use std::time::Duration;

use mock_imds::imds::DeliveryEnd;
use support::{Client, LOADED, PureService, TTL};

const WEB: &str = "10.1.0.1";
const DATABASE: &str = "10.2.0.1";
const TWO: &str = r#"
[instances.web]
clients = ["10.1.0.0/16"]
instance-id = "i-0000000000000000a"
[instances.database]
clients = ["10.2.0.0/16"]
derive = true
[[event]]
instance = "web"
at = "10s"
spot-interruption = {}
target-lifecycle-state = "Terminated"
instance-action = "shutdown"
life-cycle = "spot"
credentials = { state = "failed" }
set = { "meta-data/note" = "web" }
tags = { Name = "web" }
metadata-options = { instance-metadata-tags = "enabled" }
facts = { instance-type = "m5.24xlarge" }
maintenance = { code = "instance-stop" }
[[event]]
at = "20s"
set = { "meta-data/all" = "yes" }
[[event]]
instance = "database"
at = "20s"
rebalance-recommendation = {}
"#;

const LEAVES: [&str; 10] = [
    "spot/instance-action",
    "autoscaling/target-lifecycle-state",
    "instance-action",
    "instance-life-cycle",
    "iam/security-credentials/dev-role",
    "note",
    "tags/instance/Name",
    "instance-type",
    "events/maintenance/scheduled",
    "events/recommendations/rebalance",
];

fn leaves(service: &mut PureService, client: Client) -> Vec<Option<String>> {
    LEAVES.map(|leaf| service.value(client, leaf)).to_vec()
}

#[test]
fn an_event_for_one_instance_leaves_the_others_alone() {
    let mut service = PureService::new(TWO);
    let clients = [Client::HOST, Client::bridged(WEB), Client::bridged(DATABASE)];
    let [host, web, database] = clients.map(|client| leaves(&mut service, client));
    service.now = LOADED.plus(Duration::from_secs(10));
    let [host_now, web_now, database_now] = clients.map(|client| leaves(&mut service, client));
    assert_eq!((&host_now, &database_now), (&host, &database), "of {LEAVES:?}");
    for (index, leaf) in LEAVES.iter().enumerate().take(9) {
        assert_ne!(web[index], web_now[index], "{leaf} of web changed");
    }
    service.now = LOADED.plus(Duration::from_secs(20));
    for client in clients {
        assert_eq!(service.value(client, "all").as_deref(), Some("yes"), "an event for all, at {client:?}");
        let rebalance = service.value(client, "events/recommendations/rebalance");
        assert_eq!(
            rebalance.is_some(),
            client == clients[2],
            "an event for the database alone, at {client:?}"
        );
    }
}

#[test]
fn the_first_clients_that_look_see_an_event_and_keep_seeing_it() {
    let mut service =
        PureService::new("[[event]]\nat = \"10s\"\nfirst-n-clients = 2\nspot-interruption = {}\n");
    let client = |number: u8| Client::bridged(&format!("10.0.0.{number}"));
    let sees =
        |service: &mut PureService, number| service.value(client(number), "spot/instance-action").is_some();
    assert!(!sees(&mut service, 1), "before the event nobody is counted");
    service.now = LOADED.plus(Duration::from_secs(10));
    assert!(
        service.value(client(9), "instance-id").is_some(),
        "whoever asks for something else is not counted"
    );
    // Any path below spot, events and autoscaling counts.
    assert_eq!(service.value(client(2), "autoscaling/target-lifecycle-state"), None);
    assert!(sees(&mut service, 3));
    assert_eq!([1, 4, 9].map(|number| sees(&mut service, number)), [false; 3], "two have looked before");
    service.wait(Duration::from_hours(24));
    assert_eq!([2, 3].map(|number| sees(&mut service, number)), [true; 2], "the first two, for good");
    assert!(!sees(&mut service, 1));
}

#[test]
fn each_event_counts_its_own_clients() {
    let mut service = PureService::new(
        "[[event]]\nfirst-n-clients = 1\nspot-interruption = {}\n\
         [[event]]\nat = \"10s\"\nfirst-n-clients = 2\nrebalance-recommendation = {}\n",
    );
    let (one, two) = (Client::bridged("10.0.0.1"), Client::bridged("10.0.0.2"));
    assert!(service.value(one, "spot/instance-action").is_some());
    assert!(service.value(two, "spot/instance-action").is_none());
    service.now = LOADED.plus(Duration::from_secs(10));
    for client in [two, one] {
        assert!(service.value(client, "events/recommendations/rebalance").is_some(), "{client:?}");
    }
    assert!(service.value(two, "spot/instance-action").is_none());
}

#[test]
fn a_step_may_wait_for_a_poll() {
    let mut service = PureService::new(
        "[[event]]\nafter-poll = \"meta-data/spot/instance-action\"\nat = \"30s\"\nspot-interruption = {}\n\
         [[event]]\nafter-poll = \"/latest/meta-data/events/maintenance/scheduled/\"\nset = { \"meta-data/polled\" = \"yes\" }\n",
    );
    service.now = LOADED.plus(Duration::from_hours(1));
    let (first, second) = (Client::bridged("10.0.0.1"), Client::bridged("10.0.0.2"));
    assert_eq!(service.value(first, "spot/termination-time"), None, "another path is no poll");
    service.wait(Duration::from_mins(1));
    assert_eq!(service.value(first, "spot/termination-time"), None);
    // Whatever version and slashes it is asked with.
    assert_eq!(service.ask(first, "GET", "/2021-07-15//meta-data/spot/instance-action/", &[]).status, 404);
    let polled = service.now;
    service.wait(Duration::from_secs(20));
    assert_eq!(service.value(second, "spot/instance-action"), None, "a second poll does not start it again");
    service.wait(Duration::from_secs(9));
    assert_eq!(service.value(second, "spot/instance-action"), None);
    service.wait(Duration::from_secs(1));
    let due = polled.plus(Duration::from_secs(150)).rfc3339();
    for client in [first, second, Client::HOST] {
        assert_eq!(service.value(client, "spot/termination-time").as_deref(), Some(&*due), "{client:?}");
    }
    assert_eq!(service.value(first, "polled"), None);
    assert_eq!(service.value(first, "events/maintenance/scheduled").as_deref(), Some("[]"));
    assert_eq!(service.value(first, "polled").as_deref(), Some("yes"), "without at it happens with the poll");
}

/// What a request changes comes to the writer after the answer: another scenario may be served by then.
#[test]
fn a_poll_of_another_scenario_is_no_poll() {
    let waits = |path: &str| {
        format!("[[event]]\nafter-poll = \"meta-data/{path}\"\nset = {{ \"meta-data/polled\" = \"yes\" }}\n")
    };
    let mut service = PureService::new(&waits("mac"));
    let (_, poll) = service.preview(Client::HOST, "GET", "/latest/meta-data/mac", &[]);
    let poll = poll.expect("a first poll is a change");
    service.wait(Duration::from_secs(1));
    service.reload(&waits("ami-id"));
    service.apply(poll.clone());
    assert_eq!(service.value(Client::HOST, "polled"), None, "nobody asked for ami-id");

    let mut service = PureService::new(&waits("mac"));
    service.apply(poll);
    assert_eq!(
        service.value(Client::HOST, "polled").as_deref(),
        Some("yes"),
        "the same scenario, of the same load"
    );
}

#[test]
fn an_instance_that_vanishes_resets_every_connection_once_the_time_has_come() {
    let other = Client::bridged("10.0.0.1");
    let asks =
        [("GET", "/latest/meta-data/"), ("GET", "/nothing"), ("PUT", "/latest/api/token"), ("POST", "/")];
    let mut service = PureService::new(
        "[instances.other]\nclients = [\"10.0.0.1\"]\nderive = true\n\
         [[event]]\ninstance = \"other\"\nat = \"10s\"\nspot-interruption = { notice = \"30s\", then = \"vanish\" }\n\
         [[event]]\nat = \"100s\"\nclear = \"spot-interruption\"\n",
    );
    let mut end = |at: u64, client, method, path| {
        service.now = LOADED.plus(Duration::from_secs(at));
        service.reply(client, method, path, &[(TTL, "60")]).delivery.end
    };
    for (method, path) in asks {
        assert_eq!(end(39, other, method, path), DeliveryEnd::Whole, "{method} {path} before the time");
        assert_eq!(end(40, other, method, path), DeliveryEnd::Reset, "{method} {path} at the time");
        assert_eq!(end(99, other, method, path), DeliveryEnd::Reset, "{method} {path} after the time");
        assert_eq!(
            end(99, Client::HOST, method, path),
            DeliveryEnd::Whole,
            "{method} {path} of the other instance"
        );
        assert_eq!(
            end(100, other, method, path),
            DeliveryEnd::Whole,
            "{method} {path} after the notice was cleared"
        );
    }
}

#[test]
fn a_wrong_clock_does_not_make_an_instance_vanish_sooner() {
    let mut service = PureService::new(
        "[[event]]\nspot-interruption = { notice = \"30s\", then = \"vanish\" }\n\
         [[fault]]\nclock-skew = \"5m\"\nlatency = \"1s\"\n",
    );
    let mut ask = |at| {
        service.now = LOADED.plus(Duration::from_secs(at));
        let answer = service.ask(Client::HOST, "GET", "/latest/meta-data/instance-id", &[]);
        (answer.outcome(), answer.late.as_secs())
    };
    assert_eq!(ask(29), ("200".to_owned(), 1));
    assert_eq!(ask(30), ("reset".to_owned(), 0), "nobody is there who could be late");
}
