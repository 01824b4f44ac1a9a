//! What the guardian publishes in `status.json`: an unprivileged process can't read `nf_tables`.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::settings::HostSettings;

/// The host's network as we keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct GuardianStatus {
    /// The version of mock-imds that wrote this.
    pub version: String,
    /// Whether a process keeps it so.
    pub mode: NetMode,
    /// That process.
    pub pid: Option<u32>,
    /// When it was set up, RFC 3339.
    pub since: String,
    /// When the settings were applied last, RFC 3339; a reload changes it.
    pub applied: String,
    /// Why the last reload was rejected; `None` when it was not.
    pub rejected: Option<String>,
    /// The addresses on `lo`.
    pub addresses: Vec<HeldAddress>,
    /// The addresses that were asked for and can't be had.
    pub unavailable: Vec<Unavailable>,
    /// Our tables.
    pub tables: Vec<TableState>,
    /// What host.toml said.
    pub settings: HostSettings,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// What somebody removed and we restored.
    pub restorations: Restorations,
}

/// Whether a process keeps the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NetMode {
    /// `net hold`: a guardian watches over it.
    Hold,
    /// `net up`: it stays until `net down`.
    Up,
}

/// An address on `lo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct HeldAddress {
    /// The address.
    pub address: IpAddr,
    /// Its network's width in bits.
    pub prefix: u8,
    /// Who put it there.
    pub origin: AddressOrigin,
}

/// Who put an address on `lo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AddressOrigin {
    /// We; it goes when we go.
    Added,
    /// Somebody else, before us; it stays.
    Adopted,
}

/// An address that can't be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Unavailable {
    /// The address.
    pub address: IpAddr,
    /// A sentence without a full stop.
    pub reason: String,
}

/// One of our tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TableState {
    /// As nft names it: `inet mock-imds`.
    pub name: String,
    /// The kernel's number for it.
    pub handle: u64,
    /// How many rules it has.
    pub rules: usize,
    /// What keeps others from removing it.
    pub protection: Protection,
}

/// What keeps others from removing a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protection {
    /// The kernel: it has the owner flag.
    Owned,
    /// The guardian: it restores what somebody removes.
    Watched,
    /// Nothing.
    None,
}

/// What was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Restorations {
    /// How often, since it was set up.
    pub count: u64,
    /// The last ones, the latest last.
    pub last: Vec<Restoration>,
}

/// One restoration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Restoration {
    /// RFC 3339.
    pub at: String,
    /// What somebody had done.
    pub what: String,
}

impl Restorations {
    /// How many are told one by one.
    const TOLD: usize = 10;

    /// Adds one.
    pub(crate) fn push(&mut self, restoration: Restoration) {
        self.count += 1;
        if self.last.len() == Self::TOLD {
            self.last.remove(0);
        }
        self.last.push(restoration);
    }
}

impl GuardianStatus {
    /// One line for `systemctl status`.
    pub(crate) fn headline(&self) -> String {
        let mut line = String::new();
        if let Some(rejected) = &self.rejected {
            let _ = write!(line, "Reload rejected, previous settings stay in force: {rejected}; ");
        }
        let addresses: Vec<String> =
            self.addresses.iter().map(|held| format!("{}/{}", held.address, held.prefix)).collect();
        let _ = write!(line, "{} on lo; ", addresses.join(", "));
        let owned = self.tables.iter().all(|table| table.protection == Protection::Owned);
        let names: Vec<&str> = self.tables.iter().map(|table| table.name.as_str()).collect();
        if names.is_empty() {
            let _ = write!(line, "no redirect");
        } else {
            let _ = write!(line, "{} {}", names.join(", "), if owned { "owned" } else { "watched" });
        }
        if let Some(last) = self.restorations.last.last() {
            let _ = write!(line, "; restored {} times, last {}", self.restorations.count, last.at);
        }
        line
    }
}

/// For people; `mock-imds net status` prints it.
impl fmt::Display for GuardianStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.mode, self.pid) {
            (NetMode::Hold, Some(pid)) => writeln!(f, "up since {}, held by process {pid}", self.since)?,
            _ => writeln!(f, "up since {}, until \"mock-imds net down\"", self.since)?,
        }
        for held in &self.addresses {
            let origin = match held.origin {
                AddressOrigin::Added => "added by mock-imds",
                AddressOrigin::Adopted => "was there before, stays",
            };
            writeln!(f, "  address   {}/{} on lo ({origin})", held.address, held.prefix)?;
        }
        for missing in &self.unavailable {
            writeln!(f, "  address   {} not available: {}", missing.address, missing.reason)?;
        }
        for table in &self.tables {
            let protection = match table.protection {
                Protection::Owned => "owned, no other process can change it",
                Protection::Watched => "watched, restored when removed",
                Protection::None => "ordinary, a flush removes it",
            };
            writeln!(f, "  table     {}, {} rules ({protection})", table.name, table.rules)?;
        }
        let bridges: Vec<String> = self.settings.bridges.iter().map(ToString::to_string).collect();
        writeln!(f, "  callers   this host, {}", bridges.join(" "))?;
        if let Some(last) = self.restorations.last.last() {
            writeln!(f, "  restored  {} times, last at {}: {}", self.restorations.count, last.at, last.what)?;
        }
        if let Some(rejected) = &self.rejected {
            writeln!(f, "  rejected  the last reload: {rejected}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning   {warning}")?;
        }
        Ok(())
    }
}
