//! Comparing the network with what was set up, and restoring it.

use std::fmt;
use std::net::IpAddr;

use super::Network;
use crate::host::added_record::AddressDecision;
use crate::host::plan::{Family, TABLE};
use crate::host::{HostError, nft};

/// A difference from what was set up, made by another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deviation {
    /// An address is not on `lo` any more.
    AddressMissing(IpAddr),
    /// A table is not there any more.
    TableMissing(Family),
    /// A table is there, with other chains or rules.
    TableChanged(Family),
    /// Another interface has our address too, which cannot be restored.
    OnOtherInterface(IpAddr, String),
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressMissing(address) => write!(f, "{address} was removed from lo"),
            Self::TableMissing(family) => {
                write!(f, "the table {family} {TABLE} was removed (a flush or reload of nftables?)")
            }
            Self::TableChanged(family) => write!(f, "the table {family} {TABLE} was changed"),
            Self::OnOtherInterface(address, interface) => {
                write!(f, "{address} appeared on the interface {interface} too; remove it there")
            }
        }
    }
}

impl Network {
    /// The kernel protects our tables, so that they need no watch.
    pub(crate) fn owns_tables(&self) -> bool {
        self.state.support.ownership() != nft::Ownership::None
    }

    pub(crate) fn deviations(&mut self) -> Result<Vec<Deviation>, HostError> {
        let assigned: Vec<IpAddr> = self.state.assigned.iter().map(|assigned| assigned.address).collect();
        let found = self.addresses.find(&assigned)?;
        let on_lo = |address| found.iter().any(|found| found.loopback && found.address == address);
        let gone =
            assigned.iter().filter(|address| !on_lo(**address)).copied().map(Deviation::AddressMissing);
        let elsewhere = found.iter().filter(|found| !found.loopback);
        let elsewhere =
            elsewhere.map(|found| Deviation::OnOtherInterface(found.address, found.interface.clone()));
        let mut deviations: Vec<Deviation> = gone.chain(elsewhere).collect();
        if !self.owns_tables() {
            let now = self.tables.inspect()?;
            for family in self.planned_tables().map(|table| table.family) {
                match (now.table(family), self.state.installed.table(family)) {
                    (None, _) => deviations.push(Deviation::TableMissing(family)),
                    (now, then) if now != then => deviations.push(Deviation::TableChanged(family)),
                    _ => {}
                }
            }
        }
        Ok(deviations)
    }

    /// Restores what can be restored.
    pub(crate) fn restore(&mut self, deviations: &[Deviation]) -> Result<(), HostError> {
        let table = |deviation: &Deviation| {
            matches!(deviation, Deviation::TableMissing(_) | Deviation::TableChanged(_))
        };
        if deviations.iter().any(table) {
            self.apply(self.state.plan.clone())?;
        }
        for deviation in deviations {
            if let Deviation::AddressMissing(address) = deviation {
                self.state.assigned.retain(|assigned| assigned.address != *address);
                self.assign(*address, AddressDecision::Add)?;
            }
        }
        self.finish()
    }
}
