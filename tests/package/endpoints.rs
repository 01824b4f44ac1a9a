//! The endpoints beside IMDS: host.toml alone brings their sockets and takes them away, and the guardian finds a real agent
//! from its sandbox.

use std::time::Duration;

use support::machine::{Machine, System};

const SOON: Duration = Duration::from_secs(10);
const SOCKETS: [&str; 3] =
    ["mock-imds-ecs.socket", "mock-imds-pod-identity.socket", "mock-imds-pod-identity-ipv6.socket"];
const ALL: &str = "[host]\\nendpoints = [\"imds\", \"ecs\", \"pod-identity\"]\\n";
/// As the manual says.
const APPLY: &str = "systemctl reload mock-imds-net && systemctl restart mock-imds";

fn configure(machine: &Machine, text: &str) {
    machine.ok(&format!("mkdir -p /etc/mock-imds && printf '{text}' >/etc/mock-imds/host.toml"));
}

/// Each socket of another endpoint is in this state.
#[track_caller]
fn sockets_are(machine: &Machine, when: &str, state: &str) {
    for socket in SOCKETS {
        machine.expect(&format!("{socket} {when}"), &machine.property(socket, "ActiveState"), state);
    }
    let failed = machine.run("systemctl --no-legend --plain list-units --state=failed 'mock-imds*'").stdout;
    machine.expect(&format!("failed units {when}"), failed.trim(), "");
    let said =
        machine.run("journalctl --boot --no-pager --quiet --grep 'ordering cycle' --output cat").stdout;
    machine.expect(&format!("ordering cycles {when}"), said.trim(), "");
}

/// The server answers at the address, whatever it answers; `000` says that nobody does.
fn status_at(machine: &Machine, address: &str) -> String {
    let curl = "curl --globoff --silent --max-time 2 --output /dev/null --write-out '%{http_code}'";
    machine.run(&format!("{curl} http://{address}/")).stdout
}

#[track_caller]
fn answers(machine: &Machine, when: &str) {
    for address in ["169.254.169.254", "169.254.170.2", "169.254.170.23"] {
        machine.within(SOON, &format!("an answer at {address} {when}"), || {
            let status = status_at(machine, address);
            if status == "000" { Err("none".to_owned()) } else { Ok(()) }
        });
    }
}

#[test]
fn host_toml_alone_opens_and_closes_the_sockets() {
    opens_and_closes(System::Debian12);
}

#[test]
fn host_toml_alone_opens_and_closes_the_sockets_on_debian_13() {
    opens_and_closes(System::Debian13);
}

fn opens_and_closes(system: System) {
    let Some(mut machine) = Machine::boot(system) else { return };
    machine.install();
    sockets_are(&machine, "as installed", "inactive");
    machine.expect("an answer at 169.254.170.2 as installed", &status_at(&machine, "169.254.170.2"), "000");
    machine.expect_network_once("as installed");

    for round in 1..=5 {
        configure(&machine, ALL);
        machine.ok(APPLY);
        sockets_are(&machine, &format!("when enabled, round {round}"), "active");
        answers(&machine, &format!("when enabled, round {round}"));
        configure(&machine, "");
        machine.ok(APPLY);
        machine.expect("an answer when disabled", &status_at(&machine, "169.254.170.2"), "000");
        machine.expect_network_once("when disabled");
        machine.ok("systemctl stop mock-imds && systemctl start mock-imds");
        sockets_are(&machine, "after the next start", "inactive");
    }

    configure(&machine, ALL);
    machine.ok(APPLY);
    let incarnation = machine.property(SOCKETS[0], "InvocationID");
    machine.install();
    answers(&machine, "after an upgrade");
    machine.expect(
        "the socket after an upgrade",
        &machine.property(SOCKETS[0], "InvocationID"),
        &incarnation,
    );
    machine.ok("systemctl kill --signal KILL mock-imds-net");
    answers(&machine, "after the guardian was killed");
    machine.ok("systemctl restart mock-imds-net");
    answers(&machine, "after a restart of the guardian");
    machine.reboot();
    answers(&machine, "after a reboot");
    sockets_are(&machine, "after a reboot", "active");
    let doctor = machine.run("mock-imds doctor");
    machine.expect_in("the doctor", &doctor.stdout, "ecs at http://169.254.170.2/");

    machine.ok("systemctl stop mock-imds");
    machine.eventually(SOON, "all is taken down", || {
        machine.run("ip -4 address show dev lo; nft list tables").stdout.matches("169.254.").count() == 0
    });
    sockets_are(&machine, "after a stop", "inactive");
    machine.ok("systemctl start mock-imds");
    answers(&machine, "after a start");
    machine.ok("dpkg --purge mock-imds");
    let left = machine.ok("ip address show dev lo | grep 169.254 || true; ss --listening --tcp --numeric | grep 1690 || true; \
                           find /etc/systemd /var/lib/systemd /run/mock-imds* -name '*mock-imds*' 2>/dev/null || true");
    machine.expect("what is left after a purge", &left, "");
}

/// It has no `/proc` but its own processes', no systemd to ask, and one capability.
#[test]
fn the_guardian_finds_a_real_agent_from_its_sandbox() {
    finds_an_agent(System::Debian12);
}

#[test]
fn the_guardian_finds_a_real_agent_from_its_sandbox_on_debian_13() {
    finds_an_agent(System::Debian13);
}

fn finds_an_agent(system: System) {
    let Some(machine) = Machine::boot(system) else { return };
    configure(&machine, ALL);
    machine.install();
    answers(&machine, "as installed with all three");
    for (agent, end, found) in [
        (
            "systemd-run --unit agent python3 -m http.server --bind 127.0.0.1 51679",
            "systemctl stop agent",
            "a process listens on 127.0.0.1:51679",
        ),
        (
            "printf '[Service]\\nExecStart=sleep 600\\n' >/run/systemd/system/ecs.service && systemctl start ecs",
            "systemctl stop ecs",
            "the unit ecs.service runs",
        ),
        ("ip link add ecs-bridge type bridge", "ip link del ecs-bridge", "the interface ecs-bridge is there"),
        (
            "nft 'table ip nat { chain OUTPUT { type nat hook output priority -100; ip daddr 169.254.170.2 tcp dport 80 redirect to :51679; }; }'",
            "nft delete table ip nat",
            "the chain OUTPUT of the table ip nat",
        ),
    ] {
        machine.ok(agent);
        machine.within(SOON, &format!("a refusal, where {found}"), || {
            machine.ok("systemctl reload mock-imds-net");
            let status =
                machine.run("mock-imds net status; systemctl status mock-imds-net; mock-imds status").stdout;
            if status.matches(found).count() >= 3 { Ok(()) } else { Err(status) }
        });
        machine.expect("ecs", &status_at(&machine, "169.254.170.2"), "000");
        if status_at(&machine, "169.254.169.254") == "000" || status_at(&machine, "169.254.170.23") == "000" {
            machine.fail(&format!("the other endpoints do not go on, where {found}"));
        }
        machine.ok(end);
        machine.within(SOON, "the endpoint comes back", || {
            machine.ok("systemctl reload mock-imds-net");
            let status = machine.run("mock-imds net status").stdout;
            if status.contains("refused") { Err(status) } else { Ok(()) }
        });
        answers(&machine, "again");
    }
}

/// The steps of BIND MODE in mock-imds-host.toml(5) and of the drop-ins, in their order: first the metadata service, then the
/// further endpoints, then IPv6.
#[test]
fn bind_mode_works_for_each_endpoint() {
    binds(System::Debian12);
}

#[test]
fn bind_mode_works_for_each_endpoint_on_debian_13() {
    binds(System::Debian13);
}

fn binds(system: System) {
    const APPLY: &str = "systemctl daemon-reload && systemctl reload mock-imds-net";
    let Some(mut machine) = Machine::boot(system) else { return };
    machine.install();
    let endpoints = "redirect = \"none\"\\nendpoints = [\"imds\", \"ecs\", \"pod-identity\"]";
    let mut addresses = vec![];
    for (when, host, sockets, more) in [
        (
            "of the metadata service",
            "redirect = \"none\"",
            &[("mock-imds", "bind")][..],
            &["169.254.169.254"][..],
        ),
        (
            "of the endpoints",
            endpoints,
            &[("mock-imds-ecs", "bind-ecs"), ("mock-imds-pod-identity", "bind-pod-identity")],
            &["169.254.170.2", "169.254.170.23"],
        ),
        (
            "of Pod Identity by IPv6",
            &format!("ipv6 = true\\n{endpoints}"),
            &[("mock-imds-pod-identity-ipv6", "bind-pod-identity-ipv6")],
            &["[fd00:ec2::23]"],
        ),
    ] {
        configure(&machine, &format!("[host]\\n{host}\\n"));
        for (unit, drop_in) in sockets {
            let directory = format!("/etc/systemd/system/{unit}.socket.d");
            let file = format!("/usr/share/mock-imds/dropins/{drop_in}.conf");
            machine.ok(&format!("mkdir -p {directory} && cp {file} {directory}/"));
        }
        machine.ok(APPLY);
        for (unit, _) in sockets {
            machine.ok(&format!("systemctl restart {unit}.socket mock-imds"));
        }
        addresses.extend_from_slice(more);
        is_bound(&machine, when, &addresses);
    }
    machine.reboot();
    is_bound(&machine, "after a reboot", &addresses);

    machine.ok("rm -r /etc/systemd/system/mock-imds-ecs.socket.d && systemctl daemon-reload && \
                systemctl restart mock-imds-ecs.socket mock-imds");
    let doctor = machine.run("mock-imds doctor").stdout;
    let cure = "cp /usr/share/mock-imds/dropins/bind-ecs.conf /etc/systemd/system/mock-imds-ecs.socket.d/";
    machine.expect_in("what doctor says without the drop-in of ECS", &doctor, cure);
    let commands: Vec<&str> = doctor.lines().filter_map(|line| line.trim().strip_prefix("$ ")).collect();
    machine.ok(&commands.join(" && "));
    is_bound(&machine, "after doctor's commands", &addresses);

    machine.ok("systemctl stop mock-imds");
    machine.eventually(SOON, "all is taken down", || {
        machine.run("ip address show dev lo").stdout.matches("169.254.").count() == 0
    });
}

/// Each answers at port 80 itself, without a table, and the doctor finds nothing.
#[track_caller]
fn is_bound(machine: &Machine, when: &str, addresses: &[&str]) {
    for address in addresses {
        machine.within(SOON, &format!("an answer at {address}, {when}"), || {
            let status = status_at(machine, address);
            if status == "000" { Err("none".to_owned()) } else { Ok(()) }
        });
        let listening = machine.run("ss --no-header --listening --tcp --numeric").stdout;
        machine.expect_in(&format!("what listens, {when}"), &listening, &format!("{address}:80 "));
    }
    machine.expect(&format!("tables, {when}"), machine.run("nft list tables").stdout.trim(), "");
    let doctor = machine.run("mock-imds doctor");
    if doctor.code != Some(0) {
        machine.fail(&format!("doctor finds nothing to mend, {when}: {doctor}"));
    }
}
