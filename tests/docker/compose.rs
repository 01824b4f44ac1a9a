//! The examples of packaging/compose, run by docker-compose as they are.

use support::machine::Machine;

use crate::{ID, SOON, boot, image};

const ON_THE_HOST: &str = "i-1234567890abcdef0";
const IN_THE_PROJECT: &str = "i-0c0ffee0c0ffee000";

/// docker-compose in a copy of the examples; the application is the test's.
fn compose(arguments: &str) -> String {
    format!("cd /srv/compose && APP_IMAGE=box docker-compose --ansi never {arguments} 2>/srv/compose/said")
}

#[track_caller]
fn app_sees(machine: &Machine, files: &str, expected: &str) {
    let found = machine.run(&compose(&format!("{files} run --rm -T app")));
    let said = machine.run(
        "cat /srv/compose/said; docker ps -a; docker logs compose_imds-net_1; docker logs compose_imds_1; \
                            docker inspect --format '{{json .State.Health}}' compose_imds_1",
    );
    assert_eq!((found.code, found.text()), (Some(0), expected), "what the app of {files} sees\n{said}");
}

#[test]
fn compose_projects_have_the_service_of_the_host_or_one_of_their_own() {
    let Some(machine) = boot() else { return };
    image::build(&machine);
    machine.ok("cp -r /srv/packaging/compose /srv/compose");

    app_sees(&machine, "-f host.yaml", ON_THE_HOST);
    machine.ok(&compose("-f host.yaml down"));

    app_sees(&machine, "-f sidecar.yaml", IN_THE_PROJECT);
    assert_eq!(machine.ok(ID), ON_THE_HOST, "what the host sees, beside a project with its own service");
    reloads_what_is_written(&machine);
    lives_beside_a_web_server(&machine);
    machine.ok(&compose("-f sidecar.yaml down"));

    app_sees(&machine, "-f sidecar.yaml -f sidecar-bind.yaml", IN_THE_PROJECT);
    let tables = machine.run(&format!("{} nft list tables", in_namespace("compose_imds_1"))).stdout;
    assert!(!tables.contains("mock-imds"), "bind mode needs no table, found:\n{tables}");
    machine.ok(&compose("-f sidecar.yaml -f sidecar-bind.yaml down"));
    has_the_endpoints_of_containers(&machine);
}

/// By the variables that are in the file, which are those that the server says.
fn has_the_endpoints_of_containers(machine: &Machine) {
    let files = "-f sidecar.yaml -f sidecar-endpoints.yaml";
    for (service, path) in
        [("app", "ecs/v2/credentials/shop-task-role"), ("pod", "pod-identity/v1/credentials")]
    {
        let found = machine.run(&compose(&format!("{files} run --rm -T {service}")));
        let expected = machine.run(&format!("docker exec compose_imds_1 mock-imds show {path}"));
        assert_eq!((found.code, expected.code), (Some(0), Some(0)), "{service}:\n{found}\n{expected}");
        assert_eq!(found.text(), expected.text(), "the keys of {service}");
    }
    let variables = machine.ok("docker exec compose_imds_1 mock-imds env ecs --format compose");
    let file = machine.ok("cat /srv/compose/sidecar-endpoints.yaml");
    for variable in variables.lines().filter(|line| line.contains(": ")) {
        assert!(
            file.contains(variable.trim()),
            "sidecar-endpoints.yaml has {variable:?}, which the server says"
        );
    }
    assert_eq!(machine.ok(ID), ON_THE_HOST, "what the host sees");
    machine.ok("! ip address show lo | grep 169.254.170.");
    machine.ok(&compose(&format!("{files} down")));
}

fn reloads_what_is_written(machine: &Machine) {
    machine.ok("sed -i s/t3.micro/t3.large/ /srv/compose/imds/scenario.toml");
    machine.eventually(SOON, "the changed scenario is served", || {
        machine.ok("docker exec compose_imds_1 mock-imds show meta-data/instance-type") == "t3.large"
    });
    // The other way an editor writes: sed -i renamed, this one writes in place.
    machine.ok("sed s/t3.large/t3.nano/ /srv/compose/imds/scenario.toml >/srv/compose/new; \
                cat /srv/compose/new >/srv/compose/imds/scenario.toml");
    machine.eventually(SOON, "the scenario changed in place is served", || {
        machine.ok("docker exec compose_imds_1 mock-imds show meta-data/instance-type") == "t3.nano"
    });
}

/// The redirect concerns one address only.
fn lives_beside_a_web_server(machine: &Machine) {
    machine.ok("docker run -d --name web --network container:compose_imds_1 box python3 -m http.server 80");
    machine.ok("for try in $(seq 50); do docker exec web curl -sS http://127.0.0.1/etc/hostname && exit; sleep 0.1; done; exit 1");
    assert_eq!(machine.ok(&format!("docker exec web {ID}")), IN_THE_PROJECT, "beside a web server on *:80");
    machine.ok("docker rm -f web");
}

/// Runs a program of the machine in a container's network.
fn in_namespace(container: &str) -> String {
    format!("nsenter --net --target $(docker inspect -f '{{{{.State.Pid}}}}' {container}) --")
}
