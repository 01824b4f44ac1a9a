//! The content of `status.json`, for unprivileged processes, which can't read `nf_tables`.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::conflicts::RefusedEndpoint;
use super::settings::{Endpoint, HostSettings};
use super::uplinks::Uplink;
use crate::clock;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct GuardianStatus {
    /// The version of mock-imds that wrote this.
    pub version: String,
    pub mode: NetMode,
    pub pid: Option<u32>,
    /// Time of the setup, RFC 3339.
    pub since: String,
    /// Time of the last reload, or of the setup, RFC 3339.
    pub applied: String,
    /// The reason, if the last reload was rejected.
    pub rejected: Option<String>,
    pub addresses: Vec<LoopbackAddress>,
    /// Wanted addresses that this host cannot have.
    pub unavailable: Vec<Unavailable>,
    /// Endpoints of the settings that are left out beside a real agent, or a network that they would break.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedEndpoint>,
    pub tables: Vec<TableState>,
    /// Interfaces on the list that lead out of this host, so that their packets are dropped.
    #[serde(default)]
    pub uplinks: Vec<Uplink>,
    /// Connections that the server wants to fail, and that do: "refused to host".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connection_faults: Vec<String>,
    /// The settings that were applied last.
    pub settings: HostSettings,
    pub warnings: Vec<String>,
    pub restorations: Restorations,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NetMode {
    /// `net hold`: a guardian watches over it.
    Hold,
    /// `net up`: it stays until `net down`.
    Up,
}

/// An address of ours on `lo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct LoopbackAddress {
    pub address: IpAddr,
    /// Length of the network prefix in bits.
    pub prefix: u8,
    pub origin: AddressOrigin,
}

/// The creator of an address on `lo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AddressOrigin {
    /// mock-imds, which removes it at the end.
    Added,
    /// Another program, earlier; it stays.
    Adopted,
}

/// An address that this host cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Unavailable {
    pub address: IpAddr,
    /// A sentence without a full stop.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TableState {
    /// `inet mock-imds`, as nft writes it.
    pub name: String,
    /// The kernel's number for it.
    pub handle: u64,
    pub rules: usize,
    pub protection: Protection,
}

/// The protection of a table against other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protection {
    /// By the kernel: it has the owner flag.
    Owned,
    /// By the guardian, which restores it.
    Watched,
    None,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Restorations {
    /// The number since the setup.
    pub count: u64,
    /// The last ones, the latest last.
    pub last: Vec<Restoration>,
}

/// A restoration of what another program removed or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Restoration {
    /// RFC 3339.
    pub at: String,
    pub what: String,
}

impl Restorations {
    /// The number of restorations that are listed.
    const LISTED: usize = 10;

    /// "once", "2 times".
    pub(crate) fn times(&self) -> String {
        if self.count == 1 { "once".to_owned() } else { format!("{} times", self.count) }
    }

    pub(crate) fn push(&mut self, restoration: Restoration) {
        self.count += 1;
        if self.last.len() == Self::LISTED {
            self.last.remove(0);
        }
        self.last.push(restoration);
    }
}

/// The part of a status that outlives a reload.
#[derive(Debug, Clone)]
pub(super) struct StatusHistory {
    pub since: String,
    pub applied: String,
    pub rejected: Option<String>,
    pub restorations: Restorations,
}

impl StatusHistory {
    /// The history of a network that is set up now.
    pub(super) fn begin() -> Self {
        let now = clock::now().rfc3339();
        Self { since: now.clone(), applied: now, rejected: None, restorations: Restorations::default() }
    }
}

impl From<GuardianStatus> for StatusHistory {
    fn from(GuardianStatus { since, applied, rejected, restorations, .. }: GuardianStatus) -> Self {
        Self { since, applied, rejected, restorations }
    }
}

impl GuardianStatus {
    /// True if the guardian that published this is gone without taking the network down.
    pub(crate) fn is_abandoned(&self) -> bool {
        let (NetMode::Hold, Some(pid)) = (self.mode, self.pid) else { return false };
        // Signal 0 only asks; EPERM means that it is there, as somebody else's.
        i32::try_from(pid).is_ok_and(|pid| kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH))
    }

    /// The address of this endpoint is held.
    pub(crate) fn holds(&self, endpoint: Endpoint) -> bool {
        let address = IpAddr::from(endpoint.service().ipv4());
        self.addresses.iter().any(|on_lo| on_lo.address == address)
    }

    /// One line for `systemctl status`.
    pub(crate) fn headline(&self) -> String {
        let mut line = String::new();
        if let Some(rejected) = &self.rejected {
            let _ = write!(line, "Reload rejected, previous settings stay in force: {rejected}; ");
        }
        let addresses: Vec<String> =
            self.addresses.iter().map(|on_lo| format!("{}/{}", on_lo.address, on_lo.prefix)).collect();
        let held = if addresses.is_empty() { "no address".to_owned() } else { addresses.join(", ") };
        let _ = write!(line, "{held} on lo; ");
        let owned = self.tables.iter().all(|table| table.protection == Protection::Owned);
        let names: Vec<&str> = self.tables.iter().map(|table| table.name.as_str()).collect();
        if names.is_empty() {
            let _ = write!(line, "no redirect");
        } else {
            let _ = write!(line, "{} {}", names.join(", "), if owned { "owned" } else { "watched" });
        }
        for refused in &self.refused {
            let _ = write!(line, "; {}", refused.sentence());
        }
        if let Some(last) = self.restorations.last.last() {
            let _ = write!(line, "; restored {}, last {}", self.restorations.times(), last.at);
        }
        line
    }
}

/// The text of `mock-imds net status`.
impl fmt::Display for GuardianStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.mode, self.pid) {
            (NetMode::Hold, Some(pid)) => writeln!(f, "up since {}, held by process {pid}", self.since)?,
            _ => writeln!(f, "up since {}, until \"mock-imds net down\"", self.since)?,
        }
        for on_lo in &self.addresses {
            let origin = match on_lo.origin {
                AddressOrigin::Added => "added by mock-imds",
                AddressOrigin::Adopted => "was there before, stays",
            };
            writeln!(f, "  address   {}/{} on lo ({origin})", on_lo.address, on_lo.prefix)?;
        }
        for missing in &self.unavailable {
            writeln!(f, "  address   {} not available: {}", missing.address, missing.reason)?;
        }
        for refused in &self.refused {
            writeln!(f, "  refused   {}: {}", refused.endpoint.name(), refused.reason)?;
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
        for uplink in &self.uplinks {
            writeln!(f, "  kept out  {}: {}", uplink.name, uplink.reason)?;
        }
        for fault in &self.connection_faults {
            writeln!(f, "  fault     connections {fault}")?;
        }
        if let Some(last) = self.restorations.last.last() {
            writeln!(f, "  restored  {}, last at {}: {}", self.restorations.times(), last.at, last.what)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    impl GuardianStatus {
        /// That of the first process, with nothing in it.
        pub(crate) fn example(mode: NetMode) -> Self {
            Self {
                version: "1.0.0".into(),
                mode,
                pid: Some(1),
                since: "2026-07-01T12:00:00Z".into(),
                applied: "2026-07-01T12:00:00Z".into(),
                rejected: None,
                addresses: vec![],
                unavailable: vec![],
                refused: vec![],
                tables: vec![],
                connection_faults: vec![],
                uplinks: vec![],
                settings: HostSettings::default(),
                warnings: vec![],
                restorations: Restorations::default(),
            }
        }
    }

    #[test]
    fn the_first_line_says_who_holds_the_network() {
        let first = |mode, pid| {
            let text = GuardianStatus { pid, ..GuardianStatus::example(mode) }.to_string();
            text.lines().next().map(str::to_owned).unwrap_or_default()
        };
        let stays = "up since 2026-07-01T12:00:00Z, until \"mock-imds net down\"";
        assert_eq!(first(NetMode::Hold, Some(7)), "up since 2026-07-01T12:00:00Z, held by process 7");
        assert_eq!(first(NetMode::Up, Some(7)), stays);
        assert_eq!(first(NetMode::Up, None), stays);
    }
}
