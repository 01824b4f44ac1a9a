//! From a client to its named instance, whatever their number.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Ingress;
use super::fast_hash::FastHash;
use crate::model::NamedInstance;

/// The indices of named instances, by their clients.
#[derive(Debug, Default)]
pub(super) struct ClientRoutes {
    /// The instance of processes of this host.
    host: Option<usize>,
    networks: HashMap<IpNet, usize, FastHash>,
    /// The lengths of prefixes that some network has, longest first.
    prefixes_v4: Vec<u8>,
    prefixes_v6: Vec<u8>,
}

impl ClientRoutes {
    pub(super) fn of(instances: &[NamedInstance]) -> Self {
        let mut routes = Self::default();
        for (index, named) in instances.iter().enumerate() {
            if named.host && routes.host.is_none() {
                routes.host = Some(index);
            }
            for network in &named.networks {
                let network = network.trunc();
                routes.networks.entry(network).or_insert(index);
                let prefixes = match network {
                    IpNet::V4(_) => &mut routes.prefixes_v4,
                    IpNet::V6(_) => &mut routes.prefixes_v6,
                };
                prefixes.push(network.prefix_len());
            }
        }
        for prefixes in [&mut routes.prefixes_v4, &mut routes.prefixes_v6] {
            prefixes.sort_unstable_by_key(|length| std::cmp::Reverse(*length));
            prefixes.dedup();
        }
        routes
    }

    /// The index of a client's instance: for a process of this host the one of this host, else that of the longest
    /// network prefix.
    pub(super) fn find(&self, peer: IpAddr, ingress: Ingress) -> Option<usize> {
        // A process of this host has the service's own address, or that of an interface: its ingress tells more.
        if let (Ingress::Host, Some(index)) = (ingress, self.host) {
            return Some(index);
        }
        let prefixes = if peer.is_ipv4() { &self.prefixes_v4 } else { &self.prefixes_v6 };
        prefixes.iter().find_map(|length| {
            let network = IpNet::new(peer, *length).ok()?.trunc();
            self.networks.get(&network).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::model::Instance;

    fn named(number: u32, networks: Vec<IpNet>, host: bool) -> NamedInstance {
        let (name, instance) = (format!("i{number}"), Instance::default());
        NamedInstance { name, networks, host, nodes: vec![], derive: false, instance }
    }

    #[test]
    fn the_longest_prefix_wins_and_this_host_goes_first() {
        let net = |text: &str| text.parse::<IpNet>().expect("a network");
        let routes = ClientRoutes::of(&[
            named(0, vec![net("10.0.0.0/8"), net("::/0")], false),
            named(1, vec![net("10.1.2.0/24")], false),
            named(2, vec![net("10.1.0.0/16"), net("fd00::1/128")], true),
        ]);
        let found = |peer: &str| routes.find(peer.parse().expect("an address"), Ingress::Bridge);
        let cases = [
            ("10.9.9.9", Some(0)),
            ("10.1.2.3", Some(1)),
            ("10.1.3.3", Some(2)),
            ("11.0.0.1", None),
            ("fd00::1", Some(2)),
            ("fd00::2", Some(0)),
        ];
        for (peer, expected) in cases {
            assert_eq!(found(peer), expected, "the instance of {peer}");
        }
        let local = Ipv4Addr::LOCALHOST.into();
        assert_eq!(routes.find(local, Ingress::Host), Some(2));
        assert_eq!(ClientRoutes::default().find(local, Ingress::Host), None);
    }

    /// The number of look-ups is that of different lengths, not that of networks.
    #[test]
    fn a_hundred_thousand_networks_take_as_many_steps_as_one() {
        let address = |number: u32| IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number));
        let instances: Vec<NamedInstance> = (0..1_000)
            .map(|i| named(i, (0..100).map(|n| address(i * 100 + n).into()).collect(), false))
            .collect();
        let routes = ClientRoutes::of(&instances);
        assert_eq!((routes.networks.len(), routes.prefixes_v4.len()), (100_000, 1));
        for number in [0, 1, 99, 100, 54_321, 99_999] {
            let expected = usize::try_from(number / 100).ok();
            assert_eq!(routes.find(address(number), Ingress::Bridge), expected, "client {number}");
        }
        assert_eq!(routes.find(address(100_000), Ingress::Bridge), None);
    }
}
