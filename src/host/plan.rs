//! The desired state as a value: addresses, tables, chains, rules. [`Table`] prints as `nft -s list` prints it.
//!
//! ```text
//! table inet mock-imds
//!   chain redirect-host     nat output -110       ip daddr 169.254.169.254 tcp dport 80 dnat ip to 169.254.169.254:1690
//!   chain redirect-callers  nat prerouting -110   the same
//!   chain callers           (reached by goto)     iifname "docker*" accept … counter drop
//!   chain guard             filter prerouting -300    iif != "lo" ip daddr 169.254.169.254 goto callers
//! table arp mock-imds
//!   chain callers           (reached by goto)     as above
//!   chain guard             filter input 0        iif != "lo" arp daddr ip 169.254.169.254 goto callers
//! ```

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::settings::{HostSettings, InterfacePattern, Redirect};
use crate::model::endpoint::{METADATA_PORT, SERVICE_PORT};

/// The name of our tables; nobody else's table is ever touched.
pub(crate) const TABLE: &str = "mock-imds";

/// Ahead of Docker's published ports at −100: there, whichever table was loaded last wins. At −200 and below
/// the kernel refuses nat chains, because connection tracking has not seen the packet yet.
pub(crate) const NAT_PRIORITY: i32 = -110;

/// Ahead of connection tracking at −200, so that a refused neighbour leaves no entry in it.
const GUARD_PRIORITY: i32 = -300;

/// What the host's network shall have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// On `lo`, each as a host route only (/32 or /128).
    pub addresses: Vec<IpAddr>,
    /// Ours, whole.
    pub tables: Vec<Table>,
}

/// A table's protocol family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4 and IPv6.
    Inet,
    /// ARP; not every kernel has it.
    Arp,
}

/// A table named [`TABLE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its family; with the name, its identity.
    pub family: Family,
    /// In the order of creation: a chain comes before the rules that go to it.
    pub chains: Vec<Chain>,
}

/// A chain of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Unique within the table.
    pub name: &'static str,
    /// Where packets come in; `None` for a chain that is gone to.
    pub base: Option<Base>,
    /// In order.
    pub rules: Vec<TableRule>,
}

/// Where a base chain hangs in the network stack. Its policy is to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// What its rules may do.
    pub kind: ChainKind,
    /// When.
    pub hook: Hook,
    /// Lower comes first.
    pub priority: i32,
}

/// The type of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainKind {
    /// Sees every packet; may drop it.
    Filter,
    /// Sees the first packet of each connection; may change where it goes.
    Nat,
}

/// A netfilter hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Packets that come in, before routing.
    Prerouting,
    /// Packets of this host's own processes, after routing.
    Output,
    /// Packets for this host (in the arp family: all that come in).
    Input,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRule {
    /// All must hold.
    pub matches: Vec<Match>,
    /// Whether packets that matched are counted.
    pub counted: bool,
    /// What happens then.
    pub verdict: RuleVerdict,
}

/// A condition on a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// It came in by another interface than `lo`.
    ///
    /// Every guard rule starts so: with the address on `lo`, packets between processes of this host carry it as
    /// *source and* destination, pass prerouting on `lo`, and must not be judged as strangers.
    NotLoopback,
    /// It came in by an interface of this name. A bridged container's packet shows the bridge here, also
    /// with `br_netfilter`.
    From(InterfacePattern),
    /// It goes to this address.
    To(IpAddr),
    /// It is TCP to this port.
    TcpPort(u16),
    /// It is an ARP packet about this address.
    ArpTarget(Ipv4Addr),
}

/// What happens to a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleVerdict {
    /// It is redirected: address and port of its destination change, and those of the answers change back.
    Dnat(SocketAddr),
    /// The chain of this name judges it, for good.
    Goto(&'static str),
    /// It passes this hook's chain; later chains still see it.
    Accept,
    /// It is gone, without an answer.
    Drop,
}

impl Plan {
    /// The plan for these addresses by these settings.
    pub(crate) fn of(settings: &HostSettings, addresses: &[IpAddr]) -> Self {
        match settings.redirect {
            Redirect::Nftables => Self::new(addresses, &settings.bridges),
            Redirect::None => Self { addresses: addresses.to_vec(), tables: vec![] },
        }
    }

    /// The plan for these addresses and these interfaces of containers.
    pub fn new(addresses: &[IpAddr], bridges: &[InterfacePattern]) -> Self {
        let redirect = Chain { name: "", base: None, rules: addresses.iter().map(redirect).collect() };
        let nat = |name, hook| {
            let base = Some(Base { kind: ChainKind::Nat, hook, priority: NAT_PRIORITY });
            Chain { name, base, ..redirect.clone() }
        };
        let guard = |hook, priority, matches: Vec<Match>| {
            let rules = matches.into_iter().map(judge_stranger).collect();
            Chain { name: "guard", base: Some(Base { kind: ChainKind::Filter, hook, priority }), rules }
        };
        let to = addresses.iter().copied().map(Match::To).collect();
        let about = addresses.iter().filter_map(|address| match address {
            IpAddr::V4(address) => Some(Match::ArpTarget(*address)),
            // No such rule for IPv6: neighbour discovery answers only for addresses of the asked interface.
            IpAddr::V6(_) => None,
        });
        let inet = vec![
            nat("redirect-host", Hook::Output),
            nat("redirect-callers", Hook::Prerouting),
            callers(bridges),
            guard(Hook::Prerouting, GUARD_PRIORITY, to),
        ];
        let arp = vec![callers(bridges), guard(Hook::Input, 0, about.collect())];
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
fn judge_stranger(target: Match) -> TableRule {
    TableRule {
        matches: vec![Match::NotLoopback, target],
        counted: false,
        verdict: RuleVerdict::Goto("callers"),
    }
}

/// Containers and virtual machines of this host pass; a neighbour on the LAN is dropped.
fn callers(bridges: &[InterfacePattern]) -> Chain {
    let accept = |pattern: &InterfacePattern| TableRule {
        matches: vec![Match::From(pattern.clone())],
        counted: false,
        verdict: RuleVerdict::Accept,
    };
    let mut rules: Vec<TableRule> = bridges.iter().map(accept).collect();
    rules.push(TableRule { matches: vec![], counted: true, verdict: RuleVerdict::Drop });
    Chain { name: "callers", base: None, rules }
}

impl Table {
    /// How many rules it has, over all chains.
    pub(crate) fn rules(&self) -> usize {
        self.chains.iter().map(|chain| chain.rules.len()).sum()
    }
}

// === Display: as `nft --stateless --numeric-priority list table` prints it, but for the flags ===

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "inet",
            Self::Arp => "arp",
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "table {} {TABLE} {{", self.family)?;
        for (index, chain) in self.chains.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            writeln!(f, "\tchain {} {{", chain.name)?;
            if let Some(base) = chain.base {
                writeln!(f, "\t\t{base} policy accept;")?;
            }
            for rule in &chain.rules {
                writeln!(f, "\t\t{rule}")?;
            }
            writeln!(f, "\t}}")?;
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ChainKind::Filter => "filter",
            ChainKind::Nat => "nat",
        };
        let hook = match self.hook {
            Hook::Prerouting => "prerouting",
            Hook::Output => "output",
            Hook::Input => "input",
        };
        write!(f, "type {kind} hook {hook} priority {};", self.priority)
    }
}

impl fmt::Display for TableRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for condition in &self.matches {
            write!(f, "{condition} ")?;
        }
        if self.counted {
            f.write_str("counter ")?;
        }
        write!(f, "{}", self.verdict)
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback => f.write_str("iif != \"lo\""),
            Self::From(pattern) => write!(f, "iifname \"{pattern}\""),
            Self::To(IpAddr::V4(address)) => write!(f, "ip daddr {address}"),
            Self::To(IpAddr::V6(address)) => write!(f, "ip6 daddr {address}"),
            Self::TcpPort(port) => write!(f, "tcp dport {port}"),
            Self::ArpTarget(address) => write!(f, "arp daddr ip {address}"),
        }
    }
}

impl fmt::Display for RuleVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dnat(target @ SocketAddr::V4(_)) => write!(f, "dnat ip to {target}"),
            Self::Dnat(target @ SocketAddr::V6(_)) => write!(f, "dnat ip6 to {target}"),
            Self::Goto(chain) => write!(f, "goto {chain}"),
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(ipv6: bool) -> Plan {
        let bridges = vec!["docker0".parse().expect("valid"), "br-*".parse().expect("valid")];
        let settings = HostSettings { ipv6, bridges, ..HostSettings::default() };
        Plan::new(&settings.addresses(), &settings.bridges)
    }

    #[test]
    fn the_plan_prints_as_nft_prints_it() {
        let printed: String = plan(false).tables.iter().map(Table::to_string).collect();
        let expected = "\
table inet mock-imds {
	chain redirect-host {
		type nat hook output priority -110; policy accept;
		ip daddr 169.254.169.254 tcp dport 80 dnat ip to 169.254.169.254:1690
	}

	chain redirect-callers {
		type nat hook prerouting priority -110; policy accept;
		ip daddr 169.254.169.254 tcp dport 80 dnat ip to 169.254.169.254:1690
	}

	chain callers {
		iifname \"docker0\" accept
		iifname \"br-*\" accept
		counter drop
	}

	chain guard {
		type filter hook prerouting priority -300; policy accept;
		iif != \"lo\" ip daddr 169.254.169.254 goto callers
	}
}
table arp mock-imds {
	chain callers {
		iifname \"docker0\" accept
		iifname \"br-*\" accept
		counter drop
	}

	chain guard {
		type filter hook input priority 0; policy accept;
		iif != \"lo\" arp daddr ip 169.254.169.254 goto callers
	}
}
";
        assert_eq!(printed, expected);
    }

    #[test]
    fn ipv6_adds_an_address_its_redirect_and_its_guard() {
        let (four, both) = (plan(false), plan(true));
        assert_eq!(both.addresses.len(), 2);
        assert_eq!(both.tables[0].rules(), four.tables[0].rules() + 3);
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
    fn every_guard_rule_spares_the_loopback() {
        for table in plan(true).tables {
            let guard = table.chains.iter().find(|chain| chain.name == "guard").expect("a guard");
            for rule in &guard.rules {
                assert_eq!(rule.matches.first(), Some(&Match::NotLoopback), "{rule}");
            }
        }
    }
}
