//! Connections that a fault refuses or loses: the packaged server says so in its runtime directory, and the guardian reads
//! that and changes the host's rules, both from inside their sandboxes.

use std::time::Duration;

use support::machine::{Machine, System};

const SOON: Duration = Duration::from_secs(5);

/// curl's exit codes.
const ANSWERED: &str = "0";
const REFUSED: &str = "7";
const LOST: &str = "28";

#[test]
fn connections_are_refused_and_lost_by_the_packaged_guardian() {
    are_refused_and_lost(System::Debian12);
}

#[test]
fn connections_are_refused_and_lost_by_the_packaged_guardian_on_debian_13() {
    are_refused_and_lost(System::Debian13);
}

fn are_refused_and_lost(system: System) {
    let Some(machine) = Machine::boot(system) else { return };
    machine.install();
    expect(&machine, "after the installation", ANSWERED);
    let rules = rules(&machine);

    machine.ok("mock-imds fault --connection refused --name x");
    expect(&machine, "while connections are refused", REFUSED);
    machine.expect_in("net status", &machine.ok("mock-imds net status"), "connections refused");
    machine.ok("mock-imds fault set x --connection lost");
    expect(&machine, "while connections are lost", LOST);

    // Another guardian reads the same list; another server restores its faults.
    machine.ok("systemctl restart mock-imds-net.service");
    expect(&machine, "after a restart of the guardian", LOST);
    machine.ok("systemctl kill --signal KILL mock-imds.service");
    machine.eventually(SOON, "the server is up again after SIGKILL", || {
        machine.run("mock-imds status").code == Some(0)
    });
    expect(&machine, "after a crash of the server", LOST);

    machine.ok("mock-imds fault remove x");
    expect(&machine, "once the fault is removed", ANSWERED);
    machine.expect("our rules, once the fault is removed", &self::rules(&machine), &rules);
    machine.ok("mock-imds fault --connection refused");
    expect(&machine, "while connections are refused again", REFUSED);
    machine.ok("systemctl stop mock-imds.service mock-imds.socket");
    let left = |it: &Machine| it.run("nft list ruleset").stdout.contains("reject with tcp reset");
    machine.eventually(SOON, "a stopped server's fault is no rule any more", || !left(&machine));
}

/// Our tables, without how many packets each rule has counted.
fn rules(machine: &Machine) -> String {
    machine.ok("nft --stateless list ruleset")
}

fn expect(machine: &Machine, when: &str, expected: &str) {
    let ask =
        "curl --silent --output /dev/null --max-time 1 http://169.254.169.254/latest/meta-data/mac; echo $?";
    machine.within(SOON, &format!("curl's exit code {expected} {when}"), || {
        let found = machine.run(ask).stdout;
        if found.trim() == expected { Ok(()) } else { Err(format!("exit code {}", found.trim())) }
    });
}
