//! Real container engines and firewalls, from Debian's packages, in a booted machine with a network of its own.
//!
//! Root only, and only with a root file system that has them: `scripts/test docker`.

mod compose;
mod dockerfile;
mod docs;
mod endpoints;
mod image;
mod podman;
mod pods;
mod testcontainers;

use std::time::Duration;

use support::machine::{Machine, System};

const ID: &str = "curl -sS --max-time 2 http://169.254.169.254/latest/meta-data/instance-id";
const TOKEN: &str = "curl -sS --max-time 2 -X PUT -H X-aws-ec2-metadata-token-ttl-seconds:60 \
                     http://169.254.169.254/latest/api/token";
/// How soon something happens that takes a moment, on a busy machine.
const SOON: Duration = Duration::from_secs(30);
/// curl's exit code for "nothing came in time".
const TIMED_OUT: i32 = 28;

/// Boots a machine for this test, with the service enabled and started. `None`, after saying why, where that can't be done.
fn boot() -> Option<Machine> {
    System::Containers.find()?;
    image::prepare();
    let machine = Machine::boot(System::Containers)?;
    machine.ok("systemd-sysusers; systemctl daemon-reload; systemctl enable --now mock-imds");
    Some(machine)
}

/// Starts dockerd, with an image of a debootstrapped root and a user network.
fn docker(machine: &Machine) {
    machine.ok("systemctl start docker");
    machine.ok("tar -C /srv/rootfs -c ./bin ./sbin ./lib ./lib64 ./etc ./tmp ./usr/bin/cat ./usr/bin/curl ./usr/bin/env \
                ./usr/bin/bash ./usr/bin/dash ./usr/bin/sh ./usr/bin/sleep ./usr/bin/python3* \
                ./usr/lib/x86_64-linux-gnu ./usr/lib64 ./usr/lib/python3* | docker import - box");
    machine
        .ok("docker network create --subnet 172.31.0.0/24 --opt com.docker.network.bridge.name=br-shop shop");
}

/// Succeeds where nothing is left of address and tables.
const CLEAN: &str = "! ip address show lo | grep 169.254.169.254 && ! nft list tables | grep mock-imds";

/// Stops the packaged service, and waits until its guardian has ended and not only cleaned up.
fn without_units(machine: &Machine) {
    machine.ok("systemctl stop mock-imds");
    let ended = "[ $(systemctl show --value --property ActiveState mock-imds-net) = inactive ]";
    machine.eventually(SOON, "the guardian has ended", || {
        machine.run(&format!("{ended} && {CLEAN}")).succeeded()
    });
}

#[test]
fn docker_containers_reach_the_service_and_see_their_own_instance() {
    let Some(machine) = boot() else {
        return;
    };
    machine.ok("cat >/etc/mock-imds/scenario.toml <<'END'
[instances.default-bridge]
clients = [\"172.17.0.0/16\"]
instance-id = \"i-0d0d0d0d0d0d0d0d0\"
[instances.shop]
clients = [\"172.31.0.0/24\"]
instance-id = \"i-05050505050505050\"
END
systemctl reload mock-imds");
    docker(&machine);
    let see = |machine: &Machine, when: &str| {
        for (network, id) in [
            ("bridge", "i-0d0d0d0d0d0d0d0d0"),
            ("shop", "i-05050505050505050"),
            ("host", "i-1234567890abcdef0"),
        ] {
            let said = machine.ok(&format!("docker run --rm --network {network} box {ID}"));
            assert_eq!(said, id, "what a container on the network {network} sees, {when}");
            let token = machine.ok(&format!("docker run --rm --network {network} box {TOKEN}"));
            assert_eq!(token.len(), 56, "a token on the network {network}, {when}: {token}");
        }
        assert_eq!(machine.ok(ID), "i-1234567890abcdef0", "what the host sees, {when}");
    };
    see(&machine, "as Docker is");

    machine.ok("docker run -d --name web -p 80:80 box python3 -m http.server 80");
    machine.eventually(Duration::from_secs(10), "the published port answers", || {
        machine.run("curl -sS --max-time 2 http://127.0.0.1/").succeeded()
    });
    see(&machine, "while a container publishes port 80");
    let inside = machine.ok(&format!("docker exec web {ID}"));
    assert_eq!(inside, "i-0d0d0d0d0d0d0d0d0", "what the container sees that publishes port 80");
    machine.ok("systemctl restart mock-imds-net");
    see(&machine, "with our table loaded after Docker's");
    let report = machine.run("mock-imds doctor");
    assert_eq!(report.code, Some(0), "doctor finds nothing to mend:\n{report}");
}

#[test]
fn ufw_stops_containers_until_the_rule_that_doctor_prints() {
    let Some(machine) = boot() else {
        return;
    };
    docker(&machine);
    let container = format!("docker run --rm --network shop box {ID}");
    assert_eq!(machine.ok(&container), "i-1234567890abcdef0");

    machine.ok("ufw --force enable");
    assert_eq!(machine.ok(ID), "i-1234567890abcdef0", "processes of the host are not concerned");
    assert_eq!(machine.run(&container).code, Some(TIMED_OUT), "ufw drops what comes in by a bridge");
    let rule = "ufw allow in on br-shop to 169.254.169.254 port 1690 proto tcp";
    let report = machine.run("mock-imds doctor");
    assert!(report.code == Some(1) && report.stdout.contains(rule), "expected {rule:?}, found:\n{report}");
    machine.ok(rule);
    assert_eq!(machine.ok(&container), "i-1234567890abcdef0", "the rule lets containers in");

    let ours = "nft list tables | grep -c mock-imds";
    machine.ok("ufw --force disable && ufw --force enable && ufw reload");
    assert_eq!(machine.ok(ours), "2", "ufw leaves our tables");
    assert_eq!(machine.ok(&container), "i-1234567890abcdef0");
}

/// firewalld accepts what was redirected by anybody (`ct status dnat accept`), so containers need no rule.
#[test]
fn firewalld_lets_containers_in_and_leaves_the_tables() {
    let Some(machine) = boot() else { return };
    machine.ok("systemctl start firewalld");
    docker(&machine);
    let container = format!("docker run --rm --network shop box {ID}");
    for action in
        ["true", "firewall-cmd --reload", "firewall-cmd --complete-reload", "systemctl restart firewalld"]
    {
        machine.ok(action);
        assert_eq!(machine.ok("nft list tables | grep -c mock-imds"), "2", "our tables after {action}");
        assert_eq!(machine.ok(ID), "i-1234567890abcdef0", "the host after {action}");
        if action != "systemctl restart firewalld" {
            assert_eq!(machine.ok(&container), "i-1234567890abcdef0", "a container after {action}");
        }
    }
    machine.ok("systemctl restart docker");
    assert_eq!(
        machine.ok(&container),
        "i-1234567890abcdef0",
        "a container, and Docker's rules after firewalld's"
    );
    let report = machine.run("mock-imds doctor");
    assert_eq!(report.code, Some(0), "doctor finds nothing to mend:\n{report}");
}

/// The shipped drop-in, the other half, and what doctor says when one is missing.
#[test]
fn bind_mode_works_with_both_halves() {
    let Some(machine) = boot() else { return };
    machine.ok(
        "printf '[host]\\nredirect = \"none\"\\n' >/etc/mock-imds/host.toml; systemctl reload mock-imds-net",
    );
    let report = machine.run("mock-imds doctor");
    let advised = report.code == Some(1) && report.stdout.contains("dropins/bind.conf");
    assert!(advised, "the drop-in is missing:\n{report}");
    let commands: Vec<&str> =
        report.stdout.lines().filter_map(|line| line.trim().strip_prefix("$ ")).collect();
    let cure: Vec<&str> =
        commands.iter().skip_while(|line| !line.contains("dropins/bind.conf")).take(2).copied().collect();
    machine.ok(&cure.join(" && "));
    machine.eventually(Duration::from_secs(30), "the service answers", || machine.run(ID).succeeded());
    assert_eq!(machine.ok("nft list tables"), "");
    let report = machine.run("mock-imds doctor");
    assert_eq!(report.code, Some(0), "doctor finds nothing to mend:\n{report}");
    // The other half is taken back.
    machine.ok("echo >/etc/mock-imds/host.toml; systemctl reload mock-imds-net");
    let report = machine.run("mock-imds doctor");
    let expected = "rm /etc/systemd/system/mock-imds.socket.d/bind.conf";
    assert!(
        report.code == Some(1) && report.stdout.contains(expected),
        "expected {expected:?}, found:\n{report}"
    );
}
