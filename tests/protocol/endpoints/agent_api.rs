//! What a container may ask the agent of Amazon ECS to do.

use std::time::Duration;

use mock_imds::imds::FleetChange;
use mock_imds::model::Service;

use super::Conversation;

const HOST: (&str, &str) = ("host", "169.254.170.2");

fn at_ecs(keys: &str) -> Conversation {
    Conversation::at(Service::Ecs, &format!("[ecs]\nservice-name = \"web\"\n{keys}"))
}

fn protection(ecs: &Conversation) -> String {
    format!("{}/task-protection/v1/state", ecs.path_of("ECS_AGENT_URI"))
}

#[test]
fn task_protection_is_remembered() {
    let mut ecs = at_ecs("");
    let path = protection(&ecs);
    ecs.get(&path);
    ecs.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":true,"ExpiresInMinutes":60}"#);
    ecs.get(&path);
    ecs.service.wait(Duration::from_hours(1));
    ecs.note("an hour later");
    ecs.get(&path);
    ecs.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":true}"#);
    ecs.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":false}"#);
    ecs.note("mistakes");
    for body in
        ["", "x", r#"{"Protected":true}"#, "{}", r#"{"ProtectionEnabled":true,"ExpiresInMinutes":2881}"#]
    {
        ecs.ask("PUT", &path, &[HOST], body);
    }
    for minutes in [i64::MAX, i64::MIN, 0] {
        for enabled in [true, false] {
            let body = format!(r#"{{"ProtectionEnabled":{enabled},"ExpiresInMinutes":{minutes}}}"#);
            ecs.ask("PUT", &path, &[HOST], &body);
        }
    }
    ecs.ask("POST", &path, &[HOST], "");
    ecs.get("/api/unknown/task-protection/v1/state");
    ecs.ask("PUT", "/api/unknown/task-protection/v1/state", &[HOST], "x");
    for keys in
        ["protection = \"denied\"", "protection = \"blocked\"", "protection = \"slow\"", "role = false"]
    {
        let mut refused = at_ecs(keys);
        refused.note(keys);
        refused.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":true}"#);
        ecs.text += &refused.text;
    }
    ecs.is_golden("ecs-task-protection");
    let slow = at_ecs("protection = \"slow\"");
    let reply = slow.service.endpoint(Some(Service::Ecs), slow.client, ("GET", &path), &[HOST], "");
    let delay = reply.expect("it answers").delivery.delay;
    assert_eq!(delay, Duration::from_secs(4), "the agent waits for ECS");
}

#[test]
fn network_faults_are_remembered() {
    let mut ecs = at_ecs("fault-injection = true");
    let faults = format!("{}/fault/v1", ecs.path_of("ECS_AGENT_URI"));
    let latency = r#"{"DelayMilliseconds":200,"JitterMilliseconds":10,"Sources":["10.0.0.1"]}"#;
    let port = r#"{"Port":80,"Protocol":"tcp","TrafficType":"egress"}"#;
    let mut ask = |path: &str, body: &str| {
        ecs.service.wait(Duration::from_secs(5));
        ecs.ask("POST", &format!("{faults}/{path}"), &[HOST], body);
    };
    ask("network-latency/status", "");
    ask("network-latency/start", latency);
    ask("network-latency/status", "");
    ask("network-packet-loss/start", r#"{"LossPercent":5,"Sources":["10.0.0.1"]}"#);
    ask("network-latency/stop", "");
    ask("network-blackhole-port/start", port);
    ask("network-blackhole-port/status", port);
    ask("network-blackhole-port/status", &port.replace("80", "81"));
    for wrong in ["", "x", "{}", r#"{"Port":80,"Protocol":"icmp"}"#, r#"{"Port":70000}"#] {
        ask("network-blackhole-port/start", wrong);
    }
    ask("network-nothing/start", "{}");
    ecs.note("too soon, by the wrong method, and for nobody");
    ecs.ask("POST", &format!("{faults}/network-latency/status"), &[HOST], "");
    ecs.ask("POST", &format!("{faults}/network-latency/status"), &[HOST], "");
    ecs.get(&format!("{faults}/network-latency/status"));
    ecs.ask("POST", "/api/unknown/fault/v1/network-latency/status", &[HOST], "");
    let mut disabled = at_ecs("");
    disabled.note("without fault-injection = true");
    disabled.ask("POST", &format!("{faults}/network-latency/start"), &[HOST], latency);
    ecs.text += &disabled.text;
    ecs.is_golden("ecs-network-faults");
}

/// It is the agent's time, not the scenario's.
#[test]
fn what_a_client_asked_for_ends_while_the_scenario_stands_still() {
    let mut ecs = at_ecs("");
    let path = protection(&ecs);
    ecs.service.apply(FleetChange::Pause(ecs.service.now));
    let body = ecs.ask("PUT", &path, &[HOST], r#"{"ProtectionEnabled":true,"ExpiresInMinutes":1}"#);
    assert!(body.contains(r#""ProtectionEnabled":true"#), "{body}");
    for (seconds, expected) in [(59, true), (1, false)] {
        ecs.service.wait(Duration::from_secs(seconds));
        let body = ecs.get(&path);
        assert!(body.contains(&format!(r#""ProtectionEnabled":{expected}"#)), "{seconds} s later: {body}");
    }
}

/// What a fault needs to start, and to be told from others; the network is that of the task alone.
#[test]
fn a_network_fault_without_its_parameters_does_not_start() {
    const SOURCES: &str = r#""Sources":["10.0.0.1"]"#;
    let mut ecs = at_ecs("fault-injection = true");
    let faults = format!("{}/fault/v1", ecs.path_of("ECS_AGENT_URI"));
    let mut ask = |path: &str, body: &str| {
        ecs.service.wait(Duration::from_secs(5));
        ecs.ask("POST", &format!("{faults}/network-{path}"), &[HOST], body)
    };
    for (path, body, expected) in [
        ("blackhole-port/start", "", "required request body is missing"),
        ("blackhole-port/stop", "", "required request body is missing"),
        ("blackhole-port/status", " ", "required request body is missing"),
        ("latency/start", "", "required request body is missing"),
        ("packet-loss/start", "\n", "required request body is missing"),
        ("latency/start", "[]", "failed to decode request body"),
        ("latency/start", "{}", "required parameter DelayMilliseconds is missing"),
        ("latency/start", r#"{"DelayMilliseconds":1}"#, "required parameter JitterMilliseconds is missing"),
        (
            "latency/start",
            &*format!(r#"{{"DelayMilliseconds":-1,"JitterMilliseconds":1,{SOURCES}}}"#),
            "invalid value -1 for parameter DelayMilliseconds",
        ),
        (
            "latency/start",
            &*format!(r#"{{"DelayMilliseconds":1,"JitterMilliseconds":"1",{SOURCES}}}"#),
            "invalid value \\\"1\\\" for parameter JitterMilliseconds",
        ),
        (
            "latency/start",
            r#"{"DelayMilliseconds":1,"JitterMilliseconds":1}"#,
            "required parameter Sources is missing",
        ),
        (
            "latency/start",
            r#"{"DelayMilliseconds":1,"JitterMilliseconds":1,"Sources":[]}"#,
            "required parameter Sources is missing",
        ),
        ("packet-loss/start", &*format!("{{{SOURCES}}}"), "required parameter LossPercent is missing"),
        (
            "packet-loss/start",
            &*format!(r#"{{"LossPercent":0,{SOURCES}}}"#),
            "invalid value 0 for parameter LossPercent",
        ),
        (
            "packet-loss/start",
            &*format!(r#"{{"LossPercent":101,{SOURCES}}}"#),
            "invalid value 101 for parameter LossPercent",
        ),
    ] {
        let found = ask(path, body);
        assert!(found.contains(expected), "{path} with {body}: expected {expected}, found {found}");
    }
    let status = |text: &str| format!(r#"{{"Status":"{text}"}}"#);
    for fault in ["latency", "packet-loss"] {
        for action in ["status", "stop"] {
            let expected = status(if action == "stop" { "stopped" } else { "not-running" });
            assert_eq!(ask(&format!("{fault}/{action}"), ""), expected, "{fault}");
            assert_eq!(ask(&format!("{fault}/{action}"), "{}"), expected, "{fault}");
        }
    }
    assert_eq!(ask("packet-loss/start", &format!(r#"{{"LossPercent":100,{SOURCES}}}"#)), status("running"));
    assert_eq!(ask("packet-loss/status", ""), status("running"));
}

/// The agent decodes with Go's decoder.
#[test]
fn an_update_of_the_protection_is_read_as_go_reads_it() {
    for (body, expected) in [
        (r#"{"protectionenabled":true,"EXPIRESINMINUTES":60}"#, r#""ProtectionEnabled":true"#),
        (r#"{"ProtectionEnabled":false,"protectionEnabled":true}"#, r#""ProtectionEnabled":true"#),
        (r#"{"ProtectionEnabled":true}{"ProtectionEnabled":false} and so on"#, r#""ProtectionEnabled":true"#),
        ("null", "does not contain 'ProtectionEnabled' field"),
        (r#"{"ProtectionEnabled":null}"#, "does not contain 'ProtectionEnabled' field"),
        (r#"{"Protection-Enabled":true}"#, "failed to decode request"),
        (r#"{"ProtectionEnabled":"true"}"#, "failed to decode request"),
        (r#"{"ProtectionEnabled":true"#, "failed to decode request"),
        ("[]", "failed to decode request"),
    ] {
        let mut ecs = at_ecs("");
        let path = protection(&ecs);
        let found = ecs.ask("PUT", &path, &[HOST], body);
        assert!(found.contains(expected), "{body}: expected {expected}, found {found}");
    }
}
