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

#[test]
fn a_refusal_changes_nothing_and_is_explained() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok(ON_EC2);
    // An installation must not fail because the host is not one for us: dpkg would be stuck.
    machine.install();
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
