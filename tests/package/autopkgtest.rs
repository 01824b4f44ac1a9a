//! The tests of `debian/tests` as autopkgtest runs them: as root, in the source tree, with the package installed.

use std::fs;

use support::Outcome;
use support::machine::{Machine, System};

#[test]
fn what_debians_testers_run_works() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    let control = support::sources().join("debian/tests/control");
    let control = fs::read_to_string(control).expect("debian/tests/control is there");
    let field = |name: &str| control.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    machine.expect("the tests depend on the package alone", field("Depends:").unwrap_or_default(), "@");
    let tests: Vec<_> =
        field("Tests:").expect("debian/tests/control names tests").split_whitespace().collect();

    machine.install();
    for test in &tests {
        let said = run(&machine, test);
        // autopkgtest takes a word on standard error for a failure.
        if said.code != Some(0) || !said.stderr.is_empty() {
            machine.fail(&format!("debian/tests/{test}, expected exit code 0 and nothing on stderr\n{said}"));
        }
    }
    // A test that finds no fault with a host whose redirect is gone would find none at all.
    machine.ok("systemctl mask --now mock-imds-net.service");
    for test in &tests {
        let said = run(&machine, test);
        if said.code == Some(0) {
            machine.fail(&format!("debian/tests/{test} without the guardian, expected a failure\n{said}"));
        }
    }
}

fn run(machine: &Machine, test: &str) -> Outcome {
    machine.run(&format!(
        "cd /srv/source && scratch=$(mktemp -d) && AUTOPKGTEST_TMP=$scratch ADTTMP=$scratch debian/tests/{test}"
    ))
}
