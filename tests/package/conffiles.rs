//! Files in /etc/mock-imds are the administrator's: laid down before the first installation they are kept, dpkg asks about
//! none, and an upgrade from the release whose conffiles they were keeps what was edited. A purge follows no link.

use support::machine::BUILT_IN_ID;
use support::machine::{Machine, System};

const MINE: &str = "i-0cccccccccccccccc";
const SCENARIO: &str = "/etc/mock-imds/scenario.toml";

/// As a tool does that provisions a machine: no terminal, no answer.
#[track_caller]
fn dpkg(machine: &Machine, arguments: &str) {
    let said = machine.ok(&format!("dpkg {arguments} </dev/null 2>&1"));
    let beside = machine.ok("find /etc -name '*.dpkg-*'");
    if said.contains("Configuration file") || !beside.is_empty() {
        machine
            .fail(&format!("dpkg {arguments}: no question expected; beside: '{beside}'; it said:\n{said}"));
    }
}

#[track_caller]
fn answers(machine: &Machine, when: &str, expected: &str) {
    machine.expect(
        &format!("the instance id {when}"),
        &machine.instance_id().unwrap_or_else(|why| why),
        expected,
    );
}

fn write_mine(machine: &Machine) {
    machine.ok(&format!(
        "mkdir -p /etc/mock-imds && printf '[instance]\\ninstance-id = \"{MINE}\"\\n' >{SCENARIO}"
    ));
}

#[test]
fn files_laid_down_before_the_first_installation_are_kept() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    write_mine(&machine);
    machine.ok("echo '# mine' >/etc/mock-imds/host.toml; chmod 664 /etc/mock-imds/host.toml");
    let files = "stat -c '%n %a %y' /etc/mock-imds/*";
    let before = machine.ok(files);
    dpkg(&machine, "--install /srv/mock-imds.deb");
    answers(&machine, "of a file that was there first", MINE);
    machine.expect("the files that were there first", &machine.ok(files), &before);
    machine.expect("what dpkg calls configuration", &conffiles(&machine), "");

    // A link, as to a folder that a virtual machine shares: purge removes it, and not what it leads to.
    machine.ok(&format!(
        "mkdir /srv/shared && mv {SCENARIO} /srv/shared/ && ln -s /srv/shared/scenario.toml {SCENARIO}"
    ));
    machine.ok("mkdir /etc/mock-imds/aws && echo key >/etc/mock-imds/aws/config");
    machine.ok(
        "echo MOCK_IMDS_ALLOW_TAKEOVER=0 >/etc/default/mock-imds; systemctl restart mock-imds-net mock-imds",
    );
    answers(&machine, "by a link", MINE);
    dpkg(&machine, "--purge mock-imds");
    machine.expect(
        "what a purge leaves in /etc",
        &machine.ok("ls -d /etc/mock-imds /etc/default/mock-imds 2>/dev/null || true"),
        "",
    );
    machine.ok("test -f /srv/shared/scenario.toml");
    // A folder that is mounted there, or below, is somebody's work.
    for folder in ["/etc/mock-imds", "/etc/mock-imds/shared", "/var/lib/mock-imds/shared"] {
        dpkg(&machine, "--install /srv/mock-imds.deb");
        let purged = machine.ok(&format!(
            "mkdir -p {folder} && mount --bind /srv/shared {folder} && dpkg --purge mock-imds 2>&1"
        ));
        machine.expect_in("what a purge says of a mount", &purged, &format!("because {folder} is a mount"));
        machine.ok(&format!("test -f /srv/shared/scenario.toml && umount {folder}"));
    }
    machine.ok("rm -rf /etc/mock-imds /var/lib/mock-imds");
    // Of a link to one, the link.
    dpkg(&machine, "--install /srv/mock-imds.deb");
    machine.ok("rm -rf /etc/mock-imds && mkdir /srv/mounted && ln -s /srv/mounted /etc/mock-imds");
    machine.ok("mount --bind /srv/shared /srv/mounted && dpkg --purge mock-imds && test -f /srv/shared/scenario.toml");
    machine.ok("test ! -e /etc/mock-imds && test ! -L /etc/mock-imds");
}

fn conffiles(machine: &Machine) -> String {
    machine.ok("dpkg-query --show --showformat='${Conffiles}' mock-imds")
}

#[test]
fn an_upgrade_from_conffiles_keeps_what_was_edited() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok(include_str!("previous.sh"));
    dpkg(&machine, "--install /srv/conffiles.deb");
    let owned = conffiles(&machine);
    machine.expect_in("the release that is stood for", &owned, SCENARIO);
    write_mine(&machine);
    machine.ok("systemctl reload mock-imds");
    dpkg(&machine, "--install /srv/mock-imds.deb");
    answers(&machine, "after the upgrade", MINE);
    machine.expect("what is left in /etc/mock-imds", &machine.ok("ls /etc/mock-imds"), "scenario.toml");
    machine.expect("what dpkg calls configuration", &conffiles(&machine), "");
    dpkg(&machine, "--install /srv/mock-imds.deb");
    answers(&machine, "after a second installation", MINE);

    // Removed, not purged: dpkg still knows the conffiles of what was installed.
    dpkg(&machine, "--purge mock-imds");
    dpkg(&machine, "--install /srv/conffiles.deb");
    write_mine(&machine);
    machine.ok(&format!("mv {SCENARIO} /srv/mine.toml && ln -s /srv/mine.toml {SCENARIO}"));
    dpkg(&machine, "--remove mock-imds");
    dpkg(&machine, "--install /srv/mock-imds.deb");
    answers(&machine, "of a link, after a removal", MINE);
    machine.expect("the link", &machine.ok(&format!("readlink {SCENARIO}")), "/srv/mine.toml");
    dpkg(&machine, "--purge mock-imds");
    machine.ok("test -f /srv/mine.toml && test ! -e /etc/mock-imds");

    an_installation_that_fails_changes_nothing(&machine);
    downgrades(&machine);
}

fn an_installation_that_fails_changes_nothing(machine: &Machine) {
    dpkg(machine, "--install /srv/conffiles.deb");
    write_mine(machine);
    machine.ok("dpkg-deb --raw-extract /srv/mock-imds.deb /srv/broken && cd /srv/broken && \
                echo 'exit 1' >>DEBIAN/preinst && dpkg-deb --build -Znone . /srv/broken.deb");
    let said = machine.run("dpkg --install /srv/broken.deb </dev/null");
    if said.code == Some(0) {
        machine.fail(&format!("a preinst that fails, expected a failure\n{said}"));
    }
    machine.expect("the files after it", &machine.ok("ls /etc/mock-imds"), "host.toml\nscenario.toml");
    machine.ok(&format!("grep -q {MINE} {SCENARIO}"));
    dpkg(machine, "--install /srv/mock-imds.deb");
    answers(machine, "after a whole installation", MINE);
}

/// To the release with conffiles: silent where there are no files; else dpkg asks, as that release has it, unless told.
fn downgrades(machine: &Machine) {
    machine.ok(&format!("cp {SCENARIO} /srv/kept.toml && rm {SCENARIO}"));
    dpkg(machine, "--install /srv/conffiles.deb");
    answers(machine, "after a downgrade without files", BUILT_IN_ID);
    dpkg(machine, "--install /srv/mock-imds.deb");
    machine.expect("what nobody edited", &machine.ok("ls /etc/mock-imds"), "");
    machine.ok(&format!("cp /srv/kept.toml {SCENARIO}"));
    let said = machine.run("dpkg --install /srv/conffiles.deb </dev/null 2>&1");
    if said.code == Some(0) || !said.stdout.contains(&format!("Configuration file '{SCENARIO}'")) {
        machine.fail(&format!(
            "expected that dpkg asks about an edited conffile, else these tests see nothing\n{said}"
        ));
    }
    machine.ok("dpkg --force-confold --configure mock-imds </dev/null");
    machine.ok("systemctl restart mock-imds");
    answers(machine, "after a downgrade with --force-confold", MINE);
}
