//! The plan carried out: settle, compare, restore, take down. Up twice and down twice are the same as once.

use std::fmt;
use std::net::IpAddr;

use nix::errno::Errno;

use super::added_record::{self, AddedRecord, Decision};
use super::address::{self, Added, width};
use super::plan::{Family, Plan, TABLE, Table};
use super::runtime::Runtime;
use super::settings::{HostSettings, Redirect};
use super::status::{AddressOrigin, HeldAddress, Protection, TableState, Unavailable};
use super::{HostError, nft};
use crate::model::endpoint::{ADDRESS_V4, ADDRESS_V6};

/// Every address that could ever be ours.
const OURS: [IpAddr; 2] = [IpAddr::V4(ADDRESS_V4), IpAddr::V6(ADDRESS_V6)];

/// The host's network, through the kernel and the record.
#[derive(Debug)]
pub(crate) struct Network {
    addresses: address::AddressClient,
    tables: nft::NftClient,
    runtime: Runtime,
    wish: nft::KernelSupport,
    state: State,
}

/// What was reached, to compare with.
#[derive(Debug)]
struct State {
    settings: HostSettings,
    plan: Plan,
    shape: nft::KernelSupport,
    seen: nft::TablesSnapshot,
    held: Vec<HeldAddress>,
    unavailable: Vec<Unavailable>,
    loopback_up: bool,
}

/// What somebody did to what was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deviation {
    /// An address is not on `lo` any more.
    AddressGone(IpAddr),
    /// A table is not there any more.
    TableGone(Family),
    /// A table is there, with other chains or rules.
    TableChanged(Family),
    /// Another interface has our address too; nothing that we could mend.
    Elsewhere(IpAddr, String),
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressGone(address) => write!(f, "{address} was removed from lo"),
            Self::TableGone(family) => {
                write!(f, "the table {family} {TABLE} was removed (a flush or reload of nftables?)")
            }
            Self::TableChanged(family) => write!(f, "the table {family} {TABLE} was changed"),
            Self::Elsewhere(address, interface) => {
                write!(f, "{address} appeared on the interface {interface} too; remove it there")
            }
        }
    }
}

impl Network {
    /// The network as it is. `owner`: whether to ask for owned tables, which go when `tables` is closed.
    pub(crate) fn open(runtime: Runtime, tables: nft::NftClient, owner: bool) -> Result<Self, HostError> {
        let wish = nft::KernelSupport { owner, arp: true };
        let state = State {
            settings: HostSettings::default(),
            plan: Plan::new(&[], &[]),
            shape: wish,
            seen: nft::TablesSnapshot::default(),
            held: vec![],
            unavailable: vec![],
            loopback_up: true,
        };
        Ok(Self { addresses: address::AddressClient::open()?, tables, runtime, wish, state })
    }

    /// The socket that owns the tables.
    pub(crate) fn tables(&self) -> &nft::NftClient {
        &self.tables
    }

    /// Makes the network as these settings want it, from whatever it is.
    ///
    /// A failure leaves what an earlier life left, and nothing new.
    pub(crate) fn settle(&mut self, settings: &HostSettings) -> Result<(), HostError> {
        let earlier = self.runtime.record();
        let mut touched = false;
        let settled = self.try_settle(settings, earlier.as_ref(), &mut touched);
        if settled.is_err() {
            let undone = match (earlier, touched) {
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
        settled
    }

    /// `touched` tells whether anything was changed, also after a failure.
    fn try_settle(
        &mut self,
        settings: &HostSettings,
        earlier: Option<&AddedRecord>,
        touched: &mut bool,
    ) -> Result<(), HostError> {
        let wanted = settings.addresses();
        let found = self.addresses.find(&wanted)?;
        let decide = |address: &IpAddr| Ok((*address, added_record::decide(*address, &found, earlier)?));
        let decisions: Vec<(IpAddr, Decision)> =
            wanted.iter().map(decide).collect::<Result<_, HostError>>()?;
        let left_over = added_record::left_over(&wanted, earlier);

        // Written before it is done: after a crash too much is recorded, never too little.
        let ours = decisions.iter().filter(|(_, decision)| !matches!(decision, Decision::Adopt(_)));
        let added = ours.map(|(address, _)| *address).chain(left_over.iter().copied()).collect();
        self.runtime.write_record(&AddedRecord { added, settings: settings.clone() })?;

        // The guard is there before the address that it guards.
        // A table that another guardian owns fails here, before anything is changed.
        self.apply(Plan::of(settings, &wanted))?;
        *touched = true;
        self.state.held.clear();
        self.state.unavailable.clear();
        for (address, decision) in decisions {
            self.take(address, decision)?;
        }
        for address in left_over {
            self.addresses.remove(address)?;
        }
        self.state.settings = settings.clone();
        self.state.loopback_up = self.addresses.loopback_up()?;
        self.conclude()
    }

    /// Gets one address.
    fn take(&mut self, address: IpAddr, decision: Decision) -> Result<(), HostError> {
        let held = |prefix, origin| HeldAddress { address, prefix, origin };
        let held = match decision {
            Decision::Ours => held(width(address), AddressOrigin::Added),
            Decision::Adopt(prefix) => held(prefix, AddressOrigin::Adopted),
            Decision::Add => match self.addresses.add(address)? {
                Added::Now => held(width(address), AddressOrigin::Added),
                // Somebody was faster, since the list was read.
                Added::Before => held(width(address), AddressOrigin::Adopted),
                Added::Unavailable(errno) => {
                    self.state.unavailable.push(Unavailable { address, reason: unavailable(errno) });
                    return Ok(());
                }
            },
        };
        self.state.held.push(held);
        Ok(())
    }

    /// Leaves out what can't be had, and writes down what is.
    fn conclude(&mut self) -> Result<(), HostError> {
        let held: Vec<IpAddr> = self.state.held.iter().map(|held| held.address).collect();
        if held != self.state.plan.addresses {
            self.apply(Plan::of(&self.state.settings, &held))?;
        }
        let added = self.state.held.iter().filter(|held| held.origin == AddressOrigin::Added);
        let added = added.map(|held| held.address).collect();
        self.runtime.write_record(&AddedRecord { added, settings: self.state.settings.clone() })
    }

    /// Replaces our tables, and reads them again.
    fn apply(&mut self, plan: Plan) -> Result<(), HostError> {
        if plan.tables.is_empty() {
            self.tables.remove()?;
            self.state.shape = self.wish;
        } else {
            self.state.shape = self.tables.apply(&plan.tables, self.wish)?;
        }
        self.state.seen = self.tables.inspect()?;
        self.state.plan = plan;
        let missing = self.planned_tables().find(|table| {
            let seen = self.state.seen.table(table.family);
            seen.is_none_or(|seen| {
                seen.rules.len() != table.rule_count() || seen.chains.len() != table.chains.len()
            })
        });
        match missing {
            None => Ok(()),
            Some(table) => Err(HostError::Kernel {
                what: format!("keep the table {} {TABLE} as it was applied", table.family),
                source: Errno::EPROTO,
            }),
        }
    }

    fn planned_tables(&self) -> impl Iterator<Item = &Table> {
        let arp = self.state.shape.arp;
        self.state.plan.tables.iter().filter(move |table| arp || table.family != Family::Arp)
    }

    // === watching ===

    /// Whether the kernel protects our tables, so that nobody need watch them.
    pub(crate) fn owned(&self) -> bool {
        self.state.shape.owner
    }

    /// What is not as it was settled.
    pub(crate) fn deviations(&mut self) -> Result<Vec<Deviation>, HostError> {
        let held: Vec<IpAddr> = self.state.held.iter().map(|held| held.address).collect();
        let found = self.addresses.find(&held)?;
        let on_lo = |address| found.iter().any(|found| found.loopback && found.address == address);
        let gone = held.iter().filter(|address| !on_lo(**address)).copied().map(Deviation::AddressGone);
        let elsewhere = found.iter().filter(|found| !found.loopback);
        let elsewhere = elsewhere.map(|found| Deviation::Elsewhere(found.address, found.interface.clone()));
        let mut deviations: Vec<Deviation> = gone.chain(elsewhere).collect();
        if !self.owned() {
            let now = self.tables.inspect()?;
            for family in self.planned_tables().map(|table| table.family) {
                match (now.table(family), self.state.seen.table(family)) {
                    (None, _) => deviations.push(Deviation::TableGone(family)),
                    (now, then) if now != then => deviations.push(Deviation::TableChanged(family)),
                    _ => {}
                }
            }
        }
        Ok(deviations)
    }

    /// Mends what can be mended.
    pub(crate) fn restore(&mut self, deviations: &[Deviation]) -> Result<(), HostError> {
        let table =
            |deviation: &Deviation| matches!(deviation, Deviation::TableGone(_) | Deviation::TableChanged(_));
        if deviations.iter().any(table) {
            self.apply(self.state.plan.clone())?;
        }
        for deviation in deviations {
            if let Deviation::AddressGone(address) = deviation {
                self.state.held.retain(|held| held.address != *address);
                self.take(*address, Decision::Add)?;
            }
        }
        self.conclude()
    }

    // === taking down ===

    /// Removes what we added and our tables, and forgets it. Goes on after an error; all are returned.
    pub(crate) fn take_down(&mut self) -> Vec<HostError> {
        let mut errors = self.undo();
        if errors.is_empty() {
            errors = self.runtime.clear();
        }
        errors
    }

    fn undo(&mut self) -> Vec<HostError> {
        let mut errors = remove_addresses(&mut self.addresses, &self.runtime);
        errors.extend(self.tables.remove().err());
        errors
    }

    // === describing ===

    /// The addresses on `lo`.
    pub(crate) fn held(&self) -> &[HeldAddress] {
        &self.state.held
    }

    /// The addresses that can't be had.
    pub(crate) fn unavailable(&self) -> &[Unavailable] {
        &self.state.unavailable
    }

    /// The settings that were applied last.
    pub(crate) fn settings(&self) -> &HostSettings {
        &self.state.settings
    }

    /// Our tables as they were read last.
    pub(crate) fn table_states(&self, otherwise: Protection) -> Vec<TableState> {
        let describe = |seen: &nft::InstalledTable| TableState {
            name: format!("{} {TABLE}", seen.family),
            handle: seen.handle,
            rules: seen.rules.len(),
            protection: if seen.owner.is_some() { Protection::Owned } else { otherwise },
        };
        self.state.seen.tables.iter().map(describe).collect()
    }

    /// What an operator should know, as sentences.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.state.loopback_up {
            warnings
                .push("the interface lo is down, so nothing reaches the address; ip link set lo up".into());
        }
        if self.state.settings.redirect == Redirect::None {
            warnings.push(
                "redirect = \"none\": there is no table, so nothing keeps neighbours on the LAN out, and the service's \
                 socket must be on port 80 itself"
                    .into(),
            );
        }
        if self.wish.owner && !self.state.shape.owner {
            warnings.push(
                "this kernel has no owned tables (Linux 5.12 has); they are watched and restored instead"
                    .into(),
            );
        }
        if !self.state.shape.arp {
            warnings.push(
                "this kernel has no arp tables, so a neighbour on the LAN may resolve the address; its packets are \
                 dropped all the same"
                    .into(),
            );
        }
        let wide = self.state.held.iter().filter(|held| held.prefix != width(held.address));
        warnings.extend(wide.map(|held| {
            format!(
                "{}/{} was on lo before, and makes its whole network local; {}/{} would be enough",
                held.address,
                held.prefix,
                held.address,
                width(held.address)
            )
        }));
        warnings.extend(
            self.state
                .unavailable
                .iter()
                .map(|missing| format!("{} is left out: {}", missing.address, missing.reason)),
        );
        warnings
    }
}

/// Removes what is left of any earlier life: by the record, and by the marks where the record was lost.
///
/// Nothing is removed while a guardian owns the tables: the address is its own, too.
pub(crate) fn down(runtime: &Runtime) -> Vec<HostError> {
    let mut tables = match nft::NftClient::open() {
        Ok(tables) => Some(tables),
        // Without nf_tables there is no table.
        Err(HostError::NoNfTables(_)) => None,
        Err(error) => return vec![error],
    };
    if let Some(busy) = tables.as_mut().and_then(nft::NftClient::check_unowned) {
        return vec![busy];
    }
    let mut errors = match address::AddressClient::open() {
        Ok(mut addresses) => remove_addresses(&mut addresses, runtime),
        Err(error) => vec![error],
    };
    errors.extend(tables.and_then(|mut tables| tables.remove().err()));
    if errors.is_empty() {
        errors = runtime.clear();
    }
    errors
}

fn remove_addresses(addresses: &mut address::AddressClient, runtime: &Runtime) -> Vec<HostError> {
    let record = runtime.record();
    let found = match addresses.find(&OURS) {
        Ok(found) => found,
        Err(error) => return vec![error],
    };
    let ours = found.iter().filter(|found| added_record::is_ours(found, record.as_ref()));
    ours.filter_map(|found| addresses.remove(found.address).err()).collect()
}

fn unavailable(errno: Errno) -> String {
    match errno {
        Errno::EACCES => "IPv6 is disabled on lo (sysctl net.ipv6.conf.lo.disable_ipv6)".into(),
        Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP => "this kernel has no IPv6".into(),
        other => format!("the kernel refuses it ({other})"),
    }
}
