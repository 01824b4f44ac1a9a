//! `mock-imds doctor`: problems on this host, their meaning, and the commands that repair them.
//!
//! ```text
//! gather   the kernel, files, sockets, systemd, a probe → HostFacts; changes nothing
//! facts    observations, and the reasons of those that are missing
//! ruleset  the rules of nft and iptables: the fate of a container's packet
//! check    HostFacts → Findings; pure
//! report   Findings as text and as JSON
//! ```

mod check;
pub(crate) mod facts;
pub(crate) mod gather;
mod report;
mod ruleset;

pub(crate) use check::examine;
