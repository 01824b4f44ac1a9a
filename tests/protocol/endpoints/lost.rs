//! Requests that never reach an agent, or whose replies are lost.

use mock_imds::imds::DeliveryEnd;
use mock_imds::model::Service;
use serde_json::Value;

use super::Conversation;
use super::events::{HOST, TASK, before, json, wait};

#[test]
fn what_never_reaches_an_agent_changes_nothing() {
    let put = r#"{"ProtectionEnabled":true}"#;
    let is_on = |ecs: &mut Conversation, path: &str| {
        json(&ecs.get(path))["protection"]["ProtectionEnabled"] == Value::Bool(true)
    };
    let mut down = before(TASK, "agent = { endpoint = \"ecs\", down = \"5s\" }");
    let path = format!("{}/task-protection/v1/state", down.path_of("ECS_AGENT_URI"));
    wait(&mut down, 30);
    assert_eq!(down.ask("PUT", &path, &[HOST], put), "", "it reads nothing, and says nothing");
    wait(&mut down, 5);
    assert!(!is_on(&mut down, &path), "an agent that is down set a protection");
    for effect in ["reset = true", "hang = true"] {
        let fault = format!("{TASK}[[fault]]\nendpoint = \"ecs\"\nmethods = [\"PUT\"]\n{effect}\n");
        let mut lost = Conversation::at(Service::Ecs, &fault);
        lost.ask("PUT", &path, &[HOST], put);
        assert!(!is_on(&mut lost, &path), "{effect}: a request that was lost set a protection");
    }
    let rate = TASK.replacen('\n', "\nthrottle = { per-second = 1, burst = 1 }\n", 1);
    let fault = "[[fault]]\nendpoint = \"ecs\"\ncount = 3\nreset = true\n";
    let mut lost = Conversation::at(Service::Ecs, &format!("{rate}{fault}"));
    for _ in 0..3 {
        // As the log tells it.
        assert!(lost.get(&path).contains("ProtectionEnabled"), "what would have been answered");
    }
    assert!(lost.get(&path).contains("ProtectionEnabled"), "requests that were lost count for the rate");
    assert!(lost.get(&path).contains("maximum request limit"), "the one before counts");
}

/// The log tells what it would have been; the memory is that of the requests before.
#[test]
fn the_reply_that_is_lost_follows_from_what_was_set_before() {
    let fault = |keys: &str| format!("[[fault]]\nendpoint = \"ecs\"\nhang = true\n{keys}\n");
    let mut ecs = Conversation::at(Service::Ecs, &format!("{TASK}{}", fault("methods = [\"GET\"]")));
    let path = format!("{}/task-protection/v1/state", ecs.path_of("ECS_AGENT_URI"));
    let is_on = |body: &str| json(body)["protection"]["ProtectionEnabled"].clone();
    assert_eq!(is_on(&ecs.get(&path)), Value::Bool(false));
    ecs.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":true}"#);
    assert_eq!(is_on(&ecs.get(&path)), Value::Bool(true));

    let table = TASK.replacen('\n', "\nfault-injection = true\n", 1);
    let mut ecs = Conversation::at(Service::Ecs, &format!("{table}{}", fault("after-n = 1")));
    let faults = format!("{}/fault/v1/network-blackhole-port", ecs.path_of("ECS_AGENT_URI"));
    let mut ask = |action: &str, port: u16| {
        wait(&mut ecs, 5);
        let body = format!(r#"{{"Port":{port},"Protocol":"tcp","TrafficType":"egress"}}"#);
        json(&ecs.ask("POST", &format!("{faults}/{action}"), &[HOST], &body))["Status"].clone()
    };
    assert_eq!(ask("start", 80), "running");
    assert_eq!([80, 81].map(|port| ask("status", port)), ["running", "not-running"]);
    assert_eq!(ask("stop", 80), "stopped", "it is lost");
    assert_eq!(ask("status", 80), "running");
}

/// Nobody reaches the agent of an instance that is no more.
#[test]
fn an_agent_goes_with_its_instance() {
    let mut ecs = before(TASK, "spot-interruption = { notice = \"2m\", then = \"vanish\" }");
    let path = ecs.path_of("ECS_CONTAINER_METADATA_URI_V4");
    let end = |ecs: &Conversation| {
        let reply = ecs.service.endpoint(ecs.addressed, ecs.client, ("GET", &path), &[HOST], "");
        reply.expect("an endpoint answers").delivery.end
    };
    for (seconds, expected) in [
        (0, DeliveryEnd::Whole),
        (30, DeliveryEnd::Whole),
        (119, DeliveryEnd::Whole),
        (1, DeliveryEnd::Reset),
        (60, DeliveryEnd::Reset),
    ] {
        wait(&mut ecs, seconds);
        assert_eq!(end(&ecs), expected, "after {seconds} s more");
    }
}
