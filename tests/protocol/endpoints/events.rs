//! Events at the endpoints of containers.

use std::time::Duration;

use mock_imds::imds::DeliveryEnd;
use mock_imds::model::Service;
use serde_json::Value;

use super::Conversation;

pub(super) const HOST: (&str, &str) = ("host", "169.254.170.2");
pub(super) const TASK: &str = "[ecs]\nservice-name = \"web\"\ntask-id = \"0123456789abcdef0123456789abcdef\"\n\
                    credential-id = \"01234567-89ab-4cde-8f01-23456789abcd\"\n\
                    [[ecs.container]]\nname = \"app\"\nhealth = \"HEALTHY\"\n";

/// A task, half a minute before its event.
pub(super) fn before(table: &str, event: &str) -> Conversation {
    let at = "at = \"35m26s\"";
    Conversation::at(Service::Ecs, &format!("{table}[[event]]\n{at}\n{event}\n"))
}

pub(super) fn wait(ecs: &mut Conversation, seconds: u64) {
    ecs.service.wait(Duration::from_secs(seconds));
    ecs.note(&format!("{seconds} s later"));
}

pub(super) fn json(body: &str) -> Value {
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
        reply.expect("it answers").delivery.end == DeliveryEnd::Reset
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

fn events(table: &str, events: &[(&str, &str)]) -> Conversation {
    let events = events.iter().map(|(at, change)| format!("[[event]]\nat = \"{at}\"\n{change}\n"));
    Conversation::at(Service::Ecs, &format!("{table}{}", events.collect::<String>()))
}

#[test]
fn a_container_stops_with_its_task_whatever_was_known_of_it() {
    let mut ecs = events(
        TASK,
        &[
            ("1m", "ecs-container = { known-status = \"RUNNING\" }"),
            ("35m26s", "ecs-task = { desired-status = \"STOPPED\", stop-timeout = \"10s\" }"),
            ("35m30s", "ecs-container = { known-status = \"RUNNING\" }"),
        ],
    );
    let container = ecs.path_of("ECS_CONTAINER_METADATA_URI_V4");
    for (seconds, expected, code) in [(39, "RUNNING", Value::Null), (1, "STOPPED", 137.into())] {
        wait(&mut ecs, seconds);
        let found = json(&ecs.get(&container));
        assert_eq!((found["KnownStatus"].as_str(), &found["ExitCode"]), (Some(expected), &code), "{found}");
    }
    assert!(ecs.get(&format!("{container}/stats")).contains("Unable to get container stats"));
}

#[test]
fn a_container_that_has_never_started_has_no_start_and_then_counts_from_it() {
    let mut ecs = events(
        TASK,
        &[
            ("1m", "ecs-container = { known-status = \"CREATED\" }"),
            ("35m", "ecs-container = { known-status = \"RUNNING\" }"),
        ],
    );
    let container = ecs.path_of("ECS_CONTAINER_METADATA_URI_V4");
    let found = json(&ecs.get(&container));
    let fields = ["StartedAt", "Health"].map(|field| found[field].clone());
    assert_eq!(fields, [Value::Null, Value::Null], "{found}");
    wait(&mut ecs, 5);
    let found = json(&ecs.get(&container));
    assert_eq!(found["StartedAt"], "2026-01-15T12:35:00.000598031Z", "{found}");
    let checked = found["Health"]["statusSince"].as_str().expect("it is checked");
    assert!(checked <= "2026-01-15T12:35:02", "expected a time that has come, found {checked}");
    let usage = |ecs: &mut Conversation| {
        json(&ecs.get(&format!("{container}/stats")))["cpu_stats"]["cpu_usage"]["total_usage"].clone()
    };
    assert_eq!(usage(&mut ecs), 50_000 * 1_000, "that of one second");
    wait(&mut ecs, 1);
    assert_eq!(usage(&mut ecs), 50_000 * 2_000);
}

#[test]
fn each_occurrence_of_a_restart_counts() {
    let repeated = [("35m", "repeat = \"10s\"\necs-container = { restart = true }")];
    let mut ecs = events(TASK, &repeated);
    let container = ecs.path_of("ECS_CONTAINER_METADATA_URI_V4");
    for (seconds, expected) in [(3, Value::Null), (1, 1.into()), (9, 1.into()), (1, 2.into()), (20, 4.into())]
    {
        wait(&mut ecs, seconds);
        let found = json(&ecs.get(&container));
        assert_eq!(found["RestartCount"], expected, "{found}");
    }
    assert_eq!(json(&ecs.get(&container))["StartedAt"], "2026-01-15T12:35:30.000598031Z");
}

/// What is due after an event is due by the scenario's clock.
#[test]
fn a_seek_brings_the_end_of_a_stop_and_of_a_protection() {
    let stop = "ecs-task = { desired-status = \"STOPPED\", stop-timeout = \"10m\" }\n\
                task-protection = { enabled = true, for = \"30m\" }";
    let mut ecs = before(TASK, stop);
    wait(&mut ecs, 30);
    let container = ecs.path_of("ECS_CONTAINER_METADATA_URI_V4");
    let protection = format!("{}/task-protection/v1/state", ecs.path_of("ECS_AGENT_URI"));
    let mut found = |minutes: u64| {
        ecs.service.seek(Duration::from_mins(minutes));
        let container = json(&ecs.get(&container));
        let protection = json(&ecs.get(&protection))["protection"].clone();
        let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
        (text(&container["FinishedAt"]), text(&protection["ExpirationDate"]))
    };
    assert_eq!(found(40), ("none".to_owned(), "2026-01-15T13:00:52Z".to_owned()), "25m26s are left");
    let at = "2026-01-15T12:35:26.000733148Z".to_owned();
    assert_eq!(found(50), (at.clone(), "2026-01-15T12:50:52Z".to_owned()), "it is not later than now");
    assert_eq!(found(70), (at, "none".to_owned()));
}

#[test]
fn new_keys_come_with_the_agent_within_the_same_second() {
    let pod = "[pod-identity]\nrole = \"app-role\"\ntoken = \"any\"\n";
    let mut eks = before(pod, "agent = { endpoint = \"pod-identity\", down = \"4900ms\" }");
    eks.addressed = Some(Service::PodIdentity);
    let key = |eks: &mut Conversation| {
        let headers = [("host", "169.254.170.23"), ("authorization", "x")];
        json(&eks.ask("GET", "/v1/credentials", &headers, ""))["AccessKeyId"].to_string()
    };
    let first = key(&mut eks);
    eks.service.wait(Duration::from_millis(34_900));
    let second = key(&mut eks);
    assert_ne!(second, first, "the agent has lost the keys from before");
    wait(&mut eks, 1);
    assert_eq!(key(&mut eks), second, "and keeps the new ones");
}
