//! Changes at the endpoints of containers in the status.

use std::sync::Arc;
use std::time::Duration;

use super::fleets::{LOADED, fleet};
use crate::config::SourceText;
use crate::control::api::ListenerStatus;
use crate::daemon::container_status::ServedEndpoints;
use crate::daemon::in_force::in_force;
use crate::identity::KeyRing;
use crate::imds::Fleet;
use crate::model::Timestamp;
use crate::scenario::read;

#[test]
fn changes_of_containers_are_in_force_until_they_are_over() {
    let text = "\
        [ecs]\n[[ecs.container]]\nname = \"app\"\n\
        [[event]]\nat = \"1s\"\necs-container = { known-status = \"CREATED\" }\n\
        [[event]]\nat = \"2s\"\ntask-protection = { enabled = true, for = \"1m\" }\n\
        [[event]]\nat = \"3s\"\nagent = { down = \"5s\", credentials-ready-after = \"10s\" }\n\
        [[event]]\nat = \"20s\"\necs-container = { known-status = \"STOPPED\", exit-code = 3 }\n";
    let (scenario, _) = read(&SourceText::new("test", text), "/".as_ref()).expect("it is accepted");
    let load = Timestamp::from_secs(1_795_230_851);
    let fleet = Fleet::compile(scenario, &Arc::new(KeyRing::generate([0; 32])), load, load);
    let at = |seconds| {
        let found = in_force(&fleet, load.plus(Duration::from_secs(seconds))).into_iter();
        found.map(|found| format!("{}: {}", found.what, found.text)).collect::<Vec<_>>()
    };
    let (created, on) = ("ecs-container: app CREATED since", "task-protection: on until");
    assert_eq!(at(1), [created]);
    let down = ["agent: ecs is down until", "agent: pod-identity is down until"];
    assert_eq!(at(3), [created, on, down[0], down[1]]);
    assert_eq!(at(8), [created, on, "agent: ecs has no credentials; it is up since"]);
    assert_eq!(at(18), [created, on], "the restart is over");
    let stopped = "ecs-container: app stopped with exit code 3 at";
    assert_eq!(at(20), [stopped, on]);
    assert_eq!(at(62), [stopped], "the protection has ended");
}

#[test]
fn a_task_and_a_pod_are_in_the_status_where_they_are_described_or_served() {
    let (ecs, pod) = ("[ecs]\nfamily = \"app\"\n", "[pod-identity]\nrole = \"app-role\"\n");
    for (tables, endpoint, expected) in [
        (String::new(), "imds", (false, false)),
        (String::new(), "ecs", (true, false)),
        (String::new(), "pod-identity", (false, true)),
        (ecs.to_owned(), "imds", (true, false)),
        (ecs.to_owned(), "pod-identity", (true, true)),
        (pod.to_owned(), "imds", (false, true)),
        (pod.to_owned(), "ecs", (true, true)),
        ([ecs, pod].concat(), "imds", (true, true)),
        ([ecs, pod].concat(), "ecs", (true, true)),
    ] {
        let fleet = fleet(&tables);
        let address = "127.0.0.1:1338".parse().expect("an address");
        let listener = ListenerStatus { address, endpoint: Some(endpoint.to_owned()), inherited: false };
        let served = ServedEndpoints::of(&[listener]);
        let (_, instance) = fleet.instances()[0];
        let task = served.task(&fleet, instance, LOADED);
        let pod = served.pod(&fleet, instance, LOADED);
        let found = (task.is_some(), pod.is_some());
        assert_eq!(found, expected, "{tables:?}, served: {endpoint}");
        if tables.starts_with(ecs) {
            let task = task.expect("it is described");
            assert_eq!((task.definition.as_str(), task.status.as_str()), ("app:1", "RUNNING"));
        }
    }
}
