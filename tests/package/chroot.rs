//! In a chroot, as image builders and debootstrap install: no systemd runs there, so nothing starts and nothing fails.

use support::machine::{Machine, System};
use support::machine::{UNITS, differences};

/// The machine's own file system as a chroot without /proc, /sys and systemd's /run.
const CHROOT: &str = "
mkdir /srv/chroot && mount -t tmpfs tmpfs /srv/chroot && cd /srv/chroot && mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
cp /srv/mock-imds.deb root/root/mock-imds.deb
test ! -e root/run/systemd/system";

#[test]
fn in_a_chroot_nothing_starts_and_nothing_fails() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok(CHROOT);
    let chroot = |command: &str| machine.ok(&format!("chroot /srv/chroot/root {command} 2>&1"));
    let files = |machine: &Machine| {
        machine.ok("find /srv/chroot/root/{etc,usr,var/lib} -path '*/dpkg' -prune \
         -o -path '*/deb-systemd-helper*' -prune -o -type f -printf '%p %m %u\\n' -o -type l -printf '%p %l\\n' | sort")
    };
    let (before, files_before) = (machine.snapshot(), files(&machine));

    for when in ["installation", "second installation"] {
        let said = chroot("dpkg --install /root/mock-imds.deb");
        for word in ["rror", "ailed", "annot"] {
            if said.contains(word) {
                machine.fail(&format!("the {when} in a chroot, expected no complaint; found:\n{said}"));
            }
        }
    }
    machine.expect("enabled for the first boot", &chroot("systemctl is-enabled mock-imds"), "enabled");
    chroot("getent passwd mock-imds");
    machine.expect("processes in the chroot", &machine.ok("pgrep -c mock-imds || true"), "0");
    let found = differences(&before, &machine.snapshot());
    machine.expect("what an installation in a chroot changes outside", &found, "");
    for unit in UNITS {
        machine.expect(unit, &machine.property(unit, "LoadState"), "not-found");
    }

    chroot("dpkg --purge mock-imds");
    let added = "/srv/chroot/root/etc/";
    let after = files(&machine);
    let left: Vec<_> = after
        .lines()
        .filter(|line| !files_before.lines().any(|before| before == *line))
        // The books of users: the system user stays, and the tool keeps a copy of what was before.
        .filter(|line| {
            !["passwd", "group", "shadow", "gshadow"]
                .iter()
                .any(|book| line.starts_with(&format!("{added}{book}")))
        })
        .collect();
    machine.expect("what a purge in a chroot leaves", &left.join("\n"), "");
}
