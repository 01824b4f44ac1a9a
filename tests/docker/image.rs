//! The container image, built by a real engine from what `scripts/image` makes of the program of this tree.

use std::process::Command;
use std::sync::OnceLock;

use support::machine::Machine;

use crate::{boot, docker};

/// An image of libc, two small libraries and the program. The one of the release build has under 11 MB; this one's
/// program is larger.
const LARGEST: u64 = 40 << 20;

/// Makes `target/image/root.tar`, once for all machines, which see it at /srv/image.
pub fn prepare() {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(|| {
        let script = support::sources().join("scripts/image");
        let made = Command::new(script).arg("--root-only").arg(support::program()).output();
        let made = made.expect("scripts/image can be run");
        assert!(made.status.success(), "scripts/image failed:\n{}", String::from_utf8_lossy(&made.stderr));
    });
}

/// Starts dockerd with the images `mock-imds` and `ec2-metadata-mock`, and `box` as an application's.
pub fn build(machine: &Machine) {
    docker(machine);
    for name in ["mock-imds", "ec2-metadata-mock"] {
        let file = "/srv/packaging/container/Containerfile";
        machine.ok(&format!("docker build --quiet --tag {name} --target {name} -f {file} /srv/image"));
    }
}

/// How often it warns, and how long its log is besides the line that says it is ready.
fn complaints(machine: &Machine, container: &str) -> (usize, String) {
    let log = machine.ok(&format!("docker logs {container}"));
    let others: Vec<_> = log.lines().filter(|line| !line.starts_with("mock-imds is ready at ")).collect();
    (others.len(), log)
}

#[test]
fn the_image_serves_without_privileges_and_without_a_place_to_write() {
    let Some(machine) = boot() else { return };
    build(&machine);
    let size: u64 = machine.ok("docker image inspect -f '{{.Size}}' mock-imds").parse().expect("a number");
    assert!(size < LARGEST, "expected an image below {LARGEST} bytes, found {size}");

    machine.ok("mkdir /srv/s && echo '[instance]\ninstance-type = \"t3.nano\"' >/srv/s/scenario.toml");
    let plain = "docker run -d --name plain -v /srv/s:/etc/mock-imds:ro mock-imds";
    let frozen = "docker run -d --name frozen --read-only --cap-drop ALL --security-opt no-new-privileges \
                  -v /srv/s:/etc/mock-imds:ro mock-imds serve --watch --listen 0.0.0.0:1338";
    // As OpenShift does it: a user that nobody knows.
    let stranger = "docker run -d --name stranger --user 1234567:0 -v /srv/s:/etc/mock-imds:ro mock-imds";
    for (name, run, warnings) in [("plain", plain, 0), ("frozen", frozen, 1), ("stranger", stranger, 1)] {
        machine.ok(run);
        let ask = format!("docker run --rm --network container:{name} box {}", asking("instance-type"));
        machine.eventually(crate::SOON, &format!("{name} serves its scenario"), || {
            machine.run(&ask).text() == "t3.nano"
        });
        let (found, log) = complaints(&machine, name);
        assert_eq!(found, warnings, "lines that {name} says besides that it is ready:\n{log}");
    }
    assert_eq!(machine.ok("docker exec plain mock-imds rebalance | wc -l"), "1", "live control");

    machine.ok("echo '[instance]\ninstance-type = \"t3.large\"' >/srv/s/scenario.toml");
    for name in ["plain", "frozen", "stranger"] {
        let ask = format!("docker run --rm --network container:{name} box {}", asking("instance-type"));
        machine.eventually(crate::SOON, &format!("{name} loads what is written"), || {
            machine.run(&ask).text() == "t3.large"
        });
    }
    holds_what_its_licences_ask_for(&machine);
    the_drop_in_is_called_by_its_name(&machine);
}

fn asking(leaf: &str) -> String {
    format!("curl -sS --max-time 2 http://127.0.0.1:1338/latest/meta-data/{leaf}")
}

fn holds_what_its_licences_ask_for(machine: &Machine) {
    let files = machine.ok("docker export plain | tar -t");
    for file in ["mock-imds/copyright", "mock-imds/sources", "libnftnl11/copyright", "libc6/copyright"] {
        let file = format!("usr/share/doc/{file}");
        assert!(files.lines().any(|line| line == file), "the image lacks {file}:\n{files}");
    }
    let scenarios = files.lines().filter(|line| line.starts_with("usr/share/mock-imds/scenarios/")).count();
    assert!(scenarios > 20, "the image has the library of scenarios, found {scenarios} entries:\n{files}");
}

/// The chart of amazon-ec2-metadata-mock gives no command: the image's entry point is all that says who is meant.
fn the_drop_in_is_called_by_its_name(machine: &Machine) {
    let inspect =
        "docker image inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{.Config.User}}'";
    let found = machine.ok(&format!("{inspect} ec2-metadata-mock"));
    assert_eq!(found, "[\"/ec2-metadata-mock\"] null 1000:1000");
    let same = "docker run --rm --entrypoint /ec2-metadata-mock ec2-metadata-mock --version";
    assert_ne!(machine.ok(same), "", "the name leads to a program");
}

#[test]
fn as_the_chart_calls_it_the_image_is_amazon_ec2_metadata_mock() {
    let Some(machine) = boot() else { return };
    build(&machine);
    machine.ok("docker run -d --name aemm --read-only --user 1000:1000 --security-opt no-new-privileges \
         -e AEMM_SERVER_HOSTNAME= -e AEMM_SPOT_ACTION=stop ec2-metadata-mock");
    let ask = |leaf: &str| format!("docker run --rm --network container:aemm box {}", asking(leaf));
    machine.eventually(crate::SOON, "the domain, as the chart's own test asks", || {
        machine.run(&ask("services/domain")).text() == "amazonaws.com"
    });
    let action = machine.ok(&ask("spot/instance-action"));
    assert!(action.contains("stop"), "AEMM_SPOT_ACTION=stop, found {action}");
}
