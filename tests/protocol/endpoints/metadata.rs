//! Task metadata of Amazon ECS.

use std::collections::BTreeSet;
use std::time::Duration;

use mock_imds::imds::ContainerChoice;
use mock_imds::model::Service;
use serde_json::Value;

use support::Client;

use super::Conversation;

const V4: &str = "ECS_CONTAINER_METADATA_URI_V4";
const V3: &str = "ECS_CONTAINER_METADATA_URI";

/// Two containers, of which one has all that a container may have.
const TASK: &str = r#"
service-name = "web"
tags = { team = "a" }
[[ecs.container]]
name = "app"
image = "registry.example/app:1.2"
health = "HEALTHY"
log = { driver = "awslogs", group = "/ecs/app" }
[[ecs.container]]
name = "proxy"
health = "UNHEALTHY"
[instance.tags]
Name = "host"
"#;

fn at_ecs(keys: &str) -> Conversation {
    Conversation::at(Service::Ecs, &format!("[ecs]\n{keys}\n{TASK}"))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn each_launch_type_has_its_fields() {
    for (name, keys) in [
        ("ecs-fargate", "launch-type = \"FARGATE\""),
        ("ecs-ec2", "launch-type = \"EC2\""),
        ("ecs-ec2-bridge", "launch-type = \"EC2\"\nnetwork-mode = \"bridge\""),
        ("ecs-external", "launch-type = \"EXTERNAL\""),
        ("ecs-managed-instances", "launch-type = \"MANAGED_INSTANCES\""),
    ] {
        let mut ecs = at_ecs(keys);
        for (variable, value) in ecs.service.ecs_environment(ContainerChoice::default()) {
            ecs.note(&format!("{variable}={value}"));
        }
        let (v4, v3) = (ecs.path_of(V4), ecs.path_of(V3));
        for below in ["", "/task", "/taskWithTags", "/stats", "/task/stats", "/tasks"] {
            ecs.get(&format!("{v4}{below}"));
        }
        for below in ["", "/task", "/stats", "/tasks"] {
            ecs.get(&format!("{v3}{below}"));
        }
        ecs.get("/v2/metadata");
        ecs.is_golden(name);
    }
}

#[test]
fn mistakes_have_the_status_of_their_version() {
    let mut ecs = at_ecs("stats = \"none\"");
    for version in ["/v3", "/v4"] {
        for below in ["", "/task", "/taskWithTags", "/stats", "/task/stats", "/associations/x", "/tasks"] {
            ecs.get(&format!("{version}/unknown{below}"));
        }
    }
    let (v4, v3) = (ecs.path_of(V4), ecs.path_of(V3));
    for path in [
        "/v4/".to_owned(),
        "/v4".to_owned(),
        format!("{v4}/"),
        format!("{v4}/task/"),
        format!("{v4}/nothing"),
        format!("{v4}/stats"),
        format!("{v3}/stats"),
        format!("{v4}/task/stats"),
        format!("{v4}/associations/elastic-inference"),
        format!("{v4}/associations/elastic-inference/x"),
        "/v2/metadata/unknown".to_owned(),
        "/v2/stats/unknown".to_owned(),
        "/v2/nothing".to_owned(),
    ] {
        ecs.get(&path);
    }
    ecs.is_golden("ecs-mistakes");
    let mut managed = at_ecs("launch-type = \"MANAGED_INSTANCES\"");
    let found = managed.get("/v4/unknown/tasks");
    assert!(found.starts_with("\"V4 task metadata handler: "), "only there the path is routed: {found}");
    let mut bridged = at_ecs("launch-type = \"EC2\"\nnetwork-mode = \"bridge\"");
    let found = bridged.get("/v2/metadata");
    assert_eq!(found, r#""Unable to get task arn from request: unable to associate '172.18.0.5' with task""#);
}

const NOT_FOUND: &str = "404 page not found\n";

/// On Managed Instances alone, and not before version 4.
#[test]
fn all_tasks_are_listed_in_version_4() {
    let mut managed = at_ecs("launch-type = \"MANAGED_INSTANCES\"");
    let (v4, v3) = (managed.path_of(V4), managed.path_of(V3));
    let task = json(&managed.get(&format!("{v4}/taskWithTags")));
    let listed = json(&managed.get(&format!("{v4}/tasksWithTags")));
    assert_eq!(listed[0]["TaskARN"], task["TaskARN"], "{listed}");
    assert_eq!(listed[0]["TaskTags"], task["TaskTags"], "{listed}");
    assert_eq!(json(&managed.get(&format!("{v4}/tasks")))[0].get("TaskTags"), None);
    let stats = managed.get(&format!("{v4}/task/stats"));
    assert_eq!(managed.get(&format!("{v4}/tasks/stats")), stats);
    for below in ["tasks", "tasksWithTags", "tasks/stats"] {
        assert_eq!(managed.get(&format!("{v3}/{below}")), NOT_FOUND, "/v3/ID/{below}");
    }
}

/// Tasks have none any more: what Elastic Inference was.
#[test]
fn associations_are_asked_for_by_their_kind() {
    let mut ecs = at_ecs("");
    for variable in [V4, V3] {
        let base = ecs.path_of(variable);
        for kind in ["", "/", "/x/"] {
            assert_eq!(ecs.get(&format!("{base}/associations{kind}")), NOT_FOUND, "associations{kind}");
        }
        assert_eq!(ecs.get(&format!("{base}/associations/x")), r#"{"Associations":[]}"#);
        assert!(ecs.get(&format!("{base}/associations/x/y")).contains("unable to find association y"));
    }
}

/// What readers of the metadata rely on, whatever the launch type.
#[test]
fn ids_agree_and_statistics_rise() {
    for keys in [
        "",
        "launch-type = \"EC2\"",
        "launch-type = \"EC2\"\nnetwork-mode = \"host\"",
        "launch-type = \"EXTERNAL\"",
    ] {
        let mut ecs = at_ecs(keys);
        let v4 = ecs.path_of(V4);
        let task = json(&ecs.get(&format!("{v4}/task")));
        let stats = json(&ecs.get(&format!("{v4}/task/stats")));
        let listed: BTreeSet<&str> =
            task["Containers"].as_array().unwrap().iter().map(|c| c["DockerId"].as_str().unwrap()).collect();
        let counted: BTreeSet<&str> = stats.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(listed, counted, "{keys}");
        for container in task["Containers"].as_array().unwrap() {
            assert!(container["CreatedAt"].as_str() <= container["StartedAt"].as_str(), "{container}");
            assert_eq!(container["Labels"]["com.amazonaws.ecs.task-arn"], task["TaskARN"]);
            assert_eq!(container["Labels"]["com.amazonaws.ecs.cluster"], task["Cluster"]);
        }
        let usage = |stats: &Value| stats["cpu_stats"]["cpu_usage"]["total_usage"].as_u64().unwrap();
        let before = json(&ecs.get(&format!("{v4}/stats")));
        assert!(usage(&before) > before["precpu_stats"]["cpu_usage"]["total_usage"].as_u64().unwrap());
        ecs.service.wait(Duration::from_secs(20));
        let after = json(&ecs.get(&format!("{v4}/stats")));
        assert_eq!(usage(&after) - usage(&before), 1_000_000_000, "a twentieth of a CPU for 20 s");
    }
}

#[test]
fn fields_are_overridden() {
    let mut ecs = Conversation::at(
        Service::Ecs,
        "[ecs.metadata]\n\"task/ServiceName\" = \"x\"\n\"task/LaunchType\" = false\n\
         \"container/app/RestartCount\" = \"2\"\n\"container/app/Image\" = \"y\"\n",
    );
    let v4 = ecs.path_of(V4);
    let task = json(&ecs.get(&format!("{v4}/task")));
    assert_eq!((&task["ServiceName"], task.get("LaunchType")), (&"x".into(), None));
    let container = json(&ecs.get(&v4));
    assert_eq!((&container["RestartCount"], &container["Image"]), (&2.into(), &"y".into()));
    // A text stays one, and what should be a number and is none becomes one.
    let mut texts = Conversation::at(
        Service::Ecs,
        "[ecs.metadata]\n\"container/app/Image\" = \"7\"\n\"container/app/RestartCount\" = \"often\"\n",
    );
    let container = json(&texts.get(&v4));
    assert_eq!((&container["Image"], &container["RestartCount"]), (&"7".into(), &"often".into()));
}

/// Version 2 knows whoever asks by the address alone.
#[test]
fn a_client_is_in_the_task_whose_container_has_its_address() {
    let scenario = |own: &str| {
        format!(
            "[ecs]\nfamily = \"first\"\n[[ecs.container]]\nname = \"app\"\n{own}\n\
             [instances.other]\nclients = [\"10.0.0.1\"]\ninstance-id = \"i-0fedcba0987654321\"\n\
             ecs = {{ family = \"second\", container = [{{ name = \"db\", clients = [\"172.18.0.9\"] }}] }}\n"
        )
    };
    let family = |client: &str, own: &str| {
        let mut ecs = Conversation::at(Service::Ecs, &scenario(own));
        ecs.client = Client::bridged(client);
        let body = ecs.get("/v2/metadata");
        json(&body)["Family"].as_str().map_or(body, str::to_owned)
    };
    assert_eq!(family("172.18.0.5", ""), "first", "its task says nothing of addresses");
    assert_eq!(family("172.18.0.9", ""), "second", "a container has the address");
    let own = "clients = [\"172.18.0.5\"]";
    assert_eq!(family("172.18.0.5", own), "first");
    assert_eq!(family("172.18.0.9", own), "second");
    let unknown = "\"Unable to get task arn from request: unable to associate '172.18.0.6' with task\"";
    assert_eq!(family("172.18.0.6", own), unknown);
}

#[test]
fn injected_errors_are_those_of_a_container_without_data() {
    let fault = "[[fault]]\nendpoint = \"ecs\"\nstatus = 500\n";
    let mut ecs = Conversation::at(Service::Ecs, &format!("[ecs]\n{fault}"));
    assert_eq!(ecs.get("/v4/x"), "\"unable to generate metadata for container 'x'\"");
    assert_eq!(ecs.get("/v3/x/task"), "\"Unable to generate metadata for container 'x'\"");
    assert_eq!(ecs.get("/v4/x/stats"), "\"Unable to get container stats for: x\"");
}

/// What follows from nothing else comes from the scenario, and stands where the agent has it.
#[test]
fn fields_that_are_no_text_are_json_in_the_order_of_the_agent() {
    let mut ecs = Conversation::at(
        Service::Ecs,
        "[ecs.metadata]\n\"container/app/Ports\" = '[{\"ContainerPort\":80,\"Protocol\":\"tcp\",\"HostPort\":80}]'\n\
         \"container/app/Volumes\" = '[{\"Source\":\"/srv\",\"Destination\":\"/data\"}]'\n\"task/TaskTags\" = false\n\
         \"task/Errors\" = '[{\"ErrorField\":\"TaskTags\",\"StatusCode\":400}]'\n",
    );
    let container = ecs.path_of(V4);
    let found = ecs.get(&container);
    let order = [
        "\"ImageID\":",
        "\"Ports\":[{\"ContainerPort\":80,",
        "\"Labels\":",
        "\"Type\":",
        "\"Volumes\":[{",
        "\"ContainerARN\":",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|field| found.find(field)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "expected {order:?} in order, found {found}"
    );
    let found = ecs.get(&format!("{container}/taskWithTags"));
    let places = ["\"LaunchType\":", "\"Errors\":[{", "\"Containers\":"].map(|field| found.find(field));
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "Errors after LaunchType, found {found}"
    );
    let found = ecs.get(&format!("{container}/task"));
    assert!(!found.contains("Errors"), "who asks for no tags hears of no errors: {found}");
}
