//! The status of the network, for `status.json`.

use super::Network;
use crate::host::address::prefix_length;
use crate::host::nft::{InstalledTable, Ownership};
use crate::host::plan::TABLE;
use crate::host::settings::Redirect;
use crate::host::status::{GuardianStatus, NetMode, Protection, StatusHistory, TableState};
use crate::model::ConnectionFault;

impl Network {
    pub(in crate::host) fn status(&self, mode: NetMode, history: StatusHistory) -> GuardianStatus {
        let StatusHistory { since, applied, rejected, restorations } = history;
        let without_owner = match mode {
            NetMode::Hold => Protection::Watched,
            NetMode::Up => Protection::None,
        };
        GuardianStatus {
            version: env!("CARGO_PKG_VERSION").into(),
            mode,
            pid: (mode == NetMode::Hold).then(std::process::id),
            since,
            applied,
            rejected,
            addresses: self.state.assigned.clone(),
            unavailable: self.state.unavailable.clone(),
            refused: self.state.refused.clone(),
            tables: self.table_states(without_owner),
            uplinks: self.state.uplinks.clone(),
            connection_faults: self.failing_connections().iter().map(ToString::to_string).collect(),
            settings: self.state.settings.clone(),
            warnings: self.warnings(),
            restorations,
        }
    }

    /// The faults of connections that are carried out.
    fn failing_connections(&self) -> &[ConnectionFault] {
        if self.state.plan.tables.is_empty() { &[] } else { &self.state.connection_faults }
    }

    fn table_states(&self, without_owner: Protection) -> Vec<TableState> {
        let describe = |table: &InstalledTable| TableState {
            name: format!("{} {TABLE}", table.family),
            handle: table.handle,
            rules: table.rules.len(),
            protection: if table.owner.is_some() { Protection::Owned } else { without_owner },
        };
        self.state.installed.tables.iter().map(describe).collect()
    }

    fn warnings(&self) -> Vec<String> {
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
        if self.failing_connections() != self.state.connection_faults {
            warnings.push(
                "redirect = \"none\": without a table, connections are neither refused nor lost".into(),
            );
        }
        if self.state.support.ownership() == Ownership::None
            && let [preferred @ .., Ownership::None] = self.wanted.ownership
            && let Some(least) = preferred.last()
        {
            let lacking = match least {
                Ownership::Persistent => "no tables that outlive their owner (Linux 6.9 has)",
                _ => "no owned tables (Linux 5.12 has)",
            };
            warnings.push(format!("this kernel has {lacking}; they are watched and restored instead"));
        }
        if !self.state.support.arp {
            warnings.push(
                "this kernel has no arp tables, so a neighbour on the LAN may resolve the address; its packets are \
                 dropped all the same"
                    .into(),
            );
        }
        let wide =
            self.state.assigned.iter().filter(|assigned| assigned.prefix != prefix_length(assigned.address));
        warnings.extend(wide.map(|assigned| {
            format!(
                "{}/{} was on lo before, and makes its whole network local; {}/{} would be enough",
                assigned.address,
                assigned.prefix,
                assigned.address,
                prefix_length(assigned.address)
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
