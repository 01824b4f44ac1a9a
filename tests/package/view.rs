//! The unit of the view: off until it is enabled, confined, its token for the group alone, and gone with the package.

use std::time::Duration;

use support::machine::{Machine, System};

const UNIT: &str = "mock-imds-view.service";
const SOON: Duration = Duration::from_secs(10);
const NO_CAPABILITY: &str = "CapInh:0000000000000000 CapPrm:0000000000000000 CapEff:0000000000000000 CapBnd:0000000000000000 CapAmb:0000000000000000";

#[test]
fn the_view_is_off_until_it_is_enabled_and_gone_with_the_package() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    let state = |machine: &Machine| {
        machine.run(&format!("systemctl is-enabled {UNIT}; systemctl is-active {UNIT}")).stdout
    };
    machine.expect("after the installation", state(&machine).trim(), "disabled\ninactive");

    machine.ok(&format!("systemctl enable --now {UNIT}"));
    answers(&machine, "after it was enabled");
    let pid = machine.property(UNIT, "MainPID");
    if machine.ok(&format!("ps -o user= -p {pid}")) == "root" {
        machine.fail("the view runs as root; expected a dynamic user");
    }
    let capabilities = machine.ok(&format!("grep ^Cap /proc/{pid}/status | tr -d '\\t' | paste -sd' '"));
    machine.expect("the capabilities of the view", &capabilities, NO_CAPABILITY);
    token_is_for_the_group(&machine);
    let token = machine.ok("cat /run/mock-imds-view/view.token");

    // An upgrade runs the new program. Each start has a token of its own.
    machine.install();
    answers(&machine, "after an upgrade");
    if machine.ok("cat /run/mock-imds-view/view.token") == token {
        machine.fail("the token of the former start opens the view");
    }
    if machine.property(UNIT, "MainPID") == pid {
        machine.fail("the view runs the former program after an upgrade");
    }
    let said = machine.ok(&format!("journalctl --unit {UNIT} --output cat"));
    machine.expect_in("the journal of the view", &said, "mock-imds view is ready at http://127.0.0.1:1339/");
    if said.contains("token=") || said.contains(&token) {
        machine.fail("the journal has the token");
    }

    machine.ok("dpkg --remove mock-imds");
    let left = machine
        .run("curl --silent --max-time 2 http://127.0.0.1:1339/metrics; ls -d /run/mock-imds-view 2>&1");
    machine.expect_in("what is left after a removal", &left.stdout, "No such file");
    machine.ok("dpkg --purge mock-imds");
    let links = machine.ok("find /etc/systemd /var/lib/systemd -name 'mock-imds-view*'");
    machine.expect("links to the unit after a purge", &links, "");
}

/// It sees the server at its socket, and the guardian's status.
fn answers(machine: &Machine, when: &str) {
    machine.within(SOON, &format!("metrics {when}"), || {
        let found = machine.run("curl --silent --fail --max-time 2 http://127.0.0.1:1339/metrics");
        let all = ["mock_imds_up 1", "mock_imds_guardian_up 1", "mock_imds_instances 1"];
        if all.iter().all(|part| found.stdout.contains(part)) { Ok(()) } else { Err(found.to_string()) }
    });
}

fn token_is_for_the_group(machine: &Machine) {
    let mode = machine.ok("stat --format '%a %G' /run/mock-imds-view /run/mock-imds-view/view.token");
    machine.expect("modes of directory and token", &mode, "750 mock-imds\n640 mock-imds");
    let ask = |groups: &str| {
        machine.run(&format!(
            "setpriv --reuid nobody --regid nogroup {groups} mock-imds view --url --server system"
        ))
    };
    let member = ask("--groups mock-imds");
    machine.expect_in(
        "the address for a member of the group",
        &member.stdout,
        "http://127.0.0.1:1339/#token=",
    );
    let stranger = ask("--clear-groups");
    if stranger.code == Some(0) {
        machine.fail(&format!("somebody who is not in the group has the token: {stranger}"));
    }
    let order = "curl --silent --fail -H \"Authorization: Bearer $(cat /run/mock-imds-view/view.token)\" --json \
                 '{\"spot-interruption\": {\"action\": \"stop\"}}' http://127.0.0.1:1339/api/v1/events";
    machine.ok(order);
    let notice = machine.get("meta-data/spot/instance-action");
    machine.expect_in("the notice that the view raised", &notice.unwrap_or_default(), "stop");
    machine.ok("mock-imds clear");
}
