//! A packet, and its fate in the rules.

use std::net::Ipv4Addr;

/// The first packet of a TCP connection to our address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// The incoming interface; empty if a process of this host sends it.
    pub interface: String,
    /// `None` if unknown.
    pub source: Option<Ipv4Addr>,
    pub destination: Ipv4Addr,
    pub port: u16,
}

/// The result of the rules for a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PacketFate {
    Accepted,
    Dropped(RulePosition),
    Diverted(RulePosition),
}

/// The rule or policy that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RulePosition {
    /// The table as nft names it: `inet filter`.
    pub table: String,
    pub base_chain: String,
    /// The chains from there to the rule.
    pub chains: Vec<String>,
    /// A phrase: "its policy is to drop".
    pub cause: String,
}
