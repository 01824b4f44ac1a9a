//! Network interfaces.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::ids::MacAddress;
use super::resource_ids::{AccountId, InterfaceId, SecurityGroupId, SubnetId, VpcId};

/// A network interface. Values that follow from its number and its addresses are filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkInterface {
    /// The MAC address; the interface's name in the tree.
    pub mac: MacAddress,
    /// The attachment index, unique within a network card; 0 on card 0 is the primary interface.
    pub device_number: u32,
    /// The network card, on instance types that have several.
    pub network_card: Option<u32>,
    /// The interface's id.
    pub interface_id: InterfaceId,
    /// The account that owns the interface; the instance's unless set.
    pub owner_id: Option<AccountId>,
    /// Private IPv4 addresses, the primary one first. Empty on an IPv6-only interface, and on one for EFA alone.
    pub private_ipv4s: Vec<Ipv4Addr>,
    /// Public IPv4 addresses; the nth maps to the nth private one.
    pub public_ipv4s: Vec<Ipv4Addr>,
    /// IPv6 addresses, the primary one first.
    pub ipv6s: Vec<Ipv6Addr>,
    /// Delegated IPv4 prefixes.
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// Delegated IPv6 prefixes.
    pub ipv6_prefixes: Vec<Ipv6Net>,
    /// The subnet.
    pub subnet_id: SubnetId,
    /// The subnet's IPv4 block; `None` in an IPv6-only subnet.
    pub subnet_ipv4_cidr_block: Option<Ipv4Net>,
    /// The subnet's IPv6 blocks.
    pub subnet_ipv6_cidr_blocks: Vec<Ipv6Net>,
    /// The VPC.
    pub vpc_id: VpcId,
    /// The VPC's IPv4 blocks, the primary one first.
    pub vpc_ipv4_cidr_blocks: Vec<Ipv4Net>,
    /// The VPC's IPv6 blocks.
    pub vpc_ipv6_cidr_blocks: Vec<Ipv6Net>,
    /// The interface's security groups; the instance's unless set.
    pub security_groups: SecurityGroups,
}

/// Security groups by name and by id; each list stands alone, as in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityGroups {
    /// The names of the groups.
    pub names: Vec<String>,
    /// The ids of the groups.
    pub ids: Vec<SecurityGroupId>,
}

impl NetworkInterface {
    /// The nth interface of the built-in instance.
    pub(crate) fn numbered(number: u32) -> Self {
        let host = 43_u8.wrapping_add(number.to_le_bytes()[0]);
        let public = if number == 0 { vec![Ipv4Addr::new(192, 0, 2, 54)] } else { vec![] };
        Self::with(number, mac_of(number), vec![Ipv4Addr::new(172, 16, 34, host)], public, vec![])
    }

    /// An interface of these addresses; the rest follows from them.
    pub(crate) fn with(
        device_number: u32,
        mac: MacAddress,
        private_ipv4s: Vec<Ipv4Addr>,
        public_ipv4s: Vec<Ipv4Addr>,
        ipv6s: Vec<Ipv6Addr>,
    ) -> Self {
        let block4 =
            |length| private_ipv4s.first().and_then(|a| Ipv4Net::new(*a, length).ok()).map(|n| n.trunc());
        let block6 = |length| ipv6s.first().and_then(|a| Ipv6Net::new(*a, length).ok()).map(|n| n.trunc());
        let fixed = "the built-in ids are well-formed";
        Self {
            interface_id: format!("eni-0{}0000", mac.as_str().replace(':', "")).parse().expect(fixed),
            network_card: None,
            owner_id: None,
            ipv4_prefixes: vec![],
            ipv6_prefixes: vec![],
            subnet_id: "subnet-0ac62554".parse().expect(fixed),
            // The sizes of a default VPC and its subnets.
            subnet_ipv4_cidr_block: block4(20),
            subnet_ipv6_cidr_blocks: block6(64).into_iter().collect(),
            vpc_id: "vpc-d295a6a7".parse().expect(fixed),
            vpc_ipv4_cidr_blocks: vec![block4(16).unwrap_or_else(default_vpc)],
            vpc_ipv6_cidr_blocks: block6(56).into_iter().collect(),
            security_groups: SecurityGroups::default(),
            mac,
            device_number,
            private_ipv4s,
            public_ipv4s,
            ipv6s,
        }
    }

    /// A further interface in the same network. Its address is `distance` after this one's first; no public one.
    #[must_use]
    pub(crate) fn sibling(&self, distance: u32) -> Self {
        let next = |address: &Ipv4Addr| Ipv4Addr::from(u32::from(*address).wrapping_add(distance));
        let addresses = self.private_ipv4s.first().map(next).into_iter().collect();
        Self::with(distance, mac_of(distance), addresses, vec![], vec![])
    }

    /// Takes over another interface's VPC, and those of its blocks that the first address lies in.
    pub(crate) fn join_network_of(&mut self, other: &Self) {
        self.vpc_id.clone_from(&other.vpc_id);
        let address = self.private_ipv4s.first();
        if other.subnet_ipv4_cidr_block.zip(address).is_some_and(|(block, address)| block.contains(address)) {
            self.subnet_id.clone_from(&other.subnet_id);
            self.subnet_ipv4_cidr_block = other.subnet_ipv4_cidr_block;
        }
        if self.has_no_address() {
            // An interface for EFA alone is in a subnet as any other.
            self.subnet_id.clone_from(&other.subnet_id);
            self.subnet_ipv4_cidr_block = other.subnet_ipv4_cidr_block;
        }
        let contains = |block: &Ipv4Net| address.is_none_or(|address| block.contains(address));
        if other.vpc_ipv4_cidr_blocks.iter().any(contains) {
            self.vpc_ipv4_cidr_blocks.clone_from(&other.vpc_ipv4_cidr_blocks);
        }
    }

    /// Gives a subnet that differs from that of `other` an id that follows from its block, as two subnets never share
    /// an id.
    pub(crate) fn name_subnet_apart_from(&mut self, other: &Self) {
        if self.subnet_ipv4_cidr_block == other.subnet_ipv4_cidr_block {
            return;
        }
        let digits = match self.subnet_ipv4_cidr_block {
            Some(block) => format!("{:08x}{:02x}00", u32::from(block.addr()), block.prefix_len()),
            None => self.mac.as_str().replace(':', ""),
        };
        self.subnet_id = format!("subnet-0{digits}0000").parse().expect("twelve hexadecimal digits fit");
    }

    /// Moves the interface into a subnet. Unless the VPC has a block around it, that follows: the /16 around it, or the
    /// subnet itself.
    pub(crate) fn use_subnet(&mut self, block: Ipv4Net) {
        let block = block.trunc();
        self.subnet_ipv4_cidr_block = Some(block);
        if !self.vpc_ipv4_cidr_blocks.iter().any(|around| around.contains(&block)) {
            let vpc = Ipv4Net::new(block.addr(), block.prefix_len().min(16)).map_or(block, |net| net.trunc());
            self.vpc_ipv4_cidr_blocks = vec![vpc];
        }
    }

    /// Network card and device number: no two interfaces of an instance have the same.
    pub(crate) fn attachment(&self) -> (u32, u32) {
        (self.network_card.unwrap_or(0), self.device_number)
    }

    /// Whether it has no address of either family, as an interface for EFA alone.
    pub(crate) fn has_no_address(&self) -> bool {
        self.private_ipv4s.is_empty() && self.ipv6s.is_empty()
    }

    /// The public addresses, each with the private ones that it maps to.
    pub(crate) fn ipv4_associations(&self) -> Vec<(Ipv4Addr, Ipv4Addr)> {
        let primary = self.private_ipv4s.first();
        let pair = |(index, public): (usize, &Ipv4Addr)| {
            Some((*public, *self.private_ipv4s.get(index).or(primary)?))
        };
        self.public_ipv4s.iter().enumerate().filter_map(pair).collect()
    }
}

/// The default MAC address of the nth interface: the built-in one counted up.
pub(crate) fn mac_of(number: u32) -> MacAddress {
    let last = 0x11_u8.wrapping_add(number.to_le_bytes()[0]);
    format!("0e:49:61:0f:c3:{last:02x}").parse().expect("the built-in MAC address is well-formed")
}

/// The IPv4 block of the VPC around an IPv6-only subnet: every VPC has one.
fn default_vpc() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 16)
}
