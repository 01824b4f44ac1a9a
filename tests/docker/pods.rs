//! The Kubernetes examples: the pods that `scripts/kubernetes` built the manifests of, run by `pod.py` with Docker.

use support::machine::Machine;

use crate::{CLEAN, ID, SOON, boot, image, without_units};

const IN_THE_MANIFEST: &str = "i-0c0ffee0c0ffee000";

/// As pod.py has it.
const ADDRESS_OF_THE_NODE: &str = "10.1.0.12";
const ADDRESS: &str = "curl -sS --max-time 2 http://169.254.169.254/latest/meta-data/local-ipv4";

fn start(machine: &Machine, manifests: &str, workload: &str) {
    machine.ok(&format!("python3 /srv/tests/pod.py /srv/kubernetes/{manifests}.yaml {workload}"));
}

/// What the kubelet does when a `ConfigMap` has changed: a new directory, and `..data` renamed over the old link.
fn publish(machine: &Machine, volume: &str, instance_id: &str) {
    machine.ok(&format!(
        "cd /srv/pods/{volume} && old=$(readlink ..data) && mkdir $old.new && cp -a ..data/* $old.new/ && \
         echo '[instance]\ninstance-id = \"{instance_id}\"' >$old.new/scenario.toml && \
         ln -s $old.new ..data_tmp && mv -T ..data_tmp ..data && rm -r $old"
    ));
}

#[test]
fn kubernetes_pods_are_served_and_reload_their_config_map() {
    let Some(machine) = boot() else { return };
    if machine.run("ls /srv/kubernetes/base.yaml").code != Some(0) {
        support::skip("needs the manifests: scripts/kubernetes");
        return;
    }
    image::build(&machine);
    machine.ok("docker tag box curlimages/curl");
    behind_a_service(&machine);
    in_the_pod(&machine);
    on_the_node(&machine);
    of_the_chart(&machine);
    endpoints_in_the_pod(&machine);
    endpoints_on_the_node(&machine);
}

fn behind_a_service(machine: &Machine) {
    let workload = "amazon-ec2-metadata-mock";
    start(machine, "base", workload);
    let pause = format!("{workload}-pause");
    let address = machine.ok(&format!("docker inspect -f '{{{{.NetworkSettings.IPAddress}}}}' {pause}"));
    let ask = format!(
        "docker run --rm box curl -sS --max-time 2 http://{address}:1338/latest/meta-data/instance-id"
    );
    assert_eq!(machine.ok(&ask), IN_THE_MANIFEST, "another pod");
    publish(machine, &format!("{workload}/scenario"), "i-0fedcba0987654321");
    machine.eventually(SOON, "the changed ConfigMap is served", || {
        machine.run(&ask).text() == "i-0fedcba0987654321"
    });
    let said = machine.ok(&format!("docker logs {workload}-mock-imds"));
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "nothing to complain about:\n{said}");
}

/// The application's container starts when the service is up: it asks once, at its start.
fn in_the_pod(machine: &Machine) {
    start(machine, "sidecar", "app");
    machine.eventually(SOON, "the application has answered or ended", || {
        !machine.run("docker logs app-app").text().is_empty()
            || machine.run("docker inspect app-app | grep -i exited").succeeded()
    });
    let logs = machine.run("docker logs app-app; echo; docker logs app-mock-imds; docker ps -a");
    let logs = logs.text();
    assert!(
        logs.starts_with(IN_THE_MANIFEST),
        "expected {IN_THE_MANIFEST} at the app's first question:\n{logs}"
    );
    publish(machine, "app/mock-imds-scenario", "i-0fedcba0987654321");
    machine.eventually(SOON, "the changed ConfigMap is served", || {
        machine.run(&format!("docker exec app-app {ID}")).text() == "i-0fedcba0987654321"
    });
}

fn on_the_node(machine: &Machine) {
    without_units(machine);
    start(machine, "daemonset-host-network", "mock-imds");
    machine.eventually(SOON, "a pod of the node is served at the real address, as the node", || {
        machine.run(&format!("docker run --rm --network shop box {ADDRESS}")).text() == ADDRESS_OF_THE_NODE
    });
    assert_eq!(machine.ok(ADDRESS), ADDRESS_OF_THE_NODE, "the node itself");
    machine.ok("docker stop mock-imds-guardian mock-imds-mock-imds");
    machine.ok(CLEAN);
}

/// What the chart renders for the other two modes.
fn of_the_chart(machine: &Machine) {
    machine.ok(concat!(
        "docker rm -f $(docker ps -aq) && docker tag mock-imds mock-imds:",
        env!("CARGO_PKG_VERSION"),
        " && rm -r /srv/pods"
    ));
    machine.ok("cd /srv && (cat kubernetes/helm/patched.yaml; echo ---; cat kubernetes/helm/sidecar.yaml) >side.yaml");
    machine.ok("python3 /srv/tests/pod.py /srv/side.yaml app");
    machine.eventually(SOON, "a pod that was patched is served", || {
        machine.run(&format!("docker exec app-app {ID}")).text() == IN_THE_MANIFEST
    });
    machine.ok("docker rm -f $(docker ps -aq)");

    start(machine, "helm/daemonset", "aemm-mock-imds");
    let leaf = |leaf| {
        let path = format!("http://169.254.169.254/latest/meta-data/{leaf}");
        machine
            .run(&format!("docker run --rm --network shop box curl -sSf --max-time 2 {path}"))
            .text()
            .to_owned()
    };
    machine.eventually(SOON, "a pod of the node has the node's address", || {
        leaf("local-ipv4") == ADDRESS_OF_THE_NODE
    });
    let control = "docker exec aemm-mock-imds-mock-imds mock-imds";
    assert!(machine.ok(&format!("{control} status")).contains("worker-2"), "the node's name");
    machine.ok(&format!("{control} clock seek 1m"));
    assert!(leaf("spot/instance-action").contains("terminate"), "worker-2 is the node that is interrupted");
    machine.ok("docker stop aemm-mock-imds-guardian aemm-mock-imds-mock-imds");
    machine.ok(CLEAN);
}

const CREDENTIALS: &str = "http://169.254.170.2/v2/credentials/0c0ffee0-c0ff-4ee0-8c0f-fee0c0ffee00";

/// Nothing is left of the pods before.
fn without_pods(machine: &Machine) {
    machine.ok("docker ps -aq | xargs --no-run-if-empty docker rm -f && rm -rf /srv/pods");
}

/// The endpoints of containers, for an application with the variables of ECS and one with those of EKS, whose token is the
/// cluster's: by kustomize, and as the chart patches the same Deployment.
fn endpoints_in_the_pod(machine: &Machine) {
    machine.ok("cd /srv && (cat kubernetes/helm/patched-endpoints.yaml; echo ---; cat kubernetes/helm/sidecar-endpoints.yaml) >side.yaml");
    for manifests in ["/srv/kubernetes/sidecar-endpoints.yaml", "/srv/side.yaml"] {
        without_pods(machine);
        machine.ok(&format!("python3 /srv/tests/pod.py {manifests} app"));
        for (container, expected) in [
            ("app-task", "\"RoleArn\":\"arn:aws:iam::123456789012:role/app-task-role\""),
            ("app-pod", "\"AccountId\":\"123456789012\""),
        ] {
            machine.within(SOON, &format!("{manifests}: what {container} has got: {expected}"), || {
                let got =
                    machine.run(&format!("docker logs {container}; docker logs app-mock-imds-net")).stdout;
                if got.contains(expected) { Ok(()) } else { Err(got) }
            });
        }
        let shown =
            machine.ok("docker exec app-mock-imds mock-imds show pod-identity/associations/default/default");
        assert_eq!(shown, "arn:aws:iam::123456789012:role/app-pod-role", "{manifests}: the association");
    }
    without_pods(machine);
}

/// Without the metadata service, which its values leave out.
fn endpoints_on_the_node(machine: &Machine) {
    start(machine, "helm/daemonset-endpoints", "aemm-mock-imds");
    let ask = format!("docker run --rm --network shop box curl -sS --max-time 2 {CREDENTIALS}");
    machine.eventually(SOON, "a pod of the node gets the keys of a task", || {
        machine.run(&ask).text().contains("\"RoleArn\"")
    });
    let status = |address: &str| {
        let curl = "curl -s --max-time 2 -o /dev/null -w %{http_code}";
        machine.run(&format!("docker run --rm --network shop box {curl} http://{address}/")).text().to_owned()
    };
    assert_eq!(status("169.254.170.23"), "404", "EKS Pod Identity");
    assert_eq!(status("169.254.169.254"), "000", "the values leave the metadata service out");
    machine.ok("docker stop aemm-mock-imds-guardian aemm-mock-imds-mock-imds");
    machine.ok("! ip address show lo | grep 169.254. && ! nft list tables | grep mock-imds");
    without_pods(machine);
}
