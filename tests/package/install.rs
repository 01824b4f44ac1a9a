//! Installed is running: confined, there exactly once, and found by an SDK without any configuration.

use std::time::Duration;

use support::machine::{BUILT_IN_ID, UNITS};
use support::machine::{Machine, System, python};

/// How soon a fresh installation answers, and how soon it is back after a restart or a crash.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn installed_on_debian_12_is_running_confined_and_there_once() {
    installed(System::Debian12);
}

#[test]
fn installed_on_debian_13_is_running_confined_and_there_once() {
    installed(System::Debian13);
}

fn installed(system: System) {
    let Some(machine) = Machine::boot(system) else { return };
    machine.install();
    let (id, _) = machine.within(SOON, "curl after the installation", || machine.instance_id());
    machine.expect("the instance id of an empty scenario", &id, BUILT_IN_ID);
    machine.expect_network_once("after the installation");
    let version = machine.ok("/usr/libexec/mock-imds/ec2-metadata-mock --version");
    machine.expect("the link of the other program's name", &version, "v1.13.0");
    what_is_named_is_there(&machine);
    confined(&machine);
    open_to_its_group(&machine);
    units_verify(&machine);

    machine.install();
    machine.expect_network_once("after a second dpkg --install");
    machine.expect("after a second dpkg --install", &machine.instance_id().unwrap_or_default(), BUILT_IN_ID);

    for unit in UNITS {
        machine.ok(&format!("systemctl restart {unit}"));
        machine.within(SOON, &format!("all is back after systemctl restart {unit}"), || {
            machine.network_once()?;
            machine.instance_id()
        });
    }
    sdk_needs_no_configuration(&machine);
}

/// The files that the manual names, and the notices of the crates in the program.
fn what_is_named_is_there(machine: &Machine) {
    let named = "zcat /usr/share/man/man*/mock-imds* | sed 's/\\\\-/-/g' | grep -oE '/usr/[A-Za-z0-9._/-]+' | sed 's/[.,]$//' | sort -u";
    let missing = format!("{named} | while read -r path; do test -e $path || echo $path; done");
    machine.expect("files that the manual names and that are not there", &machine.ok(&missing), "");
    machine.expect_in("one of them", &machine.ok(named), "/usr/share/doc/mock-imds/docs/aemm.md");
    let notices = machine.ok("zcat /usr/share/doc/mock-imds/third-party-notices.txt.gz");
    for name in ["tokio ", "hyper ", "nftnl "] {
        machine.expect_in("the notices of the crates", &notices, name);
    }
}

fn confined(machine: &Machine) {
    let none = "CapInh:0000000000000000 CapPrm:0000000000000000 CapEff:0000000000000000 CapBnd:0000000000000000 CapAmb:0000000000000000";
    let capabilities = |unit: &str| {
        let pid = machine.property(unit, "MainPID");
        (
            machine.ok(&format!("ps -o user= -p {pid}")),
            machine.ok(&format!("grep ^Cap /proc/{pid}/status | tr -d '\\t' | paste -sd' '")),
        )
    };
    let (user, found) = capabilities("mock-imds.service");
    machine.expect("the user of the server", &user, "mock-imds");
    machine.expect("the capabilities of the server", &found, none);
    let (user, found) = capabilities("mock-imds-net.service");
    if user == "root" {
        machine.fail("the guardian runs as root; expected a dynamic user");
    }
    // Bit 12 is CAP_NET_ADMIN.
    machine.expect_in(
        "the guardian's capabilities",
        &found,
        "CapEff:0000000000001000 CapBnd:0000000000001000",
    );
}

/// The control socket is root's and the group's; who may not use it is told the cure. What the guardian did, all may read.
fn open_to_its_group(machine: &Machine) {
    let sockets = machine.ok("find /run/mock-imds -type s -printf '%f %m %u %g\\n' | sort");
    // Of the second one root and the service make use, so that no crowd of the group keeps them out.
    let expected = "control.sock 660 mock-imds mock-imds\ncontrol.sock.owner 600 mock-imds mock-imds";
    machine.expect("the sockets of the unit", &sockets, expected);
    let member = machine.run("setpriv --reuid nobody --regid nogroup --groups mock-imds mock-imds status");
    if member.code != Some(0) {
        machine.fail(&format!("mock-imds status as a member of the group, expected exit code 0\n{member}"));
    }
    let stranger = machine.run("setpriv --reuid nobody --regid nogroup --clear-groups mock-imds status");
    if stranger.code != Some(77) {
        machine.fail(&format!("mock-imds status as a stranger, expected exit code 77\n{stranger}"));
    }
    machine.expect_in("what a stranger is told to do", &stranger.stderr, "usermod -aG mock-imds");
    let status = machine.ok("setpriv --reuid nobody --regid nogroup --clear-groups mock-imds net status");
    machine.expect_in("mock-imds net status as a stranger", &status, "169.254.169.254");
}

/// The unit files as installed, programs and all; man pages need man-db, which the machine lacks.
fn units_verify(machine: &Machine) {
    let said = machine
        .ok(&format!("cd /lib/systemd/system && systemd-analyze --man=no verify {} 2>&1", UNITS.join(" ")));
    machine.expect("systemd-analyze verify", &said, "");
}

/// boto3 as its users install it, with an empty home and an empty environment.
fn sdk_needs_no_configuration(machine: &Machine) {
    const ASK: &str = "
import boto3, botocore.session, botocore.utils
credentials = boto3.session.Session().get_credentials()
frozen = credentials.get_frozen_credentials()
region = botocore.utils.IMDSRegionProvider(botocore.session.Session()).provide()
print(credentials.method, frozen.access_key, region, 'token' if frozen.token else 'no token')
";
    let python = python().expect("it was there before the boot").join("bin/python3");
    let empty = [("HOME", "/nonexistent"), ("LANG", "C.UTF-8")];
    let said = machine.run_from_host(&empty, &[&python.to_string_lossy(), "-c", ASK]);
    let shown =
        machine.ok("role=$(curl -sf http://169.254.169.254/latest/meta-data/iam/security-credentials/) && \
         curl -sf http://169.254.169.254/latest/meta-data/iam/security-credentials/$role | \
         python3 -c 'import json, sys; print(json.load(sys.stdin)[\"AccessKeyId\"])'");
    let region = machine.ok("curl -sf http://169.254.169.254/latest/meta-data/placement/region");
    let expected = format!("iam-role {shown} {region} token");
    if said.stdout.trim() != expected {
        machine.fail(&format!("boto3 without configuration\nexpected: {expected}\nfound: {said}"));
    }
}

#[test]
fn one_unit_touches_no_other() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    // What is done, and the units that may change by it: the server must take a new socket from systemd.
    let cases: &[(&str, &[&str])] = &[
        ("systemctl restart mock-imds.service", &["mock-imds.service"]),
        ("systemctl kill --signal=KILL mock-imds.service", &["mock-imds.service"]),
        ("systemctl reload mock-imds.service", &[]),
        ("systemctl restart mock-imds-net.service", &["mock-imds-net.service"]),
        ("systemctl kill --signal=KILL mock-imds-net.service", &["mock-imds-net.service"]),
        ("systemctl reload mock-imds-net.service", &[]),
        ("systemctl restart mock-imds.socket", &["mock-imds.socket", "mock-imds.service"]),
    ];
    for (action, may_change) in cases {
        let before = machine.incarnations();
        machine.ok(action);
        // A crash is noticed a moment later: what must change is waited for, before all is looked at.
        let (after, _) = machine.within(SOON, &format!("all is back after {action}"), || {
            let now = machine.incarnations();
            match may_change
                .iter()
                .find(|unit| now[**unit] == before[**unit] || !now[**unit].contains("ActiveState=active"))
            {
                Some(unit) => Err(format!("{unit} is still {}", now[*unit])),
                None => machine.network_once().and_then(|()| machine.instance_id()).map(|_| now),
            }
        });
        for unit in UNITS.iter().filter(|unit| !may_change.contains(unit)) {
            machine.expect(&format!("{unit} after {action}"), &after[unit], &before[unit]);
        }
    }
}

/// The guardian keeps what it set up, and whoever reloads it learns why.
#[test]
fn a_rejected_host_toml_fails_the_reload_and_changes_nothing() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    let tables = machine.ok("nft list tables");
    machine.ok("printf '[host]\\nipv6 = \"yes\"\\n' >/etc/mock-imds/host.toml");
    let reload = machine.run("systemctl reload mock-imds-net");
    assert!(!reload.succeeded(), "expected the reload to fail:\n{reload}");
    let status = machine.run("systemctl status mock-imds-net");
    let expected = "host.toml:2:8: error: host.ipv6 is a string";
    assert!(status.stdout.contains(expected), "expected {expected:?} in:\n{status}");
    machine.expect("the tables after a rejected reload", &machine.ok("nft list tables"), &tables);
    machine.instance_id().expect("the service answers");
    // Without the file the defaults hold.
    machine.ok("rm /etc/mock-imds/host.toml && systemctl reload mock-imds-net");
}
