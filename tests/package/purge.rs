//! Stop, remove and purge: the host is as it was.

use std::collections::BTreeMap;
use std::time::Duration;

use support::machine::{Machine, System};
use support::machine::{differences, sysctls};

/// `systemctl stop` returns some milliseconds before the guardian has gone.
const SOON: Duration = Duration::from_secs(10);
/// Rules and a route of somebody else, which must come through untouched, handles and all.
const SOMEBODY: &str = "
nft 'add table inet somebody; add chain inet somebody in { type filter hook input priority 0; policy accept; }'
nft 'add rule inet somebody in tcp dport 22 counter accept'
ip link add outside type veth peer name peer
ip link set outside addrgenmode none && ip link set peer addrgenmode none
ip link set outside up && ip link set peer up
ip address add 192.0.2.1/24 dev outside && ip route add 198.51.100.0/24 via 192.0.2.2";

#[test]
fn stop_remove_and_purge_leave_debian_12_as_it_was() {
    stop_remove_and_purge(System::Debian12);
}

#[test]
fn stop_remove_and_purge_leave_debian_13_as_it_was() {
    stop_remove_and_purge(System::Debian13);
}

fn stop_remove_and_purge(system: System) {
    let Some(machine) = Machine::boot(system) else { return };
    machine.ok(SOMEBODY);
    let before = (machine.snapshot(), sysctls(&machine));
    // A snapshot that misses things would find no differences.
    assert!(before.0.values().any(|value| value.contains("table inet somebody")), "{:?}", before.0);
    assert!(
        before.0.len() > 1000 && before.1.len() > 100,
        "{} facts, {} settings",
        before.0.len(),
        before.1.len()
    );

    machine.install();
    used(&machine);
    machine.ok("systemctl stop mock-imds");
    expect_restored(&machine, "systemctl stop", &before, &["address", "route", "nftables", "file: /run"]);

    machine.ok("systemctl start mock-imds");
    machine.ok("mock-imds init && mock-imds init --host");
    used(&machine);
    let said = machine.ok("LC_ALL=C apt-get --yes --quiet remove mock-imds 2>&1");
    let warnings: Vec<&str> = said.lines().filter(|line| line.contains("can still be activated")).collect();
    machine.expect("what systemctl warns of in a removal", &warnings.join("\n"), "");
    expect_restored(
        &machine,
        "apt-get remove",
        &before,
        &["address", "route", "nftables", "unit", "file: /run", "file: /usr"],
    );
    comes_back(&machine);

    machine.ok("apt-get --yes --quiet purge mock-imds");
    expect_restored(&machine, "apt-get purge", &before, &[""]);
    machine.ok("dpkg --purge mock-imds");
    expect_restored(&machine, "a second purge", &before, &[""]);

    an_address_of_the_host_survives(&machine);
}

/// Installed again after a removal, the package finds its configuration and runs as before.
fn comes_back(machine: &Machine) {
    machine.ok("test -f /etc/mock-imds/host.toml");
    machine
        .ok("sed -i '$ a [instance]\\ninstance-id = \"i-0eeeeeeeeeeeeeeee\"' /etc/mock-imds/scenario.toml");
    machine.install();
    machine.expect(
        "an edited scenario, removed and installed again",
        &machine.instance_id().unwrap_or_else(|why| why),
        "i-0eeeeeeeeeeeeeeee",
    );
    for (property, expected) in [("ActiveState", "active"), ("UnitFileState", "enabled")] {
        let found = machine.property("mock-imds", property);
        machine.expect("the service, removed and installed again", &found, expected);
    }
    used(machine);
}

/// Any width: the administrator's own address serves as well, and stays.
fn an_address_of_the_host_survives(machine: &Machine) {
    machine.ok("ip address add 169.254.169.254/16 dev lo");
    let before = (machine.snapshot(), sysctls(machine));
    machine.install();
    used(machine);
    let address = machine.ok("ip -4 -o address show | awk '/169\\.254\\./ {print $2, $4}'");
    machine.expect("the address that was there first", &address, "lo 169.254.169.254/16");
    machine.ok("apt-get --yes --quiet purge mock-imds");
    expect_restored(machine, "apt-get purge beside an address of the host", &before, &[""]);
}

/// The package has been at work: asked, reloaded, restarted, with a state directory and connections tracked.
fn used(machine: &Machine) {
    machine.within(SOON, "the service answers", || machine.instance_id());
    machine.ok("systemctl reload mock-imds && systemctl restart mock-imds && systemctl reload mock-imds-net");
    machine.within(SOON, "the service answers", || machine.instance_id());
}

/// The facts of a machine, and its network settings.
pub type Before = (BTreeMap<String, String>, BTreeMap<String, String>);

/// Fails unless the facts whose names start with one of `scopes` are as before; the network settings always.
fn expect_restored(machine: &Machine, action: &str, before: &Before, scopes: &[&str]) {
    machine.within(SOON, &format!("{action} leaves nothing"), || {
        let within_scope = |facts: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            let named = |key: &String| scopes.iter().any(|scope| key.starts_with(scope));
            facts
                .iter()
                .filter(|(key, _)| named(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        // Connection tracking adds settings for good; only those that existed before are compared.
        let now = sysctls(machine).into_iter().filter(|(key, _)| before.1.contains_key(key)).collect();
        let found = differences(&within_scope(&before.0), &within_scope(&machine.snapshot()))
            + &differences(&before.1, &now);
        if found.is_empty() { Ok(()) } else { Err(format!("differences:\n{found}")) }
    });
}
