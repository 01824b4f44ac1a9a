//! The plan for given addresses and settings.

use std::net::{IpAddr, SocketAddr};

use super::{Base, Chain, ChainKind, Family, Hook, Match, Plan, RuleVerdict, Table, TableRule};
use crate::host::settings::{HostSettings, InterfacePattern, Redirect};
use crate::host::uplinks::Uplink;
use crate::model::endpoint::{METADATA_PORT, SERVICE_PORT};

/// Ahead of Docker's published ports at −100: there, whichever table was loaded last wins. At −200 and below
/// the kernel refuses nat chains, because connection tracking has not seen the packet yet.
pub(crate) const NAT_PRIORITY: i32 = -110;

/// Ahead of connection tracking at −200, so that a refused neighbour leaves no entry in it.
const GUARD_PRIORITY: i32 = -300;

/// With more of them, every pattern that matches one is left out: a transaction's acknowledgements must fit a socket buffer.
const MAX_UPLINKS: usize = 64;

impl Plan {
    /// The plan for these addresses by these settings, without the interfaces that lead out of this host.
    pub(crate) fn of(settings: &HostSettings, addresses: &[IpAddr], uplinks: &[Uplink]) -> Self {
        match settings.redirect {
            // Every endpoint is refused: there is nothing to redirect or to guard.
            _ if addresses.is_empty() => Self { addresses: vec![], tables: vec![] },
            Redirect::Nftables => Self::new(addresses, &settings.bridges, uplinks),
            Redirect::None => Self { addresses: addresses.to_vec(), tables: vec![] },
        }
    }

    /// The plan for these addresses and these interfaces of containers, of which some lead out of this host.
    pub fn new(addresses: &[IpAddr], bridges: &[InterfacePattern], uplinks: &[Uplink]) -> Self {
        let redirect = Chain { name: "", base: None, rules: addresses.iter().map(redirect).collect() };
        let nat = |name, hook| {
            let base = Some(Base { kind: ChainKind::Nat, hook, priority: NAT_PRIORITY });
            Chain { name, base, ..redirect.clone() }
        };
        let guard = |name, hook, priority, matches: Vec<Match>| {
            let rules = matches.into_iter().map(guard_rule).collect();
            Chain { name, base: Some(Base { kind: ChainKind::Filter, hook, priority }), rules }
        };
        let to: Vec<Match> = addresses.iter().copied().map(Match::To).collect();
        let about = addresses.iter().filter_map(|address| match address {
            IpAddr::V4(address) => Some(Match::ArpTarget(*address)),
            // No such rule for IPv6: neighbour discovery answers only for addresses of the asked interface.
            IpAddr::V6(_) => None,
        });
        let inet = vec![
            nat("redirect-host", Hook::Output),
            nat("redirect-callers", Hook::Prerouting),
            callers(bridges, uplinks),
            guard("guard", Hook::Prerouting, GUARD_PRIORITY, to.clone()),
            // Again behind the routing: a source route, or somebody's own redirect, changes the destination on the way.
            guard("guard-input", Hook::Input, GUARD_PRIORITY, to),
        ];
        let arp = vec![callers(bridges, uplinks), guard("guard", Hook::Input, 0, about.collect())];
        let tables =
            vec![Table { family: Family::Inet, chains: inet }, Table { family: Family::Arp, chains: arp }];
        Self { addresses: addresses.to_vec(), tables }
    }
}

/// From the port that programs ask to the port of the service, at the same address.
///
/// Not `redirect`: that goes to 127.0.0.1 or to the bridge's own address and needs a wildcard listener.
/// Not to 127.0.0.1: that needs `route_localnet` on every bridge.
fn redirect(address: &IpAddr) -> TableRule {
    let matches = vec![Match::To(*address), Match::TcpPort(METADATA_PORT)];
    TableRule { matches, counted: false, verdict: RuleVerdict::Dnat(SocketAddr::new(*address, SERVICE_PORT)) }
}

/// Everything from outside for the address goes to `callers`, whatever port it asks: the service's own port
/// is as reachable as port 80.
///
/// In the arp table: with the address on `lo` the host answers ARP for it on every interface.
fn guard_rule(target: Match) -> TableRule {
    TableRule {
        matches: vec![Match::NotLoopback, target],
        counted: false,
        verdict: RuleVerdict::Goto("callers"),
    }
}

/// Containers and virtual machines of this host pass; a neighbour on the LAN is dropped, by whatever interface it comes.
fn callers(bridges: &[InterfacePattern], uplinks: &[Uplink]) -> Chain {
    let from = |pattern: &InterfacePattern| vec![Match::From(pattern.clone())];
    let drop = |matches| TableRule { matches, counted: true, verdict: RuleVerdict::Drop };
    let accept = |matches| TableRule { matches, counted: false, verdict: RuleVerdict::Accept };
    let named = |uplink: &Uplink| InterfacePattern::Exact(uplink.name.clone());
    let mut rules = Vec::new();
    if uplinks.len() <= MAX_UPLINKS {
        rules.extend(uplinks.iter().map(|uplink| drop(from(&named(uplink)))));
        rules.extend(bridges.iter().map(|pattern| accept(from(pattern))));
    } else {
        let all_guests =
            |pattern: &&InterfacePattern| !uplinks.iter().any(|uplink| pattern.matches(&uplink.name));
        rules.extend(bridges.iter().filter(all_guests).map(|pattern| accept(from(pattern))));
    }
    rules.push(drop(vec![]));
    Chain { name: "callers", base: None, rules }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;
    use crate::host::settings::Endpoint;

    fn plan(ipv6: bool) -> Plan {
        let bridges = vec!["docker0".parse().expect("valid"), "br-*".parse().expect("valid")];
        let settings = HostSettings { ipv6, bridges, ..HostSettings::default() };
        Plan::new(&settings.addresses(), &settings.bridges, &[])
    }

    #[test]
    fn an_interface_that_leads_out_is_dropped_before_its_pattern_is_accepted() {
        let bridges: Vec<InterfacePattern> =
            vec!["docker*".parse().expect("valid"), "br-*".parse().expect("valid")];
        let callers = |count: usize| {
            let uplink = |n| Uplink { name: format!("br-{n}"), reason: String::new() };
            let uplinks: Vec<Uplink> = (0..count).map(uplink).collect();
            let plan = Plan::new(&HostSettings::default().addresses(), &bridges, &uplinks);
            plan.tables
                .into_iter()
                .map(|table| {
                    let chain = table.chains.into_iter().find(|chain| chain.name == "callers").expect("it");
                    chain.rules.iter().map(TableRule::to_string).collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        };
        let few = [
            "iifname \"br-0\" counter drop",
            "iifname \"docker*\" accept",
            "iifname \"br-*\" accept",
            "counter drop",
        ];
        assert_eq!(callers(1), [few, few]);
        let many = ["iifname \"docker*\" accept", "counter drop"];
        assert_eq!(callers(MAX_UPLINKS + 1), [many, many], "no pattern that matches one of them");
    }

    #[test]
    fn ipv6_adds_an_address_its_redirect_and_its_guard() {
        let (four, both) = (plan(false), plan(true));
        assert_eq!(both.addresses.len(), 2);
        assert_eq!(both.tables[0].rule_count(), four.tables[0].rule_count() + 4);
        assert_eq!(both.tables[1], four.tables[1], "ARP knows no IPv6");
        let printed = both.tables[0].to_string();
        for expected in [
            "ip6 daddr fd00:ec2::254 tcp dport 80 dnat ip6 to [fd00:ec2::254]:1690",
            "iif != \"lo\" ip6 daddr fd00:ec2::254 goto callers",
        ] {
            assert!(printed.contains(expected), "expected {expected:?} in:\n{printed}");
        }
    }

    #[test]
    fn each_endpoint_adds_the_rules_of_its_addresses_in_the_same_tables() {
        let plan = |ipv6, endpoints: &[Endpoint]| {
            let endpoints = endpoints.to_vec();
            let settings = HostSettings { ipv6, endpoints, ..HostSettings::default() };
            Plan::of(&settings, &settings.addresses(), &[])
        };
        let (one, all) = (plan(true, &[Endpoint::Imds]), plan(true, Endpoint::VARIANTS));
        let printed: String = all.tables.iter().map(Table::to_string).collect();
        for address in ["169.254.169.254", "169.254.170.2", "169.254.170.23"] {
            for (rule, times) in [
                (format!("\t\tip daddr {address} tcp dport 80 dnat ip to {address}:1690\n"), 2),
                (format!("\t\tiif != \"lo\" ip daddr {address} goto callers\n"), 2),
                (format!("\t\tiif != \"lo\" arp daddr ip {address} goto callers\n"), 1),
            ] {
                assert_eq!(printed.matches(&rule).count(), times, "{rule:?} in:\n{printed}");
            }
        }
        assert_eq!(printed.matches("dnat ip6 to [fd00:ec2::23]:1690\n").count(), 2, "{printed}");
        let chains = |plan: &Plan| plan.tables.iter().map(|table| table.chains.len()).collect::<Vec<_>>();
        assert_eq!(chains(&all), chains(&one), "no chain is added");
        let added = [4 * 3, 2];
        for (index, added) in added.into_iter().enumerate() {
            assert_eq!(all.tables[index].rule_count(), one.tables[index].rule_count() + added);
        }
    }

    #[test]
    fn without_an_address_there_is_no_table() {
        assert!(Plan::of(&HostSettings::default(), &[], &[]).tables.is_empty());
    }

    #[test]
    fn every_guard_rule_spares_the_loopback() {
        for table in plan(true).tables {
            let guards: Vec<&Chain> =
                table.chains.iter().filter(|chain| chain.name.starts_with("guard")).collect();
            assert_eq!(guards.len(), if table.family == Family::Arp { 1 } else { 2 });
            for rule in guards.iter().flat_map(|guard| &guard.rules) {
                assert_eq!(rule.matches.first(), Some(&Match::NotLoopback), "{rule}");
            }
        }
    }
}
