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

/// Kills the guardian, and says how long it takes until another one has set all up, by the machine's own clock.
fn death(machine: &Machine) -> Duration {
    let main = || machine.property("mock-imds-net.service", "MainPID");
    let killed = main();
    let seconds = machine.ok(&format!("cut -d ' ' -f 1 /proc/uptime; kill -KILL {killed}"));
    let seconds = seconds.parse::<f64>().unwrap_or_else(|_| machine.fail(&format!("no uptime: '{seconds}'")));
    let another = || match main() {
        now if now == killed || now == "0" => Err(format!("the main process {now}")),
        _ => {
            machine.network_once()?;
            machine.instance_id()
        }
    };
    machine.within(5 * SOON, "another guardian after SIGKILL, and all is back", another);
    let ready = machine.property("mock-imds-net.service", "ActiveEnterTimestampMonotonic");
    let ready =
        ready.parse::<u64>().unwrap_or_else(|_| machine.fail(&format!("no guardian is ready: '{ready}'")));
    Duration::from_micros(ready).saturating_sub(Duration::from_secs_f64(seconds))
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
