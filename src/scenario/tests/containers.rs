//! `[ecs]` and `[pod-identity]`.

use std::time::Duration;

use super::{accepted, problems, scenario};
use crate::model::{
    AcceptedToken, EcsTask, EndpointRole, Instance, LaunchType, NetworkMode, PodIdentity, RequestRate,
    TaskStats,
};

fn task(text: &str) -> EcsTask {
    scenario(text).instance.ecs.as_deref().cloned().expect("the scenario has a task")
}

#[test]
fn a_table_without_keys_is_the_default_and_no_table_is_none() {
    assert_eq!(task("[ecs]\n"), EcsTask::default());
    let pod = scenario("[pod-identity]\n").instance.pod_identity;
    assert_eq!(pod.as_deref(), Some(&PodIdentity::default()));
    let Instance { ecs, pod_identity, .. } = scenario("").instance;
    assert_eq!((ecs, pod_identity), (None, None));
}

#[test]
fn keys_are_read() {
    let found = task(
        "[ecs]\nlaunch-type = \"EC2\"\nnetwork-mode = \"bridge\"\ncpu = 1\nmemory = 2048\nrole = \"r\"\n\
         throttle = false\nstats = \"none\"\ncredentials-ready-after = \"3s\"\ntags = { team = \"a\" }\n\
         [[ecs.container]]\nname = \"web\"\nclients = [\"172.18.0.5\"]\nhealth = \"UNHEALTHY\"\n\
         [[ecs.container]]\nname = \"log\"\nimage = \"fluent-bit:3\"\nlog = { driver = \"awslogs\", group = \"/ecs/x\" }\n\
         [ecs.metadata]\n\"container/web/Health\" = false\n\"task/VPCID\" = \"vpc-1\"\n",
    );
    assert_eq!((found.launch_type, found.network_mode), (LaunchType::Ec2, NetworkMode::Bridge));
    assert_eq!((found.cpu_units, found.memory, found.throttle), (1024, 2048, None));
    assert_eq!(found.role, EndpointRole::Named("r".parse().unwrap()));
    assert_eq!((found.stats, found.credentials_ready_after), (TaskStats::None, Duration::from_secs(3)));
    let containers: Vec<_> =
        found.containers.iter().map(|container| (container.name.as_str(), &*container.image)).collect();
    assert_eq!(containers, [("web", "web:latest"), ("log", "fluent-bit:3")]);
    assert_eq!(found.metadata["container/web/Health"], None);
    assert_eq!(found.metadata["task/VPCID"].as_deref(), Some("vpc-1"));
    let found = task("[ecs]\nthrottle = { burst = 1 }\n");
    assert_eq!(found.throttle, Some(RequestRate { per_second: 40, burst: 1 }));
}

#[test]
fn what_contradicts_is_refused_or_warned_of() {
    let cases = [
        (
            "[ecs]\nnetwork-mode = \"bridge\"\n",
            "error: network-mode is \"bridge\" and launch-type \"FARGATE\"",
        ),
        (
            "[ecs]\nlaunch-type = \"EXTERNAL\"\nnetwork-mode = \"awsvpc\"\n",
            "error: network-mode is \"awsvpc\" and launch-type \"EXTERNAL\"",
        ),
        ("[ecs.metadata]\n\"task/VPCID\" = \"vpc-1\"\n", "error: tasks on FARGATE have no VPCID"),
        ("[ecs.metadata]\n\"container/web/Health\" = \"x\"\n", "error: the task has no container \"web\""),
        ("[ecs.metadata]\n\"task/ServicName\" = \"x\"\n", "did you mean \"task/ServiceName\"?"),
        ("[ecs.metadata]\n\"task/servicename\" = \"x\"\n", "did you mean \"task/ServiceName\"?"),
        (
            "[ecs.metadata]\n\"task/Weather\" = \"x\"\n",
            "warning: the metadata of Amazon ECS has no field \"Weather\"",
        ),
        (
            "[ecs]\nstats = { text = '{ \"wbe\": {}, \"app\": null }' }\n",
            "warning: ecs.stats has statistics of \"wbe\", and the task has no such container",
        ),
        (
            "[ecs]\ntask-id = \"0123456789abcdef0123456789abcdef\"\n\
             [instances.a]\nclients = [\"10.0.0.1\"]\necs = { task-id = \"0123456789abcdef0123456789abcdef\" }\n",
            "error: another task has the task-id of that of a",
        ),
        (
            "[ecs]\n[instances.a]\nclients = [\"10.0.0.1\"]\n\
             ecs = { credential-id = \"01234567-89ab-4cde-8f01-23456789abcd\" }\n\
             [instances.b]\nclients = [\"10.0.0.2\"]\n\
             ecs = { credential-id = \"01234567-89ab-4cde-8f01-23456789abcd\" }\n",
            "error: another task has the credential-id of that of b",
        ),
        ("[ecs.metadata]\n\"Health\" = \"x\"\n", "error: \"Health\" is not a field of the metadata"),
        (
            "[ecs]\ncpu = 0.25\nmemory = 4096\n",
            "warning: Fargate has no task with cpu = 0.25 and memory = 4096",
        ),
        ("[ecs]\nmemory = 1536\n", "warning: Fargate has no task with cpu = 0.25 and memory = 1536"),
        (
            "[[ecs.container]]\nname = \"a\"\n[[ecs.container]]\nname = \"a\"\n",
            "another container has the name \"a\"",
        ),
        ("[[ecs.container]]\nimage = \"a\"\n", "error: a container has no name"),
        (
            "[[ecs.container]]\nname = \"a\"\nclients = [\"::1\"]\n[[ecs.container]]\nname = \"b\"\nclients = [\"::1\"]\n",
            "error: the client ::1 is in two containers",
        ),
        ("[ecs]\ncredential-id = \"x\"\n", "accepted: a UUID in lower case"),
        ("[ecs]\ntask-id = \"x\"\n", "accepted: 32 lower-case hexadecimal digits"),
        ("[ecs]\nrole = true\n", "accepted: the name of a role, or false for none"),
        ("[ecs]\nstats = { text = \"[]\" }\n", "error: ecs.stats is not JSON of this form"),
        (
            "[ecs.credentials]\nsource = \"file\"\nfile = \"x\"\n",
            "error: a task cannot have credentials of its own",
        ),
        ("[pod-identity]\ntoken = \"\"\n", "error: pod-identity.token is no token"),
        ("[pod-identity]\ntoken = \"two words\"\n", "error: pod-identity.token is no token"),
        ("[pod-identity]\ntoken = \"any-jtw\"\n", "accepted: \"any-jwt\", \"issued\", \"any\""),
        ("[pod-identity.associations]\nweb = \"r\"\n", "error: \"web\" is not a service account"),
    ];
    for (text, expected) in cases {
        let found = problems(text);
        assert!(found.contains(expected), "expected {expected}, found:\n{found}\nof:\n{text}");
    }
    assert_eq!(problems("[ecs]\ncpu = 16\nmemory = 122880\n"), "");
}

#[test]
fn changes_of_containers_that_contradict_each_other_are_refused() {
    for (change, expected) in [
        (
            "ecs-container = { known-status = \"STOPPED\", restart = true }",
            "is \"STOPPED\", and restart is true",
        ),
        (
            "ecs-container = { known-status = \"CREATED\", restart = true }",
            "is \"CREATED\", and restart is true",
        ),
        (
            "ecs-task = { desired-status = \"RUNNING\", known-status = \"STOPPED\" }",
            "is \"STOPPED\", and the task is to run",
        ),
        ("task-protection = { enabled = false, for = \"1h\" }", "is set, and the protection ends"),
        (
            "task-protection = { enabled = true, for = \"59s\" }",
            "accepted: a duration from \"1m\" to \"48h\"",
        ),
        (
            "task-protection = { enabled = true, for = \"48h1s\" }",
            "accepted: a duration from \"1m\" to \"48h\"",
        ),
        ("pod-identity = { association = true, role = \"r\" }", "is true, and a role is set"),
        ("pod-identity = { association = false, role = \"r\" }", "is false, and a role is set"),
    ] {
        let found = problems(&format!("[ecs]\n[pod-identity]\n[[event]]\nat = \"1s\"\n{change}\n"));
        assert!(found.contains(expected), "expected {expected}, found:\n{found}\nof:\n{change}");
    }
    for change in [
        "ecs-container = { known-status = \"RUNNING\", restart = true }",
        "ecs-task = { desired-status = \"RUNNING\", known-status = \"PENDING\" }",
        "task-protection = { enabled = true, for = \"48h\" }",
        "task-protection = { enabled = false }",
    ] {
        accepted(&format!("[ecs]\n[[event]]\nat = \"1s\"\n{change}\n"));
    }
}

/// Real keys: a static source.
const REAL: &str =
    "[credentials]\nsource = \"static\"\naccess-key-id = \"AKIA\"\nsecret-access-key = \"s\"\n";

#[test]
fn real_keys_are_for_tokens_that_are_known_and_hosts_that_are_checked() {
    for key in ["token = \"any\"", "token = \"any-jwt\"", "check-host = false"] {
        let found = problems(&format!("{REAL}[pod-identity]\n{key}\n"));
        assert!(found.contains("the credentials are real"), "{key}: {found}");
    }
    for key in ["token = \"issued\"", "token = \"a-token-of-mine\"", ""] {
        accepted(&format!("{REAL}[pod-identity]\n{key}\n"));
    }
}

#[test]
fn an_instance_inherits_the_task_with_ids_of_its_own() {
    let found = accepted(
        "[ecs]\nfamily = \"f\"\ntask-id = \"0123456789abcdef0123456789abcdef\"\n\
         [pod-identity]\nrole = \"r\"\n\
         [instances.a]\nclients = [\"10.0.0.1\"]\n\
         [instances.b]\nclients = [\"10.0.0.2\"]\necs = { cluster = \"c\" }\npod-identity = { token = \"mine-alone\" }\n",
    );
    let [a, b] = ["a", "b"].map(|name| found.named(name).unwrap().instance.clone());
    let [a_task, b_task] = [&a, &b].map(|instance| instance.ecs.as_deref().unwrap());
    assert_eq!((a_task.family.as_str(), &a_task.task_id), ("f", &None));
    assert_eq!((b_task.family.as_str(), b_task.cluster.as_str()), ("f", "c"));
    let pod = b.pod_identity.as_deref().unwrap();
    assert!(
        matches!(pod.token, AcceptedToken::Fixed(_)) && pod.role == EndpointRole::Named("r".parse().unwrap())
    );
}

#[test]
fn a_credential_id_is_never_shown() {
    for text in [
        "[ecs]\ncredential-id = \"hunter2-89ab\"\n",
        "[ecs]\ncredential_id = \"hunter2-89ab\"\n",
        "ecs = { credental-id = \"hunter2-89ab\" }\n",
    ] {
        let found = problems(text);
        assert!(!found.is_empty() && !found.contains("hunter2"), "of:\n{text}\nfound:\n{found}");
    }
}

#[test]
fn null_is_a_container_without_statistics() {
    let found = task("[ecs]\nstats = { text = '{ \"app\": null }' }\n");
    assert!(matches!(&found.stats, TaskStats::Fixed(stats) if stats.is_empty()), "{:?}", found.stats);
}

#[test]
fn statistics_are_of_the_containers_and_of_the_one_that_the_agent_adds() {
    let found = task("[ecs]\nstats = { text = '{ \"app\": {}, \"~internal~ecs~pause\": {} }' }\n");
    let TaskStats::Fixed(stats) = &found.stats else { panic!("{:?}", found.stats) };
    assert_eq!(stats.keys().collect::<Vec<_>>(), ["app", "~internal~ecs~pause"]);
}

#[test]
fn a_token_of_a_pod_lives_a_second_at_least() {
    for (lifetime, expected) in [("1s", 1), ("90m", 5_400)] {
        let found = scenario(&format!("[pod-identity]\ntoken-lifetime = \"{lifetime}\"\n"));
        let found = found.instance.pod_identity.as_deref().map(|pod| pod.token_lifetime.as_secs());
        assert_eq!(found, Some(expected), "{lifetime}");
    }
    for lifetime in ["0s", "999ms"] {
        let found = problems(&format!("[pod-identity]\ntoken-lifetime = \"{lifetime}\"\n"));
        assert!(found.contains("token-lifetime is less than a second"), "{lifetime}: {found}");
    }
}
