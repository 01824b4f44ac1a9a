//! Where the guardian refuses, `systemctl start` fails, status gives the reason, and nothing has changed.

use std::time::Duration;

use support::machine::{BUILT_IN_ID, differences};
use support::machine::{Machine, System};

/// A made-up machine of Amazon's, told to the guardian alone.
const ON_EC2: &str = "
mkdir -p /opt/dmi /etc/systemd/system/mock-imds-net.service.d
for fact in sys_vendor bios_vendor board_vendor chassis_vendor; do echo 'Amazon EC2' >/opt/dmi/$fact; done
echo m5.large >/opt/dmi/product_name
printf '[Service]\\nEnvironment=MOCK_IMDS_DMI_DIR=/opt/dmi\\n' >/etc/systemd/system/mock-imds-net.service.d/dmi.conf
systemctl daemon-reload";
const ELSEWHERE: &str = "
ip link add outside type veth peer name peer
ip link set outside addrgenmode none && ip link set peer addrgenmode none
ip link set outside up && ip link set peer up
ip address add 169.254.169.254/32 dev outside";

/// As printed with the reason.
const CURE: &str =
    "MOCK_IMDS_ALLOW_TAKEOVER=1 in /etc/default/mock-imds, then run `systemctl restart mock-imds`";
/// A hosted CI runner of GitHub's is a machine of Azure's.
const ON_AZURE: &str = "
mkdir -p /opt/dmi /etc/mock-imds /etc/systemd/system/mock-imds-net.service.d
echo 7783-7084-3265-9085-8269-3286-77 >/opt/dmi/chassis_asset_tag
printf '[Service]\\nEnvironment=MOCK_IMDS_DMI_DIR=/opt/dmi\\n' >/etc/systemd/system/mock-imds-net.service.d/dmi.conf";
const APT: &str =
    "apt-get --yes --quiet -o Dir::Etc::sourcelist=/dev/null install /srv/mock-imds.deb </dev/null 2>&1";

/// One line, written before the installation or after it.
#[test]
fn a_runner_on_azure_that_allows_it_has_a_working_service() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok(ON_AZURE);
    for line in [
        "printf '[host]\\nallow-takeover = true\\n' >/etc/mock-imds/host.toml",
        "echo MOCK_IMDS_ALLOW_TAKEOVER=1 >/etc/default/mock-imds",
    ] {
        machine.ok(&format!("mkdir -p /etc/mock-imds && {line}"));
        let said = machine.ok(APT);
        machine.expect(line, &machine.instance_id().unwrap_or_else(|why| why), BUILT_IN_ID);
        if said.contains("refuse") || said.contains("Could not execute") {
            machine.fail(&format!("{line}: expected an installation without complaints\n{said}"));
        }
        machine.ok("systemctl reload mock-imds-net && systemctl restart mock-imds-net mock-imds");
        let doctor = machine.ok("MOCK_IMDS_DMI_DIR=/opt/dmi mock-imds doctor");
        machine.expect_in("mock-imds doctor", &doctor, "real Azure machine");
        machine.ok("apt-get --yes --quiet purge mock-imds && test ! -e /etc/mock-imds && test ! -e /etc/default/mock-imds");
    }
    // The cure of the refusal, as it is printed.
    let said = machine.ok(APT);
    machine.expect_in("what the installation prints", &said, "this is a real Azure machine");
    machine.ok("echo MOCK_IMDS_ALLOW_TAKEOVER=1 >/etc/default/mock-imds && systemctl restart mock-imds");
    machine.expect("after the cure", &machine.instance_id().unwrap_or_else(|why| why), BUILT_IN_ID);
}

#[test]
fn a_refusal_changes_nothing_and_is_explained() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok(ON_EC2);
    // An installation must not fail because the host is not one for us: dpkg would be stuck.
    let said = machine.install();
    for part in ["this is a real Amazon EC2 machine", CURE] {
        machine.expect_in("what the installation prints", said.lines().last().unwrap_or_default(), part);
    }
    expect_refusal(&machine, "this is a real Amazon EC2 machine");

    machine.ok("rm -r /etc/systemd/system/mock-imds-net.service.d && systemctl daemon-reload");
    machine.ok(ELSEWHERE);
    expect_refusal(&machine, "169.254.169.254 is on the interface outside");

    machine.ok("ip link delete outside && systemctl start mock-imds");
    machine.expect(
        "the answer after the reason has gone",
        &machine.instance_id().unwrap_or_default(),
        BUILT_IN_ID,
    );
}

fn expect_refusal(machine: &Machine, reason: &str) {
    let network =
        || machine.snapshot().into_iter().filter(|(key, _)| !key.starts_with("file: /run/")).collect();
    let before = network();
    let said = machine.run("systemctl start mock-imds");
    if said.code != Some(1) {
        machine.fail(&format!(
            "systemctl start on a host that the guardian refuses, expected exit code 1\n{said}"
        ));
    }
    let status =
        machine.run("journalctl --sync; systemctl status --no-pager --full mock-imds mock-imds-net").stdout;
    machine.expect_in("systemctl status gives the reason", &status, reason);
    // Each by itself.
    for (command, code) in [
        ("systemctl status --no-pager --full mock-imds", 3),
        ("mock-imds status", 69),
        ("mock-imds net status", 78),
    ] {
        let said = machine.run(command);
        machine.expect_in(
            &format!("{command} gives the reason"),
            &format!("{}{}", said.stdout, said.stderr),
            reason,
        );
        machine.expect(
            &format!("exit code of {command}"),
            &format!("{:?}", said.code),
            &format!("Some({code})"),
        );
    }
    machine.expect(
        "how the guardian ended",
        &machine.property("mock-imds-net.service", "ExecMainStatus"),
        "78",
    );
    // The sockets that the failed start pulled in are let go a moment later.
    machine.within(Duration::from_secs(10), "the refused start leaves nothing", || {
        let found = differences(&before, &network());
        let units = machine.ok("systemctl list-units --no-legend --plain --state=active 'mock-imds*'");
        if found.is_empty() && units.is_empty() {
            Ok(())
        } else {
            Err(format!("active: '{units}', differences:\n{found}"))
        }
    });
}
