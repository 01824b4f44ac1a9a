//! Events at the endpoints of containers.

use std::time::Duration;

use mock_imds::model::Service;
use serde_json::Value;

use super::Conversation;

const HOST: (&str, &str) = ("host", "169.254.170.2");
const TASK: &str = "[ecs]\nservice-name = \"web\"\ntask-id = \"0123456789abcdef0123456789abcdef\"\n\
                    credential-id = \"01234567-89ab-4cde-8f01-23456789abcd\"\n\
                    [[ecs.container]]\nname = \"app\"\nhealth = \"HEALTHY\"\n";

/// A task, half a minute before its event.
fn before(table: &str, event: &str) -> Conversation {
    let at = "at = \"35m26s\"";
    Conversation::at(Service::Ecs, &format!("{table}[[event]]\n{at}\n{event}\n"))
}

fn wait(ecs: &mut Conversation, seconds: u64) {
    ecs.service.wait(Duration::from_secs(seconds));
    ecs.note(&format!("{seconds} s later"));
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("expected JSON, found {body:?}: {error}"))
}

#[test]
fn a_task_is_stopped_and_its_containers_follow_after_the_timeout() {
    let mut ecs = before(TASK, "ecs-task = { desired-status = \"STOPPED\", stop-timeout = \"10s\" }");
    let task = format!("{}/task", ecs.path_of("ECS_CONTAINER_METADATA_URI_V4"));
    let status = |body: &str| {
        let task = json(body);
        let of = |place: &Value| {
            ["DesiredStatus", "KnownStatus"].map(|field| place[field].as_str().unwrap_or("none").to_owned())
        };
        let container = &task["Containers"][0];
        let times = [&task["ExecutionStoppedAt"], &container["FinishedAt"], &container["ExitCode"]];
        (of(&task), of(container), times.map(ToString::to_string))
    };
    let both = |desired: &str, known: &str| [desired.to_owned(), known.to_owned()];
    let null = || "null".to_owned();
    let running = (both("RUNNING", "RUNNING"), both("RUNNING", "RUNNING"), [null(), null(), null()]);
    assert_eq!(status(&ecs.get(&task)), running);
    wait(&mut ecs, 30);
    let at = "\"2026-01-15T12:35:26.000412905Z\"".to_owned();
    let stopping = (both("STOPPED", "RUNNING"), both("STOPPED", "RUNNING"), [at.clone(), null(), null()]);
    assert_eq!(status(&ecs.get(&task)), stopping);
    wait(&mut ecs, 9);
    assert_eq!(status(&ecs.get(&task)), stopping);
    wait(&mut ecs, 1);
    let finished = "\"2026-01-15T12:35:36.000733148Z\"".to_owned();
    let stopped = (both("STOPPED", "STOPPED"), both("STOPPED", "STOPPED"), [at, finished, "137".to_owned()]);
    assert_eq!(status(&ecs.get(&task)), stopped);
    let counted = json(&ecs.get(&format!("{task}/stats")));
    assert_eq!(counted.as_object().map(serde_json::Map::len), Some(1), "it is there without data: {counted}");
}

#[test]
fn a_container_fails_ends_and_is_started_again() {
    let scenario = format!(
        "{TASK}[[event]]\nat = \"35m\"\necs-container = {{ health = \"UNHEALTHY\" }}\n\
         [[event]]\nat = \"36m\"\necs-container = {{ known-status = \"STOPPED\", exit-code = 1 }}\n\
         [[event]]\nat = \"37m\"\necs-container = {{ restart = true }}\n\
         [[event]]\nat = \"38m\"\nclear = \"ecs\"\n"
    );
    let mut ecs = Conversation::at(Service::Ecs, &scenario);
    let container = ecs.path_of("ECS_CONTAINER_METADATA_URI_V4");
    ecs.get(&container);
    for seconds in [4, 60] {
        wait(&mut ecs, seconds);
        ecs.get(&container);
        ecs.get(&format!("{container}/stats"));
        ecs.get(&format!("{container}/task/stats"));
    }
    wait(&mut ecs, 60);
    ecs.get(&container);
    ecs.get(&format!("{container}/stats"));
    wait(&mut ecs, 60);
    let first = json(&ecs.get(&container));
    assert_eq!((&first["RestartCount"], &first["ExitCode"]), (&Value::Null, &Value::Null), "it is cleared");
    assert_eq!(first["Health"]["status"], "HEALTHY");
    ecs.is_golden("ecs-container-events");
}

#[test]
fn who_changed_the_protection_last_is_right() {
    let protection =
        |ecs: &Conversation| format!("{}/task-protection/v1/state", ecs.path_of("ECS_AGENT_URI"));
    let enabled = |body: &str| json(body)["protection"]["ProtectionEnabled"].clone();
    let mut ecs = before(TASK, "task-protection = { enabled = true, for = \"1h\" }");
    let path = protection(&ecs);
    ecs.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":false}"#);
    assert_eq!(enabled(&ecs.get(&path)), Value::Bool(false));
    wait(&mut ecs, 30);
    let body = ecs.get(&path);
    assert_eq!(enabled(&body), Value::Bool(true), "{body}");
    assert_eq!(json(&body)["protection"]["ExpirationDate"], "2026-01-15T13:35:26Z");
    wait(&mut ecs, 1);
    ecs.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":false}"#);
    assert_eq!(enabled(&ecs.get(&path)), Value::Bool(false));
    for (answer, expected) in [("denied", "AccessDenied"), ("blocked", "DEPLOYMENT"), ("slow", "Timed out")] {
        let mut ecs = before(TASK, &format!("task-protection = \"{answer}\""));
        let put = r#"{"ProtectionEnabled":true}"#;
        assert!(!ecs.ask("PUT", &path, &[HOST], put).contains(expected));
        wait(&mut ecs, 30);
        let body = ecs.ask("PUT", &path, &[HOST], put);
        assert!(body.contains(expected), "{answer}: {body}");
    }
}

#[test]
fn an_agent_restarts_and_keeps_its_ids() {
    let credentials = "/v2/credentials/01234567-89ab-4cde-8f01-23456789abcd";
    let mut ecs = before(TASK, "agent = { down = \"5s\", credentials-ready-after = \"10s\" }");
    let reset = |ecs: &Conversation, service: Service, path: &str| {
        let reply = ecs.service.endpoint(Some(service), ecs.client, ("GET", path), &[HOST], "");
        reply.expect("it answers").delivery.end == mock_imds::imds::DeliveryEnd::Reset
    };
    let first = ecs.get(credentials);
    wait(&mut ecs, 30);
    assert!(reset(&ecs, Service::Ecs, credentials));
    assert!(reset(&ecs, Service::PodIdentity, "/v1/credentials"));
    wait(&mut ecs, 5);
    let body = ecs.get(credentials);
    assert!(body.contains("CredentialsUninitialized"), "{body}");
    assert!(!reset(&ecs, Service::PodIdentity, "/v1/credentials"));
    wait(&mut ecs, 10);
    assert_eq!(ecs.get(credentials), first, "the agent has the same credentials by the same path");
}

#[test]
fn associations_come_and_go_and_a_restart_gives_new_keys() {
    let pod = "[pod-identity]\nrole = \"app-role\"\ntoken = \"any\"\n\
               [pod-identity.associations]\n\"shop/worker\" = \"worker-role\"\n";
    let ask = |eks: &mut Conversation, token: &str| {
        eks.ask("GET", "/v1/credentials", &[("host", "169.254.170.23"), ("authorization", token)], "")
    };
    let worker = "e30.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6c2hvcDp3b3JrZXIifQ.e30";
    let key = |body: &str| json(body)["AccessKeyId"].to_string();
    let eks = |event: &str| {
        let mut eks = before(pod, event);
        eks.addressed = Some(Service::PodIdentity);
        eks
    };
    let mut gone = eks("pod-identity = { association = false }");
    let first = key(&ask(&mut gone, "x"));
    let of_worker = key(&ask(&mut gone, worker));
    wait(&mut gone, 30);
    assert!(ask(&mut gone, "x").contains("ResourceNotFoundException"));
    assert_eq!(key(&ask(&mut gone, worker)), of_worker, "another association stays");
    let mut gone = eks("pod-identity = { association = false, service-account = \"shop/worker\" }");
    wait(&mut gone, 30);
    assert!(ask(&mut gone, worker).contains("ResourceNotFoundException"));
    assert_eq!(key(&ask(&mut gone, "x")), first);
    let mut other = eks("pod-identity = { role = \"other-role\" }");
    wait(&mut other, 30);
    assert_ne!(key(&ask(&mut other, "x")), first);
    let mut restarted = eks("agent = { endpoint = \"pod-identity\", down = \"5s\" }");
    assert_eq!(key(&ask(&mut restarted, "x")), first);
    wait(&mut restarted, 36);
    assert_ne!(key(&ask(&mut restarted, "x")), first, "what the agent kept is gone");
}
