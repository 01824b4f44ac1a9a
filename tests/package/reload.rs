//! `systemctl reload`, `mock-imds reload` and SIGHUP: a good file changes the answers, a broken one is explained.

use std::time::Duration;

use support::machine::{Machine, System};

const SOON: Duration = Duration::from_secs(10);
const BROKEN: &str = "[instance]\ninstance-tipe = \"m5.large\"\n";
/// What every report on `BROKEN` holds: the place, and the caret under the key.
const REPORT: [&str; 2] = ["/etc/mock-imds/scenario.toml:2:1", "^^^^^^^^^^^^^"];

#[test]
fn reload_swaps_the_whole_scenario_or_nothing() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    let pid = machine.property("mock-imds.service", "MainPID");

    write_id(&machine, "i-0aaaaaaaaaaaaaaaa");
    machine.ok("systemctl reload mock-imds");
    expect_id(&machine, "right after systemctl reload", "i-0aaaaaaaaaaaaaaaa");

    write(&machine, BROKEN);
    let said = machine.run("systemctl reload mock-imds");
    if said.code != Some(1) {
        machine.fail(&format!("systemctl reload with a broken file, expected exit code 1\n{said}"));
    }
    let status = machine.run("journalctl --sync; systemctl status --no-pager mock-imds").stdout;
    expect_report(&machine, "systemctl status after the broken reload", &status);
    let said = machine.run("mock-imds reload");
    if said.code != Some(78) {
        machine.fail(&format!("mock-imds reload with a broken file, expected exit code 78\n{said}"));
    }
    expect_report(&machine, "what mock-imds reload prints", &said.stderr);
    expect_id(&machine, "after two broken reloads", "i-0aaaaaaaaaaaaaaaa");

    let mark = machine.journal_mark();
    machine.ok(&format!("kill -HUP {pid}"));
    machine.within(SOON, "the journal explains what SIGHUP met", || {
        let journal = machine.journal_since(&mark, "mock-imds");
        if REPORT.iter().all(|part| journal.contains(part)) { Ok(()) } else { Err(journal) }
    });
    expect_id(&machine, "after a broken SIGHUP", "i-0aaaaaaaaaaaaaaaa");

    write_id(&machine, "i-0bbbbbbbbbbbbbbbb");
    machine.ok(&format!("kill -HUP {pid}"));
    machine.within(SOON, "the answers after SIGHUP", || match machine.instance_id()?.as_str() {
        "i-0bbbbbbbbbbbbbbbb" => Ok(()),
        other => Err(other.to_owned()),
    });
    machine.expect(
        "the main process after five reloads",
        &machine.property("mock-imds.service", "MainPID"),
        &pid,
    );
}

/// Restarts, upgrades and reboots with a broken file leave the service up with the last good scenario, and say so.
#[test]
fn a_broken_scenario_leaves_the_service_up() {
    let Some(mut machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    write_id(&machine, "i-0dddddddddddddddd");
    machine.ok("systemctl reload mock-imds");
    let kept = "/var/lib/mock-imds/last-good.json";
    machine.within(SOON, "the last good scenario is kept", || {
        let found = machine.run(&format!("cat {kept}")).stdout;
        if found.contains("i-0dddddddddddddddd") { Ok(()) } else { Err(found) }
    });
    machine.expect("its mode and owner", &machine.ok(&format!("stat -c '%a %U' {kept}")), "600 mock-imds");

    write(&machine, BROKEN);
    for (when, command) in [
        ("after a restart", "systemctl restart mock-imds"),
        ("after an upgrade", "dpkg --install /srv/mock-imds.deb"),
        ("after a stop and a start", "systemctl stop mock-imds && systemctl start mock-imds"),
    ] {
        machine.ok(command);
        expect_fallback(&machine, when);
    }
    let doctor = machine.run("mock-imds doctor");
    expect_report(&machine, "doctor", &doctor.stdout);
    let said = machine.run("systemctl reload mock-imds");
    if said.code != Some(1) {
        machine.fail(&format!("systemctl reload with a broken file, expected exit code 1\n{said}"));
    }
    expect_fallback(&machine, "after a broken reload");
    machine.reboot();
    expect_fallback(&machine, "after a reboot");

    machine.ok(&format!("systemctl stop mock-imds; rm {kept}; systemctl start mock-imds"));
    expect_id(&machine, "with nothing good", "i-1234567890abcdef0");
    write_id(&machine, "i-0eeeeeeeeeeeeeeee");
    machine.ok("systemctl reload mock-imds");
    expect_id(&machine, "with the file mended", "i-0eeeeeeeeeeeeeeee");
    let status = machine.ok("systemctl status --no-pager mock-imds | grep Status:");
    if status.contains("rejected") {
        machine.fail(&format!("expected no word of a rejection, found {status}"));
    }
}

fn expect_fallback(machine: &Machine, when: &str) {
    expect_id(machine, when, "i-0dddddddddddddddd");
    machine.expect(when, &machine.property("mock-imds", "ActiveState"), "active");
    let status = machine.ok("systemctl status --no-pager mock-imds | grep Status:");
    machine.expect_in(when, &status, "rejected");
    machine.expect_in(when, &status, "scenario.toml:2:1");
    machine.expect_in(when, &status, "from the last good scenario");
    expect_report(machine, when, &machine.ok("mock-imds status"));
}

fn write_id(machine: &Machine, id: &str) {
    write(machine, &format!("[instance]\ninstance-id = \"{id}\"\n"));
}

fn write(machine: &Machine, scenario: &str) {
    machine.ok(&format!("cat >/etc/mock-imds/scenario.toml <<'END'\n{scenario}END"));
}

fn expect_id(machine: &Machine, when: &str, expected: &str) {
    machine.expect(when, &machine.instance_id().unwrap_or_else(|why| why), expected);
}

fn expect_report(machine: &Machine, what: &str, text: &str) {
    for part in REPORT {
        machine.expect_in(what, text, part);
    }
}
