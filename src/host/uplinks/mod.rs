//! Which of the listed interfaces lead out of this host, so that their packets may be a neighbour's. Pure.
//!
//! ```text
//! br-lan ── eth0                    a port that is hardware, or anything else that is no guest's
//! br-lan.10, macvlan on br-lan      above an interface that leads out
//! br-guests ── veth ═ veth ── br-lan    joined to a bridge that leads out
//! flannel.1                         a tunnel to other hosts
//! ```
//!
//! A guest's port is a veth whose other end is in another network namespace, or a tap. What is behind it is not seen: a
//! container with a network card of its own, a VPN's tap.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::links::Link;
use super::settings::InterfacePattern;

/// An interface on the list that is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Uplink {
    pub name: String,
    /// To be read after the name: "its port eth0 is a network card".
    pub reason: String,
}

impl Uplink {
    /// For the log.
    pub(crate) fn warning(&self) -> String {
        format!(
            "packets from {} are dropped: {}; to trust it all the same, add its exact name to [host] bridges",
            self.name, self.reason
        )
    }
}

/// The kinds of a guest's interface on the host. A dummy carries nothing: LXD gives its bridges one, for their MTU.
const GUEST_KINDS: [&str; 4] = ["veth", "tun", "netkit", "dummy"];

/// The kinds that are as another interface, which is below them.
const STACKED_KINDS: [&str; 6] = ["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"];

/// The interfaces that `listed` matches by a prefix only and that lead out of this host. One that is listed by its exact name
/// is the administrator's decision.
pub(crate) fn uplinks(links: &[Link], listed: &[InterfacePattern]) -> Vec<Uplink> {
    let topology = Topology::of(links);
    let reasons = topology.reasons();
    let by_prefix = |name: &str| {
        let exact = InterfacePattern::Exact(name.to_owned());
        !listed.contains(&exact) && listed.iter().any(|pattern| pattern.matches(name))
    };
    // The packets of a bridge's port come in by the bridge.
    let port = |link: &Link| topology.find(link.master).is_some_and(Link::is_bridge);
    let found = links.iter().filter(|link| by_prefix(&link.name) && !port(link)).filter_map(|link| {
        let reason = reasons.get(&link.index)?.clone();
        Some(Uplink { name: link.name.clone(), reason })
    });
    let mut found: Vec<Uplink> = found.collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The interfaces by index, and the ports of each bridge.
struct Topology<'l> {
    links: HashMap<u32, &'l Link>,
    ports: HashMap<u32, Vec<&'l Link>>,
}

/// Why interfaces lead out, by their index.
type Reasons = HashMap<u32, String>;

impl<'l> Topology<'l> {
    fn of(links: &'l [Link]) -> Self {
        let mut ports: HashMap<u32, Vec<&Link>> = HashMap::new();
        for link in links {
            if let Some(master) = link.master {
                ports.entry(master).or_default().push(link);
            }
        }
        Self { links: links.iter().map(|link| (link.index, link)).collect(), ports }
    }

    fn find(&self, index: Option<u32>) -> Option<&'l Link> {
        self.links.get(&index?).copied()
    }

    /// The least set that is closed under the rules.
    fn reasons(&self) -> Reasons {
        let mut known = Reasons::new();
        loop {
            let unknown = self.links.values().filter(|link| !known.contains_key(&link.index));
            let new: Reasons =
                unknown.filter_map(|link| Some((link.index, self.reason(link, &known)?))).collect();
            if new.is_empty() {
                return known;
            }
            known.extend(new);
        }
    }

    fn reason(&self, link: &Link, known: &Reasons) -> Option<String> {
        match link.kind.as_deref() {
            Some("bridge") => {
                self.ports.get(&link.index)?.iter().find_map(|port| self.port_reason(port, known))
            }
            Some(kind) if STACKED_KINDS.contains(&kind) => {
                let Some(lower) = self.find(link.lower) else {
                    return Some(format!("it is a {kind} on an interface of another network namespace"));
                };
                let outward = known.contains_key(&lower.index);
                outward.then(|| format!("it is a {kind} on {}, which leads out of this host", lower.name))
            }
            Some("veth") => self
                .beyond(link, known)
                .map(|to| format!("it is joined to {to}, which leads out of this host")),
            Some(kind) if GUEST_KINDS.contains(&kind) => None,
            Some(kind) => Some(format!("it is a {kind} interface, which leads out of this host")),
            // Without a device: VMware's vmnet8, VirtualBox's vboxnet0.
            None => link.device.then(|| "it is a network card".to_owned()),
        }
    }

    /// Why the bridge of this port leads out by it.
    fn port_reason(&self, port: &Link, known: &Reasons) -> Option<String> {
        let name = &port.name;
        match port.kind.as_deref() {
            Some(kind) if GUEST_KINDS.contains(&kind) => self
                .beyond(port, known)
                .map(|to| format!("its port {name} is joined to {to}, which leads out of this host")),
            Some(kind) => Some(format!("its port {name} is a {kind} interface, not a guest's")),
            None => Some(format!("its port {name} is a network card")),
        }
    }

    /// The bridge at the other end of a veth, if that leads out.
    fn beyond(&self, veth: &Link, known: &Reasons) -> Option<&'l str> {
        let bridge = self.find(self.find(veth.lower)?.master)?;
        known.contains_key(&bridge.index).then_some(bridge.name.as_str())
    }
}
