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

/// With nothing good to serve, the start fails at once, once, and with the report; with a good file it works again.
#[test]
fn a_broken_scenario_fails_the_start() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    write(&machine, BROKEN);
    let said = machine.run("systemctl restart mock-imds");
    if said.code != Some(1) {
        machine.fail(&format!("systemctl restart with a broken file, expected exit code 1\n{said}"));
    }
    let status = machine.run("journalctl --sync; systemctl status --no-pager mock-imds").stdout;
    expect_report(&machine, "systemctl status after the failed start", &status);
    machine.expect("its state", &machine.property("mock-imds", "ActiveState"), "failed");
    machine.expect("its exit code", &machine.property("mock-imds", "ExecMainStatus"), "78");
    machine.expect("tries after the first", &machine.property("mock-imds", "NRestarts"), "0");

    write_id(&machine, "i-0dddddddddddddddd");
    machine.ok("systemctl start mock-imds");
    expect_id(&machine, "with the file mended", "i-0dddddddddddddddd");
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
