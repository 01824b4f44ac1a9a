//! What was changed at run time: a restart and a crash keep it, a stop and a reload drop it.

use std::time::Duration;

use support::machine::{Machine, System};

const SOON: Duration = Duration::from_secs(10);
const SPOT: &str = "meta-data/spot/instance-action";
const KEPT: &str = "/run/mock-imds/state.json";

#[test]
fn a_restart_keeps_changes_and_a_stop_drops_them() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    machine.ok("mock-imds spot && mock-imds clock pause && mock-imds clock seek 7m");
    let notice = body(&machine, "after `mock-imds spot`");

    machine.ok("systemctl restart mock-imds");
    machine.expect("the notice after a restart", &body(&machine, "after a restart"), &notice);
    machine.expect("the clock after a restart", &elapsed(&machine), "7m");

    let pid = machine.property("mock-imds.service", "MainPID");
    machine.ok(&format!("kill -KILL {pid}"));
    machine.within(SOON, "another main process after SIGKILL", || {
        match machine.property("mock-imds.service", "MainPID") {
            now if now != pid && now != "0" => Ok(()),
            now => Err(now),
        }
    });
    machine.expect("the notice after a crash", &body(&machine, "after a crash"), &notice);
    machine.expect("the clock after a crash", &elapsed(&machine), "7m");

    machine.ok("systemctl stop mock-imds");
    machine.within(SOON, "a stop removes what was kept", || {
        let said = machine.run(&format!("test ! -e {KEPT}"));
        if said.code == Some(0) { Ok(()) } else { Err(format!("{KEPT} is there")) }
    });
    machine.ok("systemctl start mock-imds");
    machine.expect("the status of the notice after a stop and a start", &status(&machine), "404");

    machine.ok("mock-imds spot");
    machine.expect("the status of the notice when it is given again", &status(&machine), "200");
    machine.ok("systemctl reload mock-imds");
    machine.expect("the status of the notice after a reload", &status(&machine), "404");
}

/// The notice as a program reads it. The held socket queues a request that comes before the server does.
fn body(machine: &Machine, when: &str) -> String {
    let said = machine.run(&format!("curl -sS --fail --max-time 10 http://169.254.169.254/latest/{SPOT}"));
    if said.code != Some(0) {
        machine.fail(&format!("the notice {when}, expected an answer\n{said}"));
    }
    said.stdout
}

fn status(machine: &Machine) -> String {
    machine.ok(&format!(
        "curl -sS --max-time 10 -o /dev/null -w '%{{http_code}}' http://169.254.169.254/latest/{SPOT}"
    ))
}

fn elapsed(machine: &Machine) -> String {
    machine.ok(r#"mock-imds status --json | sed -nE 's/.*"elapsed": "([^"]+)".*/\1/p'"#)
}
