//! Questions about the state of a machine: units, address, table, journal, and everything that a purge must restore.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::Machine;

/// The four units, the one that people start first.
pub const UNITS: [&str; 4] =
    ["mock-imds.service", "mock-imds.socket", "mock-imds-ipv6.socket", "mock-imds-net.service"];
/// How soon the guardian is another program, or knows another table, after what asks for it.
const SOON: Duration = Duration::from_secs(10);
/// What an unconfigured service says of itself.
pub const BUILT_IN_ID: &str = "i-1234567890abcdef0";

impl Machine {
    /// Installs the package, also over itself, and says what dpkg printed.
    pub fn install(&self) -> String {
        self.ok("dpkg --install /srv/mock-imds.deb 2>&1")
    }

    /// The body at this path below /latest, or what curl said instead.
    pub fn get(&self, path: &str) -> Result<String, String> {
        let said = self.run(&format!(
            "curl --silent --show-error --fail --max-time 2 http://169.254.169.254/latest/{path}"
        ));
        if said.code == Some(0) { Ok(said.stdout) } else { Err(said.to_string()) }
    }

    /// The instance id that the service gives, or why it gives none.
    pub fn instance_id(&self) -> Result<String, String> {
        self.get("meta-data/instance-id")
    }

    /// Which start of each unit runs now: invocation and main process change with every start.
    pub fn incarnations(&self) -> BTreeMap<&'static str, String> {
        let one = |unit| {
            let show =
                "systemctl show --property ActiveState,InvocationID,MainPID,ActiveEnterTimestampMonotonic";
            (unit, self.ok(&format!("{show} {unit}")).replace('\n', " "))
        };
        UNITS.into_iter().map(one).collect()
    }

    /// A property of a unit.
    pub fn property(&self, unit: &str, property: &str) -> String {
        self.ok(&format!("systemctl show --value --property {property} {unit}"))
    }

    /// Fails unless address and table are there once each, as installed.
    pub fn expect_network_once(&self, when: &str) {
        self.network_once().unwrap_or_else(|found| self.fail(&format!("{when}: {found}")));
    }

    /// `Ok` if address and table are there once each; else what is there.
    pub fn network_once(&self) -> Result<(), String> {
        let addresses = self.ok("ip -4 -o address show | awk '/169\\.254\\./ {print $2, $4, $5, $6}'");
        if addresses != "lo 169.254.169.254/32 scope host" {
            return Err(format!("the address, expected once on lo as /32 scope host; found '{addresses}'"));
        }
        let tables = self.ok("nft list tables | grep mock-imds || true");
        let inet = tables.lines().filter(|line| *line == "table inet mock-imds").count();
        let arp = tables.lines().filter(|line| *line == "table arp mock-imds").count();
        if inet == 1 && arp == 1 && tables.lines().count() == inet + arp {
            Ok(())
        } else {
            Err(format!(
                "the tables, expected 'inet mock-imds' and 'arp mock-imds' once each; found '{tables}'"
            ))
        }
    }

    /// Fails unless server and guardian soon run the program that is installed, and the table names this bridge.
    pub fn expect_program_of(&self, when: &str, bridge: &str) {
        self.within(SOON, &format!("both processes run the installed program {when}"), || {
            for unit in ["mock-imds.service", "mock-imds-net.service"] {
                let pid = self.property(unit, "MainPID");
                let said = self.run(&format!("cmp /proc/{pid}/exe /usr/bin/mock-imds"));
                if said.code != Some(0) {
                    return Err(format!("{unit} runs another program: {said}"));
                }
            }
            let table = self.ok("nft list table inet mock-imds");
            if table.contains(&format!("\"{bridge}\"")) {
                Ok(())
            } else {
                Err(format!("a table without the bridge {bridge}:\n{table}"))
            }
        });
        self.expect_network_once(when);
    }

    /// A place in the journal; see [`Machine::journal_since`].
    pub fn journal_mark(&self) -> String {
        self.ok("date +@%s.%6N")
    }

    /// What a unit's processes logged since the mark.
    pub fn journal_since(&self, mark: &str, unit: &str) -> String {
        self.ok(&format!("journalctl --sync; journalctl --no-pager -q -o cat -u {unit} --since='{mark}'"))
    }

    /// Everything that must be as before after a purge: name → value, as snapshot.sh prints them.
    pub fn snapshot(&self) -> BTreeMap<String, String> {
        let facts = self.ok(include_str!("snapshot.sh"));
        let pair = |line: &str| {
            let (name, value) = line.split_once('\t').unwrap_or((line, ""));
            (name.to_owned(), value.to_owned())
        };
        facts.lines().map(pair).collect()
    }
}

/// The differences between two snapshots, readable; empty if there are none.
pub fn differences(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (key, value) in before {
        match after.get(key) {
            None => writeln!(text, "gone:    {key} {value}"),
            Some(now) if now != value => writeln!(text, "changed: {key}: {value} -> {now}"),
            Some(_) => Ok(()),
        }
        .expect("a String takes everything");
    }
    for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        writeln!(text, "new:     {key} {value}").expect("a String takes everything");
    }
    text
}

/// The network settings of the kernel that can be read.
pub fn sysctls(machine: &Machine) -> BTreeMap<String, String> {
    let all = machine.ok("sysctl --all --pattern '^net\\.' 2>/dev/null || true");
    let pairs = all.lines().filter_map(|line| line.split_once(" = "));
    // Counters, not settings.
    pairs
        .filter(|(key, _)| !key.ends_with("_count"))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}
