//! The endpoints of Amazon ECS and EKS Pod Identity of the host, as containers of Docker reach them: on a bridge, with the
//! variables of `mock-imds env` and nothing else.

use support::installed;
use support::machine::Machine;

use crate::{boot, docker};

const SCENARIO: &str =
    "[ecs]\nrole = \"app-task-role\"\n[pod-identity]\nrole = \"app-pod-role\"\ntoken = \"issued\"\n";
const TASK: &str = r#"curl -sS --max-time 2 "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI""#;
const POD: &str = r#"curl -sSg --max-time 2 -H "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" "$AWS_CONTAINER_CREDENTIALS_FULL_URI""#;
/// In the place of the URL that is in the variables.
const BY_IPV6: &str = "-e AWS_CONTAINER_CREDENTIALS_FULL_URI=http://[fd00:ec2::23]/v1/credentials";

/// A host that serves all endpoints, by IPv6 too, with the variables of both in /root.
fn serving() -> Option<Machine> {
    let machine = boot()?;
    machine.ok(&format!("cat >/etc/mock-imds/scenario.toml <<'END'\n{SCENARIO}END"));
    machine.ok(
        "printf '[host]\\nipv6 = true\\nendpoints = [\"imds\", \"ecs\", \"pod-identity\"]\\n' >/etc/mock-imds/host.toml; \
         systemctl reload mock-imds-net && systemctl restart mock-imds",
    );
    docker(&machine);
    machine.ok("docker network create --ipv6 --subnet fd00:5::/64 --subnet 172.30.0.0/24 \
                --opt com.docker.network.bridge.name=br-six six");
    machine.ok("mock-imds env ecs >/root/ecs.env && mock-imds env pod-identity >/root/pod.env");
    Some(machine)
}

/// `docker run` with the variables of a file, and the directory of the token as it is on the host.
fn run(network: &str, variables: &str, options: &str) -> String {
    format!(
        "docker run --rm --network {network} --env-file /root/{variables}.env {options} \
         -v /run/mock-imds/pod-identity:/run/mock-imds/pod-identity:ro box"
    )
}

#[test]
fn docker_containers_get_the_keys_of_a_task_and_of_a_pod() {
    let Some(machine) = serving() else { return };
    let task = machine.ok("mock-imds show ecs/v2/credentials/app-task-role");
    let pod = machine.ok("mock-imds show pod-identity/v1/credentials");
    for network in ["bridge", "shop", "six"] {
        let found = machine.ok(&format!("{} sh -c '{TASK}'", run(network, "ecs", "")));
        assert_eq!(found, task, "the keys of a task, on the network {network}");
        let found = machine.ok(&format!("{} sh -c '{POD}'", run(network, "pod", "")));
        assert_eq!(found, pod, "the keys of a pod, on the network {network}");
    }
    let found = machine.ok(&format!("{} sh -c '{POD}'", run("six", "pod", BY_IPV6)));
    assert_eq!(found, pod, "the keys of a pod, by IPv6");
    let report = machine.run("mock-imds doctor");
    assert_eq!(report.code, Some(0), "doctor finds nothing to mend:\n{report}");
}

#[test]
fn botocore_in_docker_gets_the_keys_of_a_task_and_of_a_pod() {
    if installed("python/bin/python").is_none() {
        return;
    }
    let Some(machine) = serving() else { return };
    let client = "-e PYTHONPATH=/packages -v /srv/client:/client:ro \
                  -v $(echo /srv/clients/python/lib/python3*/site-packages):/packages:ro";
    for (network, variables, more, path) in [
        ("shop", "ecs", "", "ecs/v2/credentials/app-task-role"),
        ("shop", "pod", "", "pod-identity/v1/credentials"),
        ("six", "pod", BY_IPV6, "pod-identity/v1/credentials"),
    ] {
        let options = format!("{client} {more}");
        let found =
            machine.ok(&format!("{} python3 /client/container.py", run(network, variables, &options)));
        let shown = machine.ok(&format!("mock-imds show {path}"));
        let key =
            shown.split('"').skip_while(|part| *part != "AccessKeyId").nth(2).expect("an access key id");
        let expected = format!("\"access-key-id\": \"{key}\"");
        assert!(
            found.contains("\"method\": \"container-role\"") && found.contains(&expected),
            "{variables} on {network}, {more}: expected {expected}, found {found}"
        );
    }
}
