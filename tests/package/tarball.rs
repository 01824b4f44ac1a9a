//! The tarball: installed by its script, upgraded by it, and removed without a trace.

use std::process::Command;
use std::time::Duration;

use support::machine::{BUILT_IN_ID, Machine, System, differences, sysctls};
use support::{finish, sources};

const SOON: Duration = Duration::from_secs(10);
const UNINSTALL: &str = "/usr/share/mock-imds/uninstall.sh";

#[test]
fn the_tarball_installs_upgrades_and_leaves_nothing() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    unpack(&machine);
    into_another_root(&machine);
    let before = (machine.snapshot(), sysctls(&machine));
    let users = machine.ok("getent passwd");

    machine.expect_in(
        "what install.sh prints",
        &machine.ok("/srv/unpacked/install.sh"),
        "installed and started mock-imds",
    );
    let (id, _) = machine.within(SOON, "the service answers", || machine.instance_id());
    machine.expect("the instance id", &id, BUILT_IN_ID);
    machine.expect_network_once("after install.sh");
    machine.expect(
        "the service at the next boot",
        &machine.property("mock-imds", "UnitFileState"),
        "enabled",
    );
    machine.ok("test -e /usr/share/man/man1/mock-imds-record.1.gz");
    machine.ok("mock-imds use --list | grep -q spot-interruption && man -w mock-imds 2>/dev/null || test -e /usr/share/man/man8/mock-imds.8.gz");

    upgrades(&machine);

    machine.ok(UNINSTALL);
    machine.expect(
        "the program after uninstall.sh",
        &machine.ok("command -v mock-imds || echo none"),
        "none",
    );
    machine.expect("what is kept", &machine.ok("cat /etc/mock-imds/scenario.toml"), "# mine");
    machine.ok(&format!("/srv/unpacked/install.sh && {UNINSTALL} --purge"));
    machine.within(SOON, "uninstall.sh --purge leaves nothing", || {
        let now = sysctls(&machine).into_iter().filter(|(key, _)| before.1.contains_key(key)).collect();
        let found = differences(&before.0, &machine.snapshot()) + &differences(&before.1, &now);
        if found.is_empty() { Ok(()) } else { Err(format!("differences:\n{found}")) }
    });
    machine.expect("the users", &machine.ok("getent passwd"), &users);
    ended(&machine, UNINSTALL, 127, "No such file");
    ended(&machine, "/srv/unpacked/uninstall.sh", 66, "install.sh has installed nothing here");

    // A package's files are its package manager's.
    machine.install();
    ended(&machine, "/srv/unpacked/install.sh", 73, "Remove the package mock-imds first");
    machine.expect("the package beside it", &machine.instance_id().unwrap_or_else(|why| why), BUILT_IN_ID);
}

/// Made of the package under test, where this user can write, and unpacked as people do.
fn unpack(machine: &Machine) {
    let name = format!("target/tarball-{}", machine.leader());
    let made = sources().join(&name);
    let script =
        format!("mkdir -p '{name}' && scripts/tarball '{}' '{name}'", machine.setup().package.display());
    let outcome = finish(Command::new("bash").args(["-ec", &script]).current_dir(sources()));
    assert!(outcome.succeeded(), "expected success of {script}\n{outcome}");
    machine.ok(&format!(
        "cd /srv && tar -xzf source/{name}/mock-imds-*-linux-*.tar.gz && mv mock-imds-*/ unpacked"
    ));
    std::fs::remove_dir_all(&made).expect("the directory was just made");
}

/// As for an image: nothing starts, nothing outside changes, and nothing stays, no directory either.
fn into_another_root(machine: &Machine) {
    let before = machine.snapshot();
    machine.ok("mkdir /srv/root && DESTDIR=/srv/root /srv/unpacked/install.sh");
    machine.ok("chroot /srv/root /bin/true 2>/dev/null || test -x /srv/root/usr/bin/mock-imds");
    machine.expect("outside of DESTDIR", &differences(&before, &machine.snapshot()), "");
    machine.ok(&format!("DESTDIR=/srv/root sh /srv/root{UNINSTALL} --purge"));
    machine.expect("what is in DESTDIR after uninstall.sh", &machine.ok("find /srv/root -mindepth 1"), "");
    machine.ok("rm -r /srv/root");
}

/// A file that the new release lacks goes; what the administrator wrote stays; address and table stay.
fn upgrades(machine: &Machine) {
    machine.ok("echo '# mine' >/etc/mock-imds/scenario.toml");
    machine.ok("touch /usr/share/mock-imds/of-an-older-release && echo /usr/share/mock-imds/of-an-older-release >>/usr/share/mock-imds/installed-files");
    machine.expect_in(
        "what install.sh prints",
        &machine.ok("/srv/unpacked/install.sh"),
        "upgraded to mock-imds",
    );
    machine.within(SOON, "the service answers", || machine.instance_id());
    machine.expect_network_once("after an upgrade");
    machine.expect(
        "files of the older release",
        &machine.ok("ls /usr/share/mock-imds | grep older || true"),
        "",
    );
    machine.expect("the scenario", &machine.ok("cat /etc/mock-imds/scenario.toml"), "# mine");

    machine.ok("systemctl disable --now mock-imds");
    machine.expect_in(
        "what install.sh prints of a stopped service",
        &machine.ok("/srv/unpacked/install.sh"),
        "stopped and stays so",
    );
    for (property, expected) in [("ActiveState", "inactive"), ("UnitFileState", "disabled")] {
        let found = machine.property("mock-imds", property);
        machine.expect("a stopped and disabled service after an upgrade", &found, expected);
    }
    machine.ok("systemctl enable --now mock-imds");
}

#[track_caller]
fn ended(machine: &Machine, script: &str, code: i32, sentence: &str) {
    let outcome = machine.run(script);
    if outcome.code != Some(code) || !outcome.stderr.contains(sentence) {
        machine.fail(&format!("{script}, expected exit code {code} and '{sentence}'\n{outcome}"));
    }
}
