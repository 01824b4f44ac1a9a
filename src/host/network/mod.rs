//! The plan carried out: converge, compare, restore, take down. Each is idempotent.

mod connection_faults;
mod deviation;
mod endpoints;
mod follow;
mod status;
mod take_down;

use std::net::IpAddr;

use nix::errno::Errno;

use super::added_record::{self, AddedRecord, AddressDecision};
use super::address::{self, AddResult, prefix_length};
use super::conflicts::{self, RefusedEndpoint};
use super::links::LinkClient;
use super::plan::{Family, Plan, TABLE, Table};
use super::runtime::Runtime;
use super::settings::HostSettings;
use super::status::{AddressOrigin, LoopbackAddress, Unavailable};
use super::uplinks::{Uplink, uplinks};
use super::{HostError, nft};
use crate::model::ConnectionFault;

pub(crate) use deviation::Deviation;
pub(crate) use endpoints::RefusalChange;
pub(crate) use take_down::take_down_recorded;

/// The host's network, through the kernel and the record.
#[derive(Debug)]
pub(crate) struct Network {
    addresses: address::AddressClient,
    links: LinkClient,
    tables: nft::NftClient,
    runtime: Runtime,
    wanted: nft::KernelSupport,
    state: NetworkState,
}

/// The result of the last [`Network::converge`], to compare with.
#[derive(Debug)]
struct NetworkState {
    settings: HostSettings,
    plan: Plan,
    support: nft::KernelSupport,
    installed: nft::TablesSnapshot,
    assigned: Vec<LoopbackAddress>,
    unavailable: Vec<Unavailable>,
    /// Endpoints of the settings that this host cannot have.
    refused: Vec<RefusedEndpoint>,
    /// Listed interfaces that lead out of this host.
    uplinks: Vec<Uplink>,
    /// Connections that fail, besides the plan.
    connection_faults: Vec<ConnectionFault>,
    /// Those that the kernel refused.
    refused_faults: Option<Vec<ConnectionFault>>,
    loopback_up: bool,
}

impl NetworkState {
    /// Nothing is installed yet, and nothing wanted.
    fn new(support: nft::KernelSupport) -> Self {
        Self {
            settings: HostSettings::default(),
            plan: Plan::new(&[], &[], &[]),
            support,
            installed: nft::TablesSnapshot::default(),
            assigned: vec![],
            unavailable: vec![],
            refused: vec![],
            uplinks: vec![],
            connection_faults: vec![],
            refused_faults: None,
            loopback_up: true,
        }
    }
}

impl Network {
    /// Changes nothing yet. `tables` is the socket that owns the tables, by the first ownership that the kernel knows.
    pub(crate) fn open(
        runtime: Runtime,
        tables: nft::NftClient,
        ownership: &'static [nft::Ownership],
    ) -> Result<Self, HostError> {
        let wanted = nft::KernelSupport { ownership, arp: true };
        let (addresses, links) = (address::AddressClient::open()?, LinkClient::open()?);
        Ok(Self { addresses, links, tables, runtime, wanted, state: NetworkState::new(wanted) })
    }

    /// The socket that owns the tables.
    pub(crate) fn tables(&self) -> &nft::NftClient {
        &self.tables
    }

    /// Brings the network from any state to the one that the settings describe.
    ///
    /// A failure leaves what a former process left, and nothing new.
    pub(crate) fn converge(&mut self, settings: &HostSettings) -> Result<(), HostError> {
        let earlier = self.runtime.record();
        let mut changed = false;
        let converged = self.try_converge(settings, earlier.as_ref(), &mut changed);
        if converged.is_err() {
            let undone = match (earlier, changed) {
                (None, true) => self.take_down(),
                (None, false) => self.runtime.clear(),
                (Some(earlier), false) => self.runtime.write_record(&earlier).err().into_iter().collect(),
                // Part of the new settings holds; the record says what is to be removed either way.
                (Some(_), true) => vec![],
            };
            for error in undone {
                tracing::error!("while rolling back: {error}");
            }
        }
        converged
    }

    /// `changed` becomes true with the first change, also when a later one fails.
    fn try_converge(
        &mut self,
        settings: &HostSettings,
        earlier: Option<&AddedRecord>,
        changed: &mut bool,
    ) -> Result<(), HostError> {
        let refused = self.refusals(settings)?;
        let wanted = conflicts::served_addresses(settings, &refused);
        let found = self.addresses.find(&wanted)?;
        let decide = |address: &IpAddr| Ok((*address, added_record::decide(*address, &found, earlier)?));
        let decisions: Vec<(IpAddr, AddressDecision)> =
            wanted.iter().map(decide).collect::<Result<_, HostError>>()?;
        let obsolete = added_record::obsolete(&wanted, earlier);

        // Written before it is done: after a crash too much is recorded, never too little.
        let added = added_record::ours(&decisions, &obsolete);
        self.runtime.write_record(&AddedRecord { added, settings: settings.clone() })?;

        // The guard is there before the address that it guards.
        // A table that another guardian owns fails here, before anything is changed.
        let uplinks = uplinks(&self.links.list()?, &settings.bridges);
        self.apply(Plan::of(settings, &wanted, &uplinks))?;
        self.state.uplinks = uplinks;
        *changed = true;
        self.state.assigned.clear();
        self.state.unavailable.clear();
        self.state.refused = refused;
        for (address, decision) in decisions {
            self.assign(address, decision)?;
        }
        for address in obsolete {
            self.addresses.remove(address)?;
        }
        self.state.settings = settings.clone();
        self.state.loopback_up = self.addresses.loopback_up()?;
        self.finish()
    }

    fn assign(&mut self, address: IpAddr, decision: AddressDecision) -> Result<(), HostError> {
        let on_lo = |prefix, origin| LoopbackAddress { address, prefix, origin };
        let assigned = match decision {
            AddressDecision::Keep => on_lo(prefix_length(address), AddressOrigin::Added),
            AddressDecision::Adopt(prefix) => on_lo(prefix, AddressOrigin::Adopted),
            AddressDecision::Add => match self.addresses.add(address)? {
                AddResult::Added => on_lo(prefix_length(address), AddressOrigin::Added),
                // Somebody was faster, since the list was read.
                AddResult::Existed => on_lo(prefix_length(address), AddressOrigin::Adopted),
                AddResult::Unavailable(errno) => {
                    self.state.unavailable.push(Unavailable { address, reason: unavailable_reason(errno) });
                    return Ok(());
                }
            },
        };
        self.state.assigned.push(assigned);
        Ok(())
    }

    /// Leaves unavailable addresses out of the plan, and records the addresses that were added.
    fn finish(&mut self) -> Result<(), HostError> {
        let assigned: Vec<IpAddr> = self.state.assigned.iter().map(|on_lo| on_lo.address).collect();
        if assigned != self.state.plan.addresses {
            self.apply(Plan::of(&self.state.settings, &assigned, &self.state.uplinks))?;
        }
        let added = self.state.assigned.iter().filter(|on_lo| on_lo.origin == AddressOrigin::Added);
        let added = added.map(|on_lo| on_lo.address).collect();
        self.runtime.write_record(&AddedRecord { added, settings: self.state.settings.clone() })
    }

    /// Replaces our tables, and reads them again. A plan that the kernel does not keep is not the state: whoever compares
    /// with it next tries again.
    fn apply(&mut self, plan: Plan) -> Result<(), HostError> {
        let (support, installed) = self.install_with_faults(&plan)?;
        self.state.support = support;
        self.state.installed = installed;
        self.state.plan = plan;
        Ok(())
    }

    fn install(&mut self, plan: &Plan) -> Result<(nft::KernelSupport, nft::TablesSnapshot), HostError> {
        let support = if plan.tables.is_empty() {
            self.tables.remove()?;
            self.wanted
        } else {
            self.tables.apply(&plan.tables, self.wanted)?
        };
        let installed = self.tables.inspect()?;
        match missing_table(plan, support, &installed) {
            None => Ok((support, installed)),
            Some(table) => Err(HostError::Kernel {
                what: format!("keep the table {} {TABLE} as it was applied", table.family),
                source: Errno::EPROTO,
            }),
        }
    }

    fn planned_tables(&self) -> impl Iterator<Item = &Table> {
        supported_tables(&self.state.plan, self.state.support)
    }
}

fn supported_tables(plan: &Plan, support: nft::KernelSupport) -> impl Iterator<Item = &Table> {
    plan.tables.iter().filter(move |table| support.arp || table.family != Family::Arp)
}

/// The first table of a plan that is not installed as it is planned.
fn missing_table<'p>(
    plan: &'p Plan,
    support: nft::KernelSupport,
    installed: &nft::TablesSnapshot,
) -> Option<&'p Table> {
    supported_tables(plan, support).find(|table| {
        installed.table(table.family).is_none_or(|installed| {
            installed.rules.len() != table.rule_count() || installed.chains.len() != table.chains.len()
        })
    })
}

fn unavailable_reason(errno: Errno) -> String {
    match errno {
        Errno::EACCES => "IPv6 is disabled on lo (sysctl net.ipv6.conf.lo.disable_ipv6)".into(),
        Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP => "this kernel has no IPv6".into(),
        other => format!("the kernel refuses it ({other})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_not_as_planned_is_found() {
        let plan = Plan::new(&HostSettings::default().addresses(), &[], &[]);
        let installed = |table: &Table, lacking: usize| nft::InstalledTable {
            family: table.family,
            handle: 1,
            owner: None,
            chains: (0..table.chains.len() as u64).collect(),
            rules: (lacking as u64..table.rule_count() as u64).collect(),
        };
        let snapshot = |lacking, only: &[Family]| nft::TablesSnapshot {
            tables: plan
                .tables
                .iter()
                .filter(|table| only.contains(&table.family))
                .map(|table| installed(table, lacking))
                .collect(),
        };
        let found = |arp, snapshot| {
            let support = nft::KernelSupport { ownership: &[nft::Ownership::None], arp };
            missing_table(&plan, support, &snapshot).map(|table| table.family)
        };
        let (both, inet) = ([Family::Inet, Family::Arp], [Family::Inet]);
        assert_eq!(found(true, snapshot(0, &both)), None);
        assert_eq!(found(true, snapshot(1, &both)), Some(Family::Inet), "a rule is missing");
        assert_eq!(found(true, snapshot(0, &inet)), Some(Family::Arp));
        assert_eq!(found(false, snapshot(0, &inet)), None, "this kernel has none");
        assert_eq!(found(false, snapshot(0, &[])), Some(Family::Inet));
    }
}
