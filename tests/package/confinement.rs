//! What the units must not be able to do, tried from inside: the unit's own main process is a program that tries it.

use std::collections::BTreeMap;

use support::machine::{Machine, System};

/// It needs nothing but perl-base, which every Debian has.
const PROBE: &str = include_str!("probe.pl");

/// The errors of a sandbox. Any other, such as EINVAL, would show that the kernel looked at the arguments.
const REFUSALS: [&str; 6] = ["EPERM", "EACCES", "EROFS", "ENOENT", "ENOSYS", "EAFNOSUPPORT"];

/// What any user may do, so that its refusal is the sandbox's work.
const OPEN_TO_ALL: [&str; 7] = [
    "socket inet",
    "socket netlink",
    "see other processes",
    "set the I/O priority",
    "make a set-user-id file",
    "memory that is written and executed",
    "another personality",
];

#[test]
fn the_units_refuse_what_they_must() {
    refuses(System::Debian12);
}

#[test]
fn the_units_refuse_what_they_must_on_debian_13() {
    refuses(System::Debian13);
}

fn refuses(system: System) {
    let Some(machine) = Machine::boot(system) else { return };
    machine.install();
    machine.ok(&format!("cat >/srv/probe.pl <<'END'\n{PROBE}END\nchmod 755 /srv /srv/probe.pl"));
    // What there is to find.
    machine.ok("touch /tmp/of-others /root/file; mkdir -p /home/user; chmod 755 /root /home/user");

    let control =
        "setpriv --reuid 65534 --regid 65534 --clear-groups env RUNTIME_DIRECTORY=/tmp perl /srv/probe.pl";
    let without = attempts(&machine, &machine.ok(control));
    for what in OPEN_TO_ALL {
        machine.expect(
            &format!("{what}, by anybody without a sandbox"),
            verdict(&without, what),
            "succeeded",
        );
    }

    machine.ok("systemctl stop mock-imds.service");
    probe(&machine, "mock-imds-net.service", &["socket unix", "socket netlink"], "0000000000001000");
    probe(&machine, "mock-imds.service", &["socket unix"], "0000000000000000");
}

/// Runs the probe as the main process of a unit, and expects that nothing but `allowed` succeeds.
fn probe(machine: &Machine, unit: &str, allowed: &[&str], capabilities: &str) {
    // All that says what the process may do stays as it is installed.
    machine.ok(&format!(
        "mkdir -p /run/systemd/system/{unit}.d
         printf '%s\\n' '[Unit]' AssertPathExists= '[Service]' Type=oneshot Restart=no WatchdogSec=0 ExecStart= \
             'ExecStart=/usr/bin/perl /srv/probe.pl' ExecStopPost= >/run/systemd/system/{unit}.d/probe.conf
         systemctl daemon-reload"
    ));
    let mark = machine.journal_mark();
    machine.ok(&format!("systemctl start {unit}"));
    let found = attempts(machine, &machine.journal_since(&mark, unit));
    let mut wrong = Vec::new();
    for (what, outcome) in found.iter().filter(|(what, _)| !is_status(what)) {
        let as_expected = match outcome.as_str() {
            "succeeded" => allowed.contains(&what.as_str()),
            // A program that was run says no more than its exit code.
            "refused" => {
                what == "get privileges by su" || what.starts_with("see ") || what.starts_with("list ")
            }
            refused => {
                !allowed.contains(&what.as_str())
                    && refused.strip_prefix("refused ").is_some_and(|errno| REFUSALS.contains(&errno))
            }
        };
        if !as_expected {
            wrong.push(format!("{what}: {outcome}"));
        }
    }
    machine.expect(
        &format!("what {unit} may do, and must not, of {} attempts", found.len()),
        &wrong.join("\n"),
        "",
    );
    for (key, value) in [
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
        ("CapEff", capabilities),
        ("CapPrm", capabilities),
        ("CapBnd", capabilities),
        ("CapAmb", capabilities),
    ] {
        machine.expect(&format!("{key} of {unit}"), verdict(&found, key), value);
    }
    machine
        .ok(&format!("rm -r /run/systemd/system/{unit}.d; systemctl daemon-reload; systemctl stop {unit}"));
}

/// Attempt → "succeeded", or "refused" and the error; and the lines of /proc/self/status.
fn attempts(machine: &Machine, printed: &str) -> BTreeMap<String, String> {
    if !printed.lines().any(|line| line == "done") {
        machine.fail(&format!("the probe did not come to its end:\n{printed}"));
    }
    // Other programs write into the unit's journal, too: pam, systemd.
    let pair = |line: &str| {
        let (what, outcome) = match line.strip_prefix("status\t") {
            Some(status) => status.split_once(":\t")?,
            None => line.split_once('\t')?,
        };
        Some((what.to_owned(), outcome.replace('\t', " ")))
    };
    printed.lines().filter_map(pair).collect()
}

/// A key of /proc/self/status.
fn is_status(what: &str) -> bool {
    what.starts_with("Cap") || ["NoNewPrivs", "Seccomp"].contains(&what)
}

fn verdict<'a>(found: &'a BTreeMap<String, String>, what: &str) -> &'a str {
    found.get(what).map_or("not tried", String::as_str)
}
