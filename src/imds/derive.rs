//! Identities of their own, for the clients of one instance and for nodes: what follows from an address or a name.
//!
//! The same client or node has the same identity after every reload and restart, and no two have the same one.

use std::net::{IpAddr, Ipv4Addr};

use sha2::{Digest as _, Sha256};

use crate::model::{ClusterNode, Instance, NetworkInterface};

/// The identity that a client meets.
pub(crate) fn derived(instance: &Instance, client: IpAddr) -> Instance {
    Seed::new(instance, &client.to_string()).identity(instance, &[client])
}

/// An identity that no client has, in the place of those that clients have: what is true of it is true of each of them.
pub(crate) fn identity_of_nobody(instance: &Instance) -> Instance {
    derived(instance, Ipv4Addr::UNSPECIFIED.into())
}

/// The identity of a node. Without an address it has one of 10.0.0.0/8.
pub(crate) fn derived_of_node(instance: &Instance, node: &ClusterNode) -> Instance {
    // A blank is in no address: no client has the identity of a node.
    let seed = Seed::new(instance, &format!("node {}", node.name));
    let [.., b, c, d] = seed.0.to_be_bytes();
    match &*node.addresses {
        [] => seed.identity(instance, &[[10, b, c, d].into()]),
        addresses => seed.identity(instance, addresses),
    }
}

/// The number that an identity is made of.
struct Seed(u128);

// === impl Seed ===

impl Seed {
    fn new(instance: &Instance, whose: &str) -> Self {
        let digest = Sha256::digest(format!("{}\0{}\0{whose}", instance.account_id, instance.instance_id));
        Self(u128::from_be_bytes(digest[..16].try_into().expect("a digest has 32 bytes")))
    }

    fn identity(&self, instance: &Instance, addresses: &[IpAddr]) -> Instance {
        let hex = format!("{:032x}", self.0);
        let well_formed = "hexadecimal digits fit every identifier";
        let mut derived = instance.clone();
        derived.instance_id = format!("i-0{}", &hex[..16]).parse().expect(well_formed);
        derived.hostname = None;
        derived.public_hostname = None;
        // Locally administered: the second bit of the first byte is set, as in EC2's own.
        let pairs: Vec<&str> = (16..26).step_by(2).map(|at| &hex[at..at + 2]).collect();
        let mac = format!("0e:{}", pairs.join(":")).parse().expect(well_formed);
        let (mut ipv4s, mut ipv6s) = (vec![], vec![]);
        for address in addresses {
            match address {
                IpAddr::V4(address) => ipv4s.push(*address),
                IpAddr::V6(address) => ipv6s.push(*address),
            }
        }
        let base = instance.primary();
        let mut primary = NetworkInterface::with(0, mac, ipv4s, vec![], ipv6s);
        primary.interface_id = format!("eni-0{}", &hex[..16]).parse().expect(well_formed);
        primary.owner_id.clone_from(&base.owner_id);
        primary.security_groups.clone_from(&base.security_groups);
        primary.join_network_of(base);
        primary.name_subnet_apart_from(base);
        derived.interfaces = vec![primary];
        derived
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identities_are_stable_distinct_and_hang_together() {
        let base = Instance::default();
        let client = |n: u32| IpAddr::from(Ipv4Addr::from(0x0a00_0000 + n));
        let ids: BTreeSet<String> =
            (0..5_000).map(|n| derived(&base, client(n)).instance_id.to_string()).collect();
        assert_eq!(ids.len(), 5_000);
        let one = derived(&base, client(0x0102));
        assert_eq!(one, derived(&base, client(0x0102)));
        assert_eq!(one.local_hostname(), "ip-10-0-1-2.ec2.internal");
        assert_eq!(
            one.primary().subnet_ipv4_cidr_block.map(|b| b.to_string()).as_deref(),
            Some("10.0.0.0/20")
        );
        assert!(one.primary().public_ipv4s.is_empty());
        let six = derived(&base, "2001:db8::7".parse().expect("an address"));
        assert_eq!((six.local_ipv4(), !six.primary().ipv6s.is_empty()), (None, true));
    }
}
