//! The part of the plan that lets connections fail.

use std::net::IpAddr;

use super::{Base, Chain, ChainKind, Family, Hook, Match, Plan, RuleVerdict, TableRule};
use crate::model::endpoint::SERVICE_PORT;
use crate::model::fault::ConnectionFailure;
use crate::model::{ClientMatcher, ConnectionFault, Service};

/// That of ordinary filters: behind the guard, so that a neighbour on the LAN learns nothing by a reset.
const PRIORITY: i32 = 0;

/// With more of them, a transaction's acknowledgements may not fit a socket buffer.
pub(crate) const MAX_RULES: usize = 64;

impl Plan {
    /// The plan with what lets these connections to the service fail, in a chain that is there only then. Of several
    /// faults of one connection the first counts. No more than [`MAX_RULES`].
    pub(crate) fn with_connection_faults(mut self, faults: &[ConnectionFault]) -> Self {
        let addresses = &self.addresses;
        let rules: Vec<TableRule> =
            faults.iter().flat_map(|fault| rules(fault, addresses)).take(MAX_RULES).collect();
        let inet = self.tables.iter_mut().find(|table| table.family == Family::Inet);
        if let Some(inet) = inet.filter(|_| !rules.is_empty()) {
            let base = Base { kind: ChainKind::Filter, hook: Hook::Input, priority: PRIORITY };
            inet.chains.push(Chain { name: "connection-faults", base: Some(base), rules });
        }
        self
    }
}

/// The number of rules that these faults take.
pub(crate) fn rule_count(faults: &[ConnectionFault], addresses: &[IpAddr]) -> usize {
    faults.iter().map(|fault| rules(fault, addresses).len()).sum()
}

/// A rule for each address that a fault is about, and each client.
fn rules(fault: &ConnectionFault, addresses: &[IpAddr]) -> Vec<TableRule> {
    let is_its =
        |address: &&IpAddr| fault.service.is_none_or(|service| Service::at(**address) == Some(service));
    let verdict = match fault.failure {
        ConnectionFailure::Refused => RuleVerdict::Reset,
        ConnectionFailure::Lost => RuleVerdict::Drop,
    };
    let mut rules = Vec::new();
    for address in addresses.iter().filter(is_its) {
        // The redirect has been by: the packet is for the service's own port.
        let to = [Match::To(*address), Match::TcpPort(SERVICE_PORT)];
        let clients: Vec<Option<Match>> = match fault.clients.as_slice() {
            [] => vec![None],
            clients => clients.iter().filter_map(|client| from(client, *address)).map(Some).collect(),
        };
        for from in clients {
            let matches = from.into_iter().chain(to.clone()).collect();
            rules.push(TableRule { matches, counted: true, verdict: verdict.clone() });
        }
    }
    rules
}

/// Whether a packet is from the client; `None` for one that never asks at this address.
fn from(client: &ClientMatcher, address: IpAddr) -> Option<Match> {
    match client {
        ClientMatcher::Host => Some(Match::Loopback),
        ClientMatcher::Network(network) => {
            (network.addr().is_ipv4() == address.is_ipv4()).then_some(Match::FromNetwork(*network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::settings::HostSettings;

    fn printed(faults: &[ConnectionFault]) -> Vec<String> {
        let settings = HostSettings { ipv6: true, ..HostSettings::default() };
        let without = Plan::new(&settings.addresses(), &settings.bridges, &[]);
        let plan = without.clone().with_connection_faults(faults);
        assert_eq!(plan.tables[1], without.tables[1], "nothing about ARP");
        let chain = plan.tables[0].chains.iter().find(|chain| chain.name == "connection-faults");
        assert_eq!(
            plan.tables[0].chains.len(),
            without.tables[0].chains.len() + usize::from(chain.is_some())
        );
        chain.iter().flat_map(|chain| &chain.rules).map(TableRule::to_string).collect()
    }

    fn fault(failure: ConnectionFailure, service: Option<Service>, clients: &[&str]) -> ConnectionFault {
        let clients = clients.iter().map(|client| client.parse().expect("a client")).collect();
        ConnectionFault { failure, service, clients }
    }

    #[test]
    fn there_is_a_rule_for_each_address_and_client() {
        use ConnectionFailure::{Lost, Refused};
        assert_eq!(printed(&[]), [""; 0]);
        assert_eq!(printed(&[fault(Refused, Some(Service::Ecs), &[])]), [""; 0], "its address is not held");
        assert_eq!(
            printed(&[fault(Refused, None, &["host", "10.0.0.0/8"]), fault(Lost, Some(Service::Imds), &[])]),
            [
                "iif \"lo\" ip daddr 169.254.169.254 tcp dport 1690 counter reject with tcp reset",
                "ip saddr 10.0.0.0/8 ip daddr 169.254.169.254 tcp dport 1690 counter reject with tcp reset",
                "iif \"lo\" ip6 daddr fd00:ec2::254 tcp dport 1690 counter reject with tcp reset",
                "ip daddr 169.254.169.254 tcp dport 1690 counter drop",
                "ip6 daddr fd00:ec2::254 tcp dport 1690 counter drop",
            ]
        );
        assert_eq!(
            printed(&[fault(Lost, None, &["fd00::1"])]),
            ["ip6 saddr fd00::1 ip6 daddr fd00:ec2::254 tcp dport 1690 counter drop"]
        );
    }

    #[test]
    fn rules_beyond_the_limit_are_left_out_and_counted() {
        let clients: Vec<String> = (0..100).map(|number| format!("10.0.0.{number}")).collect();
        let clients: Vec<&str> = clients.iter().map(String::as_str).collect();
        let faults = [fault(ConnectionFailure::Lost, None, &clients)];
        assert_eq!(printed(&faults).len(), MAX_RULES);
        assert_eq!(rule_count(&faults, &HostSettings::default().addresses()), 100);
    }
}
