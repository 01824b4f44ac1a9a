//! The status of the network, for `status.json`.

use super::{Network, NetworkState};
use crate::host::address::prefix_length;
use crate::host::nft::{InstalledTable, KernelSupport, Ownership};
use crate::host::plan::{MAX_RULES, TABLE, rule_count};
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
            connection_faults: self.state.failing_connections().iter().map(ToString::to_string).collect(),
            settings: self.state.settings.clone(),
            warnings: self.state.warnings(self.wanted),
            restorations,
        }
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
}

impl NetworkState {
    /// The faults of connections that are carried out.
    fn failing_connections(&self) -> &[ConnectionFault] {
        if self.plan.tables.is_empty() { &[] } else { &self.connection_faults }
    }

    fn warnings(&self, wanted: KernelSupport) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.loopback_up {
            warnings
                .push("the interface lo is down, so nothing reaches the address; ip link set lo up".into());
        }
        if self.settings.redirect == Redirect::None {
            warnings.push(
                "redirect = \"none\": there is no table, so nothing keeps neighbours on the LAN out, and the service's \
                 socket must be on port 80 itself"
                    .into(),
            );
        }
        if self.failing_connections() != self.connection_faults {
            warnings.push(
                "redirect = \"none\": without a table, connections are neither refused nor lost".into(),
            );
        }
        let rules = rule_count(self.failing_connections(), &self.plan.addresses);
        if rules > MAX_RULES {
            warnings.push(format!(
                "the faults of connections take {rules} rules; only the first {MAX_RULES} are applied"
            ));
        }
        if self.support.ownership() == Ownership::None
            && let [preferred @ .., Ownership::None] = wanted.ownership
            && let Some(least) = preferred.last()
        {
            let lacking = match least {
                Ownership::Persistent => "no tables that outlive their owner (Linux 6.9 has)",
                _ => "no owned tables (Linux 5.12 has)",
            };
            warnings.push(format!("this kernel has {lacking}; they are watched and restored instead"));
        }
        if !self.support.arp {
            warnings.push(
                "this kernel has no arp tables, so a neighbour on the LAN may resolve the address; its packets are \
                 dropped all the same"
                    .into(),
            );
        }
        let wide = self.assigned.iter().filter(|assigned| assigned.prefix != prefix_length(assigned.address));
        warnings.extend(wide.map(|assigned| {
            format!(
                "{}/{} was on lo before, and makes its whole network local; {}/{} would be enough",
                assigned.address,
                assigned.prefix,
                assigned.address,
                prefix_length(assigned.address)
            )
        }));
        let missing = self.unavailable.iter();
        warnings
            .extend(missing.map(|missing| format!("{} is left out: {}", missing.address, missing.reason)));
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plan::Plan;
    use crate::host::settings::HostSettings;
    use crate::host::status::{AddressOrigin, LoopbackAddress, Unavailable};
    use crate::model::fault::ConnectionFailure;

    const WANTED: KernelSupport = KernelSupport { ownership: Ownership::CLEANED_UP, arp: true };

    fn warnings(change: impl FnOnce(&mut NetworkState)) -> Vec<String> {
        let mut state = NetworkState::new(WANTED);
        change(&mut state);
        state.warnings(WANTED)
    }

    fn assigned(prefix: u8) -> LoopbackAddress {
        let address = "169.254.169.254".parse().expect("an address");
        LoopbackAddress { address, prefix, origin: AddressOrigin::Adopted }
    }

    #[test]
    fn the_tables_that_were_wanted_first_of_all_are_missed() {
        let lacking = |wanted| {
            let mut found = vec![];
            warnings(|state| {
                state.support.ownership = Ownership::ORDINARY;
                found = state.warnings(KernelSupport { ownership: wanted, ..WANTED });
            });
            found
        };
        let [outlives] = lacking(Ownership::OUTLIVES).try_into().expect("one is missed");
        assert!(outlives.contains("no tables that outlive their owner (Linux 6.9 has)"), "{outlives}");
        assert_eq!(lacking(Ownership::ORDINARY), [""; 0]);
    }

    #[test]
    fn more_rules_than_are_applied_are_told() {
        let found = |count: u8| {
            let clients =
                (0..count).map(|last| format!("10.0.0.{last}").parse().expect("a client")).collect();
            let fault = ConnectionFault { failure: ConnectionFailure::Lost, service: None, clients };
            warnings(|state| {
                state.plan = Plan::new(&HostSettings::default().addresses(), &[], &[]);
                state.connection_faults = vec![fault];
            })
        };
        assert_eq!(found(64), [""; 0]);
        assert_eq!(found(65), ["the faults of connections take 65 rules; only the first 64 are applied"]);
    }

    #[test]
    fn each_lack_is_told_by_itself() {
        assert_eq!(warnings(|state| state.assigned = vec![assigned(32)]), [""; 0]);
        let unavailable =
            Unavailable { address: "fd00:ec2::254".parse().expect("one"), reason: "no IPv6".into() };
        for (found, expected) in [
            (warnings(|state| state.loopback_up = false), "the interface lo is down"),
            (
                warnings(|state| state.settings.redirect = Redirect::None),
                "redirect = \"none\": there is no table",
            ),
            (
                warnings(|state| state.support.ownership = Ownership::ORDINARY),
                "this kernel has no owned tables (Linux 5.12 has)",
            ),
            (warnings(|state| state.support.arp = false), "this kernel has no arp tables"),
            (warnings(|state| state.assigned = vec![assigned(16)]), "169.254.169.254/16 was on lo before"),
            (warnings(|state| state.unavailable = vec![unavailable]), "fd00:ec2::254 is left out: no IPv6"),
        ] {
            assert!(
                found.len() == 1 && found[0].starts_with(expected),
                "expected {expected:?} alone, found {found:?}"
            );
        }
    }
}
