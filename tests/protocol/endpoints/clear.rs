//! What a clear ends at the endpoint of Amazon ECS.

use std::time::Duration;

use mock_imds::model::Service;
use serde_json::Value;

use super::Conversation;

const HOST: (&str, &str) = ("host", "169.254.170.2");
const TASK: &str = "[ecs]\nservice-name = \"web\"\nfault-injection = true\n";

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("expected JSON, found {body:?}: {error}"))
}

/// Of the events' changes and of what clients have set alike: a state to start a test from.
#[test]
fn what_clients_have_set_of_the_task_is_cleared_with_it() {
    for what in ["ecs", "all"] {
        // Half a minute from now.
        let mut ecs = Conversation::at(
            Service::Ecs,
            &format!("{TASK}[[event]]\nat = \"35m26s\"\nclear = \"{what}\"\n"),
        );
        let api = ecs.path_of("ECS_AGENT_URI");
        let (protection, fault) =
            (format!("{api}/task-protection/v1/state"), format!("{api}/fault/v1/network-latency"));
        let set = |ecs: &mut Conversation| {
            ecs.ask("PUT", &protection, &[HOST], r#"{"ProtectionEnabled":true}"#);
            let latency = r#"{"DelayMilliseconds":100,"JitterMilliseconds":10,"Sources":["10.0.0.1"]}"#;
            ecs.ask("POST", &format!("{fault}/start"), &[HOST], latency)
        };
        let state = |ecs: &mut Conversation| {
            let protected = json(&ecs.get(&protection))["protection"]["ProtectionEnabled"].clone();
            // One request in five seconds.
            ecs.service.wait(Duration::from_secs(6));
            (protected, json(&ecs.ask("POST", &format!("{fault}/status"), &[HOST], "{}"))["Status"].clone())
        };
        let started = set(&mut ecs);
        assert_eq!(json(&started)["Status"], "running", "{started}");
        assert_eq!(state(&mut ecs), (true.into(), "running".into()), "before clear = {what}");
        ecs.service.wait(Duration::from_secs(30));
        assert_eq!(state(&mut ecs), (false.into(), "not-running".into()), "after clear = {what}");
        ecs.service.wait(Duration::from_secs(6));
        set(&mut ecs);
        assert_eq!(state(&mut ecs), (true.into(), "running".into()), "set after clear = {what}");
    }
}

#[test]
fn restarts_are_counted_from_the_clear_on() {
    let scenario = format!(
        "{TASK}[[event]]\nat = \"34m\"\nrepeat = \"20s\"\necs-container = {{ restart = true }}\n\
         [[event]]\nat = \"35m10s\"\nclear = \"ecs\"\n"
    );
    let mut ecs = Conversation::at(Service::Ecs, &scenario);
    let container = ecs.path_of("ECS_CONTAINER_METADATA_URI_V4");
    // 34 minutes and 56 seconds after the load.
    let mut count = |seconds| {
        ecs.service.wait(Duration::from_secs(seconds));
        json(&ecs.get(&container))["RestartCount"].clone()
    };
    assert_eq!(count(0), 3, "at 34:00, 34:20 and 34:40");
    assert_eq!(count(10), 4);
    assert_eq!(count(5), Value::Null, "it is cleared");
    assert_eq!(count(10), 1, "at 35:20");
    assert_eq!(count(20), 2);
}
