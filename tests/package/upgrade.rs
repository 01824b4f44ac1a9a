//! From one version to another and back: no request is lost, both processes run what is installed, and what the
//! administrator said stays, unasked.

use support::machine::{BUILT_IN_ID, UNITS};
use support::machine::{Machine, System};

use crate::steady::under_load;

/// A package of another version, and how it is told from the others.
struct Release {
    package: &'static str,
    /// What dpkg says.
    version: &'static str,
    /// A bridge of its default list, and thereby of its table.
    bridge: &'static str,
}

const CURRENT: Release =
    Release { package: "/srv/mock-imds.deb", version: env!("CARGO_PKG_VERSION"), bridge: "incusbr*" };
/// Made by previous.sh.
const PREVIOUS: Release = Release { package: "/srv/previous.deb", version: "0.0.9", bridge: "hencebr*" };

#[test]
fn an_upgrade_of_debian_12_loses_nothing() {
    upgrade_and_downgrade(System::Debian12);
}

#[test]
fn an_upgrade_of_debian_13_loses_nothing() {
    upgrade_and_downgrade(System::Debian13);
}

fn upgrade_and_downgrade(system: System) {
    let Some(machine) = Machine::boot(system) else { return };
    machine.ok(include_str!("previous.sh"));
    install(&machine, &PREVIOUS);
    expect_release(&machine, "the previous version", &PREVIOUS);
    let before = machine.incarnations();

    // The new program wants another rule.
    under_load(&machine, "an upgrade", || install(&machine, &CURRENT));
    expect_release(&machine, "after an upgrade", &CURRENT);
    under_load(&machine, "a downgrade", || install(&machine, &PREVIOUS));
    expect_release(&machine, "after a downgrade", &PREVIOUS);
    // host.toml wants another rule; nobody reloaded the guardian since it was written.
    machine.ok("printf '[host]\\nbridges = [\"mine0\"]\\n' >/etc/mock-imds/host.toml");
    under_load(&machine, "an upgrade with another host.toml", || install(&machine, &CURRENT));
    expect_release(
        &machine,
        "after an upgrade with another host.toml",
        &Release { bridge: "mine0", ..CURRENT },
    );

    let after = machine.incarnations();
    for unit in UNITS.iter().filter(|unit| **unit != "mock-imds.service") {
        machine.expect(&format!("{unit}, which no upgrade restarts"), &after[unit], &before[unit]);
    }
    machine.expect("the files in /etc, after three upgrades", &machine.ok("ls /etc/mock-imds"), "host.toml");
}

/// The version is installed, both processes are its program, and the table is its own.
fn expect_release(machine: &Machine, when: &str, release: &Release) {
    let version = machine.ok("dpkg-query --show --showformat '${Version}' mock-imds");
    machine.expect(&format!("the version {when}"), &version, release.version);
    machine.expect(
        &format!("the answer {when}"),
        &machine.instance_id().unwrap_or_else(|why| why),
        BUILT_IN_ID,
    );
    machine.expect_program_of(when, release.bridge);
}

/// Installs without a terminal, so that a question would be a failure, and looks for what dpkg lays beside a file that
/// it asks about.
fn install(machine: &Machine, release: &Release) {
    let said = machine.ok(&format!("dpkg --install {} 2>&1", release.package));
    let beside = machine.ok("find /etc -name '*.dpkg-*'");
    if said.contains("Configuration file") || !beside.is_empty() {
        machine
            .fail(&format!("expected that dpkg asks nothing; it laid beside: '{beside}', and said:\n{said}"));
    }
}

#[test]
fn what_the_administrator_said_survives_an_upgrade() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok(include_str!("previous.sh"));
    install(&machine, &PREVIOUS);
    machine
        .ok("printf '[instance]\\ninstance-id = \"i-0cccccccccccccccc\"\\n' >/etc/mock-imds/scenario.toml");
    machine.ok("echo '# mine' >>/etc/mock-imds/host.toml");
    install(&machine, &CURRENT);
    machine.expect("after an upgrade", &machine.instance_id().unwrap_or_default(), "i-0cccccccccccccccc");
    machine.ok("grep -q '# mine' /etc/mock-imds/host.toml");

    for (said, state) in [("disable --now", "disabled"), ("mask", "masked")] {
        machine.ok(&format!("systemctl {said} mock-imds"));
        for release in [&PREVIOUS, &CURRENT] {
            install(&machine, release);
            let when = format!("after systemctl {said} and an installation of {}", release.version);
            machine.expect(&when, &machine.property("mock-imds", "ActiveState"), "inactive");
            machine.expect(&when, &machine.property("mock-imds", "UnitFileState"), state);
            machine.expect(&when, &machine.ok("nft list tables"), "");
        }
    }
    machine.ok("systemctl unmask mock-imds && systemctl enable --now mock-imds");
    machine.expect("wanted again", &machine.instance_id().unwrap_or_default(), "i-0cccccccccccccccc");
    // As docs/packages.md says of Debian: what is enabled is wanted.
    machine.ok("systemctl stop mock-imds");
    install(&machine, &PREVIOUS);
    machine.expect(
        "enabled, but stopped, after an upgrade",
        &machine.property("mock-imds", "ActiveState"),
        "active",
    );
}
