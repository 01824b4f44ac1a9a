//! The desired state as a value: addresses, tables, chains, rules. [`Table`] prints as `nft -s list` prints it.
//!
//! ```text
//! table inet mock-imds
//!   chain redirect-host     nat output -110       ip daddr 169.254.169.254 tcp dport 80 dnat ip to 169.254.169.254:1690
//!   chain redirect-callers  nat prerouting -110   the same
//!   chain callers           (reached by goto)     iifname "br-lan" counter drop … iifname "docker*" accept … counter drop
//!   chain guard             filter prerouting -300    iif != "lo" ip daddr 169.254.169.254 goto callers
//!   chain guard-input       filter input -300     the same
//!   chain connection-faults filter input 0        ip daddr 169.254.169.254 tcp dport 1690 counter reject with tcp reset
//! table arp mock-imds
//!   chain callers           (reached by goto)     as above
//!   chain guard             filter input 0        iif != "lo" arp daddr ip 169.254.169.254 goto callers
//! ```

mod build;
mod connections;
mod display;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;

use super::settings::InterfacePattern;

pub(crate) use build::NAT_PRIORITY;
pub(crate) use connections::{MAX_RULES, rule_count};

/// The name of our tables; nobody else's table is ever touched.
pub(crate) const TABLE: &str = "mock-imds";

/// The desired state of the host's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// On `lo`, each as a host route only (/32 or /128).
    pub addresses: Vec<IpAddr>,
    pub tables: Vec<Table>,
}

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
    pub family: Family,
    /// In the order of creation: a chain comes before the rules that go to it.
    pub chains: Vec<Chain>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Unique within the table.
    pub name: &'static str,
    /// `None` for a chain that other chains go to.
    pub base: Option<Base>,
    pub rules: Vec<TableRule>,
}

/// The attachment of a base chain to the network stack. Its policy is to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    pub kind: ChainKind,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Packets that come in, before routing.
    Prerouting,
    /// Packets of this host's own processes, after routing.
    Output,
    /// Packets for this host (in the arp family: all that come in).
    Input,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRule {
    /// All must hold.
    pub matches: Vec<Match>,
    pub counted: bool,
    pub verdict: RuleVerdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The packet came in by another interface than `lo`.
    ///
    /// Every guard rule starts so: with the address on `lo`, packets between processes of this host carry it as
    /// *source and* destination, pass prerouting on `lo`, and must not be taken for strangers.
    NotLoopback,
    /// The packet came in by `lo`: from a process of this host.
    Loopback,
    /// The packet is from an address of this network.
    FromNetwork(IpNet),
    /// The packet came in by an interface of this name. A bridged container's packet shows the bridge here, also
    /// with `br_netfilter`.
    From(InterfacePattern),
    To(IpAddr),
    /// The packet is TCP to this port.
    TcpPort(u16),
    /// The packet is an ARP packet about this address.
    ArpTarget(Ipv4Addr),
}

/// The action for a packet that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleVerdict {
    /// The packet is redirected: address and port of its destination change, and those of the answers change back.
    Dnat(SocketAddr),
    /// The chain of this name decides, without a return.
    Goto(&'static str),
    /// The packet passes this hook's chain; later chains still see it.
    Accept,
    /// The packet is dropped, without an answer.
    Drop,
    /// The packet is dropped, and its TCP connection reset.
    Reset,
}

impl Table {
    /// The number of rules over all chains.
    pub(crate) fn rule_count(&self) -> usize {
        self.chains.iter().map(|chain| chain.rules.len()).sum()
    }
}
