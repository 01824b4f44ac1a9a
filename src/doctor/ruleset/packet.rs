//! A packet, and its fate in the rules.

use std::net::Ipv4Addr;

/// The first packet of a TCP connection to our address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// The interface by which it comes in; empty if a process of this host sends it.
    pub interface: String,
    /// Who sends it, if known.
    pub source: Option<Ipv4Addr>,
    /// Where it goes.
    pub destination: Ipv4Addr,
    /// The port.
    pub port: u16,
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PacketFate {
    /// It passes.
    Passes,
    /// It is dropped or rejected.
    Ends(RulePosition),
    /// Its destination is changed.
    Diverted(RulePosition),
}

/// Where in the rules something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RulePosition {
    /// The table as nft names it: `inet filter`.
    pub table: String,
    /// The chain that hangs at the hook.
    pub base: String,
    /// The chains that were gone through from there.
    pub path: Vec<String>,
    /// What happened: "its policy is to drop".
    pub how: String,
}
