//! The rpm, by dnf, on a Debian that has both: what the deb does, as far as the customs of RPM systems go.

use std::time::Duration;

use support::machine::Machine;
use support::machine::System;
use support::machine::{differences, sysctls};

use crate::purge::Before;
use crate::steady::under_load;

const SOON: Duration = Duration::from_secs(10);
const PREVIOUS: &str = "mock-imds-0.0.9";

#[test]
fn the_rpm_installs_upgrades_and_goes() {
    let Some(machine) = Machine::boot(System::Rpm) else { return };
    machine.ok(include_str!("repo.sh"));
    let before = (machine.snapshot(), sysctls(&machine));

    former_configuration_files_are_kept(&machine);

    machine.ok(&format!("dnf --assumeyes --quiet install {PREVIOUS}"));
    expect_state(&machine, "installed, with no preset for it", "inactive", "disabled");
    machine.ok("systemctl enable --now mock-imds");
    expect_release(&machine, "enabled and started", PREVIOUS, "hencebr*");

    machine
        .ok("printf '[instance]\\ninstance-id = \"i-0cccccccccccccccc\"\\n' >/etc/mock-imds/scenario.toml");
    under_load(&machine, "an upgrade by dnf", || {
        machine.ok("dnf --assumeyes --quiet upgrade mock-imds");
    });
    expect_release(
        &machine,
        "after an upgrade",
        concat!("mock-imds-", env!("CARGO_PKG_VERSION")),
        "incusbr*",
    );
    machine.expect("the edited scenario", &machine.instance_id().unwrap_or_default(), "i-0cccccccccccccccc");
    machine.expect("what rpm lays beside", &machine.ok("find /etc/mock-imds -name '*.rpm*'"), "");
    link_to_the_program(&machine);
    machine.ok("grep -q 'tokio ' /usr/share/licenses/mock-imds/third-party-notices.txt");

    machine.ok("systemctl stop mock-imds");
    machine.ok(&format!("dnf --assumeyes --quiet downgrade {PREVIOUS}"));
    expect_state(&machine, "stopped, after a downgrade", "inactive", "enabled");
    machine.ok("systemctl disable mock-imds");
    machine.ok("dnf --assumeyes --quiet upgrade mock-imds");
    expect_state(&machine, "disabled, after an upgrade", "inactive", "disabled");
    machine.ok("systemctl enable --now mock-imds");
    machine.within(SOON, "the service answers", || machine.instance_id());

    machine.ok("dnf --assumeyes --quiet remove mock-imds");
    expect_gone(&machine, &before);
    a_refusal_is_printed(&machine);
    a_preset_enables(&machine);
}

/// Of the release whose files in /etc were the package's: what was edited stays, what nobody edited goes.
fn former_configuration_files_are_kept(machine: &Machine) {
    machine.ok("dnf --assumeyes --quiet install mock-imds-0.0.8 && systemctl enable --now mock-imds");
    machine.expect_in(
        "the release that is stood for",
        &machine.ok("rpm --query --configfiles mock-imds"),
        "scenario.toml",
    );
    machine
        .ok("printf '[instance]\\ninstance-id = \"i-0dddddddddddddddd\"\\n' >/etc/mock-imds/scenario.toml");
    machine.ok(&format!("dnf --assumeyes --quiet upgrade {PREVIOUS}"));
    machine.expect("what is left in /etc/mock-imds", &machine.ok("ls /etc/mock-imds"), "scenario.toml");
    let id = || match machine.instance_id() {
        Ok(id) if id == "i-0dddddddddddddddd" => Ok(()),
        other => Err(format!("{other:?}")),
    };
    machine.within(SOON, "the edited scenario is served after the upgrade", id);
    machine.expect("configuration of rpm's", &machine.ok("rpm --query --configfiles mock-imds"), "");
    machine.ok("dnf --assumeyes --quiet remove mock-imds");
    machine.expect("what a removal leaves", &machine.ok("ls /etc/mock-imds"), "scenario.toml");
    machine.ok("rm -r /etc/mock-imds /var/lib/mock-imds");
}

/// Nothing is started by an installation; what a start would meet is said all the same.
fn a_refusal_is_printed(machine: &Machine) {
    machine.ok("mkdir /opt/dmi && echo DigitalOcean >/opt/dmi/sys_vendor");
    let install = "rpm --install --nodeps /srv/mock-imds.rpm 2>&1";
    let said = machine.ok(&format!("export MOCK_IMDS_DMI_DIR=/opt/dmi; {install}"));
    machine.expect_in("what an installation prints", &said, "this is a real DigitalOcean machine");
    machine.ok("rpm --erase mock-imds; mkdir -p /etc/sysconfig; echo MOCK_IMDS_ALLOW_TAKEOVER=1 >/etc/sysconfig/mock-imds");
    let said = machine.ok(&format!("export MOCK_IMDS_DMI_DIR=/opt/dmi; {install}"));
    if said.contains("real DigitalOcean") {
        machine.fail(&format!("an installation where takeover is allowed, expected no refusal\n{said}"));
    }
    machine.ok("rpm --erase mock-imds; rm -r /etc/sysconfig");
}

fn expect_state(machine: &Machine, when: &str, active: &str, enabled: &str) {
    for (property, expected) in [("ActiveState", active), ("UnitFileState", enabled)] {
        machine.expect(&format!("{property} {when}"), &machine.property("mock-imds", property), expected);
    }
}

fn expect_release(machine: &Machine, when: &str, release: &str, bridge: &str) {
    machine.expect_in(&format!("the release {when}"), &machine.ok("rpm --query mock-imds"), release);
    machine.expect_program_of(when, bridge);
}

fn link_to_the_program(machine: &Machine) {
    let end = machine.ok("readlink --canonicalize /usr/libexec/mock-imds/ec2-metadata-mock");
    machine.expect("where ec2-metadata-mock ends", &end, "/usr/bin/mock-imds");
}

/// The administrator's file and the keys stay, as is the custom; nothing else does.
fn expect_gone(machine: &Machine, before: &Before) {
    machine.within(SOON, "dnf remove leaves nothing of ours but the scenario and the keys", || {
        let kept = |key: &String| {
            ["/root/", "/var/lib/dnf", "/var/lib/mock-imds", "/var/lib/systemd", "/etc/mock-imds"]
                .iter()
                .any(|path| key.contains(&format!(": {path}")))
        };
        let mut now = machine.snapshot();
        now.retain(|key, _| !kept(key));
        let mut then = before.0.clone();
        then.retain(|key, _| !kept(key));
        // Connection tracking adds settings for good; only those that existed before are compared.
        let settings = sysctls(machine).into_iter().filter(|(key, _)| before.1.contains_key(key)).collect();
        let found = differences(&then, &now) + &differences(&before.1, &settings);
        if found.is_empty() { Ok(()) } else { Err(format!("differences:\n{found}")) }
    });
    machine.expect("what stays in /etc", &machine.ok("ls /etc/mock-imds"), "scenario.toml");
    machine.expect("what stays in /var/lib", &machine.ok("ls -d /var/lib/mock-imds"), "/var/lib/mock-imds");
}

/// Presets decide, as the manual says: with one, the service is enabled, and runs from the next boot on.
fn a_preset_enables(machine: &Machine) {
    machine.ok("mkdir -p /etc/systemd/system-preset && \
         echo 'enable mock-imds.service' >/etc/systemd/system-preset/50-mine.preset");
    machine.ok("dnf --assumeyes --quiet install mock-imds");
    expect_state(machine, "installed, with a preset for it", "inactive", "enabled");
    machine.ok("systemctl start mock-imds");
    let (id, _) = machine.within(SOON, "the service answers", || machine.instance_id());
    machine.expect("the answer of the file that stayed", &id, "i-0cccccccccccccccc");
}
