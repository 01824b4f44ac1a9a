//! What the chart renders for `mode: service`, played by a second reader of Kubernetes' objects: `podman kube play`.
//! Without limits of memory and processes: the cgroups of this machine have no controllers for them.

use support::machine::{Machine, System};

use crate::{SOON, image};

const CONFIG: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: test-aemm-configmap
data:
  test-aemm-config.yaml: |
    spot: { action: hibernate }
    metadata: { values: { ami-id: ami-of-the-file } }
";

/// Plays what the chart rendered for a file of values, and waits until it answers; gives the pod's address.
fn play(machine: &Machine, name: &str) -> String {
    machine.ok(&format!("podman kube play /srv/play/{name}.yaml"));
    let address = machine.ok(
        "podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $(podman pod inspect -f \
         '{{.InfraContainerID}}' aemm-mock-imds-pod)",
    );
    machine.eventually(SOON, &format!("{name} answers"), || {
        machine.run(&format!("curl -sS --max-time 2 http://{address}:1338/")).succeeded()
    });
    address
}

fn ask(machine: &Machine, address: &str, leaf: &str) -> String {
    machine
        .run(&format!("curl -sSf --max-time 2 http://{address}:1338/latest/meta-data/{leaf}"))
        .text()
        .to_owned()
}

fn stop(machine: &Machine, name: &str) {
    machine.ok(&format!("podman kube down /srv/play/{name}.yaml"));
}

#[test]
fn podman_plays_what_the_chart_renders() {
    if System::Podman.find().is_none() {
        return;
    }
    image::prepare();
    let Some(machine) = Machine::boot(System::Podman) else { return };
    if machine.run("ls /srv/kubernetes/helm").code != Some(0) {
        support::skip("needs the manifests: scripts/kubernetes");
        return;
    }
    machine.ok("printf '[containers]\\npids_limit = 0\\n' >/etc/containers/containers.conf");
    for name in [concat!("mock-imds:", env!("CARGO_PKG_VERSION")), "amazon-ec2-metadata-mock:test-latest"] {
        let file = "/srv/packaging/container/Containerfile";
        machine.ok(&format!("podman build --quiet --tag {name} --target mock-imds -f {file} /srv/image"));
    }
    machine.ok("mkdir /srv/play && cd /srv/kubernetes/helm && for file in *.yaml test/*.yaml; do \
                sed '/^ *resources:$/,/memory: 64Mi/d' $file >/srv/play/${file/\\//-}; done");

    let address = play(&machine, "aemm-default");
    assert_eq!(ask(&machine, &address, "services/domain"), "amazonaws.com", "as the chart's own test asks");
    assert!(ask(&machine, &address, "spot/instance-action").contains("terminate"));
    helm_test(&machine, &address);
    stop(&machine, "aemm-default");

    machine.ok(&format!("cat >>/srv/play/aemm-config-map.yaml <<'END'\n---\n{CONFIG}END"));
    let address = play(&machine, "aemm-config-map");
    assert_eq!(ask(&machine, &address, "ami-id"), "ami-of-the-file");
    assert!(ask(&machine, &address, "spot/instance-action").contains("hibernate"));
    stop(&machine, "aemm-config-map");

    let address = play(&machine, "aemm-local-image");
    assert_eq!(ask(&machine, &address, "services/domain"), "amazonaws.com");
    stop(&machine, "aemm-local-image");

    let address = play(&machine, "scenario");
    assert_eq!(ask(&machine, &address, "instance-id"), "i-0c0ffee0c0ffee000");
    let control = "podman exec aemm-mock-imds-pod-mock-imds mock-imds";
    machine.ok(&format!("{control} clock seek 1m"));
    assert!(ask(&machine, &address, "spot/instance-action").contains("terminate"), "the scenario's event");
    stop(&machine, "scenario");
}

/// The pod of `helm test`, with the address that a Service would have. It has the machine's curl.
fn helm_test(machine: &Machine, address: &str) {
    machine.ok("tar -C /srv/rootfs -c ./bin ./sbin ./lib ./lib64 ./etc ./tmp ./usr/bin/curl ./usr/bin/dash ./usr/bin/sh \
                ./usr/lib/x86_64-linux-gnu ./usr/lib64 | podman import - curlimages/curl:latest");
    let file = "/srv/play/test.yaml";
    machine.ok(&format!(
        "sed 's/\\${{[A-Z0-9_]*:-[^}}]*}}/{address}/' /srv/play/test-aemm-default.yaml >{file}"
    ));
    machine.ok(&format!("podman kube play {file}"));
    let code = machine.ok("podman wait aemm-mock-imds-test-client");
    let log = machine.ok("podman logs aemm-mock-imds-test-client");
    assert_eq!(code, "0", "the status of the test's pod, which says:\n{log}");
    assert!(log.contains("answers"), "what the test's pod says:\n{log}");
}
