//! What somebody removes comes back, and the journal says what happened.

use std::time::Duration;

use support::machine::BUILT_IN_ID;
use support::machine::{Machine, System};

const SOON: Duration = Duration::from_secs(1);

#[test]
fn what_somebody_removes_comes_back() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    let before = machine.incarnations();

    for action in ["nft flush ruleset", "systemctl restart nftables"] {
        machine.ok(action);
        expect_healed(&machine, action);
    }
    let mark = machine.journal_mark();
    machine.ok("ip address delete 169.254.169.254/32 dev lo");
    expect_healed(&machine, "ip address delete");
    // The journal may lag on a busy host; only the healing is promised in time.
    machine.within(5 * SOON, "the guardian's journal says that the address was removed", || {
        let journal = machine.journal_since(&mark, "mock-imds-net");
        if journal.contains("169.254.169.254 was removed") { Ok(()) } else { Err(format!("'{journal}'")) }
    });
    for (unit, incarnation) in machine.incarnations() {
        machine.expect(&format!("{unit} after all that was healed"), &incarnation, &before[unit]);
    }
    guardian_dies(&machine);
}

/// systemd takes away what a killed guardian leaves, and brings the guardian back; the server runs on.
fn guardian_dies(machine: &Machine) {
    let server = machine.incarnations()["mock-imds.service"].clone();
    // Half of the second is systemd's, and other programs on a busy host can take the rest: one of three must do.
    let healed_after = [(); 3].map(|()| death(machine));
    if healed_after.iter().all(|took| *took > SOON) {
        machine.fail(&format!("all is back after SIGKILL, expected within {SOON:?}; found {healed_after:?}"));
    }
    machine.expect(
        "the server after SIGKILL of the guardian",
        &machine.incarnations()["mock-imds.service"],
        &server,
    );
}

/// Kills the guardian, and says how long it takes until all is back.
fn death(machine: &Machine) -> Duration {
    let guardian = machine.property("mock-imds-net.service", "MainPID");
    // One shell, so that the look comes within milliseconds, before the new guardian.
    let seen = machine.ok(&format!(
        "kill -KILL {guardian}; for look in {{1..30}}; do nft list tables | grep -q mock-imds || {{ echo gone; break; }}; done"
    ));
    machine.expect("the table right after SIGKILL", &seen, "gone");
    healed_within(5 * SOON, machine, "SIGKILL of the guardian")
}

fn expect_healed(machine: &Machine, action: &str) {
    healed_within(SOON, machine, action);
}

fn healed_within(limit: Duration, machine: &Machine, action: &str) -> Duration {
    let (id, took) = machine.within(limit, &format!("all is back after {action}"), || {
        machine.network_once()?;
        machine.instance_id()
    });
    machine.expect(&format!("the answer after {action}"), &id, BUILT_IN_ID);
    took
}
