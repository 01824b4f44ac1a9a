//! `[[instance.network-interface]]`

use std::collections::BTreeSet;

use super::assign::set_if_some;
use super::{addresses, contradictions};
use crate::config::{Item, Section};
use crate::model::{Instance, NetworkInterface, SecurityGroups, mac_of};

/// The numbers that MAC addresses and private addresses count up by: the device numbers. These begin again on each network
/// card; there it is the next number that is free.
#[derive(Default)]
struct Numbering(BTreeSet<u32>);

impl Numbering {
    fn take(&mut self, device_number: u32) -> u32 {
        let mut number = device_number;
        while !self.0.insert(number) {
            number = number.wrapping_add(1);
        }
        number
    }
}

/// Reads the interfaces, sorted by network card and device number. Without any the instance keeps its interfaces, and those with
/// inherited groups get the instance's groups.
pub(crate) fn read_all(item: Option<&Item<'_>>, inherited: &SecurityGroups, instance: &mut Instance) {
    let sections = item.and_then(Item::sections).unwrap_or_default();
    if let [first, others @ ..] = sections.as_slice() {
        let mut numbering = Numbering::default();
        let first = read(first, 0, None, &mut numbering);
        let others: Vec<_> = others
            .iter()
            .zip(1..)
            .map(|(section, index)| read(section, index, Some(&first), &mut numbering))
            .collect();
        instance.interfaces = std::iter::once(first).chain(others).collect();
    }
    for interface in &mut instance.interfaces {
        let groups = &mut interface.security_groups;
        if groups.names.is_empty() || (sections.is_empty() && groups.names == inherited.names) {
            groups.names.clone_from(&instance.security_groups.names);
        }
        if groups.ids.is_empty() || (sections.is_empty() && groups.ids == inherited.ids) {
            groups.ids.clone_from(&instance.security_groups.ids);
        }
    }
    if !sections.is_empty() {
        contradictions::interfaces_are_distinct(&sections, &instance.interfaces);
        contradictions::vpcs_agree_on_their_blocks(&sections, &instance.interfaces);
    }
    instance.interfaces.sort_by_key(NetworkInterface::attachment);
}

/// Reads an interface. Keys that a further one leaves out follow from the first.
fn read(
    section: &Section<'_>,
    index: u32,
    first: Option<&NetworkInterface>,
    numbering: &mut Numbering,
) -> NetworkInterface {
    let number = section.read("device-number", |item| item.integer(0..=255));
    let number = number.and_then(|number| u32::try_from(number).ok()).unwrap_or(index);
    let card = section.read("network-card", |item| item.integer(0..=255));
    let card = card.and_then(|card| u32::try_from(card).ok());
    let counted = numbering.take(number);
    // The first one's is its device number.
    let built_in = first.map_or_else(
        || NetworkInterface::numbered(counted),
        |first| first.sibling(counted.wrapping_sub(first.device_number)),
    );
    let mac = section.read("mac", Item::parse).unwrap_or_else(|| mac_of(counted));
    let private = section.get("private-ipv4s");
    let public = section.get("public-ipv4s");
    let ipv4s = private.as_ref().and_then(addresses::list).unwrap_or(built_in.private_ipv4s);
    let ipv6s = section.read("ipv6s", addresses::list).unwrap_or_default();
    let public_ipv4s = match public.as_ref().and_then(addresses::list) {
        Some(addresses) => addresses,
        None if ipv4s.is_empty() => vec![],
        None => built_in.public_ipv4s,
    };
    let mut interface = NetworkInterface::with(number, mac, ipv4s, public_ipv4s, ipv6s);
    if let Some(first) = first {
        interface.join_network_of(first);
    }
    interface.network_card = card;
    set_if_some(&mut interface.interface_id, section.read("interface-id", Item::parse));
    interface.owner_id = section.read("owner-id", Item::parse);
    set_if_some(&mut interface.ipv4_prefixes, section.read("ipv4-prefixes", addresses::list));
    set_if_some(&mut interface.ipv6_prefixes, section.read("ipv6-prefixes", addresses::list));
    blocks(section, &mut interface, first);
    set_if_some(&mut interface.security_groups.names, section.read("security-groups", Item::lines));
    set_if_some(&mut interface.security_groups.ids, section.read("security-group-ids", Item::list));
    section.finish();
    contradictions::addresses_fit(&interface, private.as_ref(), public.as_ref());
    interface
}

/// Reads subnet and VPC. A block that is not set follows from the address, or from the block that is set.
fn blocks(section: &Section<'_>, interface: &mut NetworkInterface, first: Option<&NetworkInterface>) {
    set_if_some(&mut interface.vpc_id, section.read("vpc-id", Item::parse));
    let subnet4 = section.get("subnet-ipv4-cidr-block");
    let subnet6 = section.get("subnet-ipv6-cidr-blocks");
    let vpc4 = section.get("vpc-ipv4-cidr-blocks");
    let vpc6 = section.get("vpc-ipv6-cidr-blocks");
    if let Some(block) = subnet4.as_ref().and_then(addresses::one) {
        interface.use_subnet(block);
    }
    if let Some(first) = first {
        interface.name_subnet_apart_from(first);
    }
    set_if_some(&mut interface.subnet_id, section.read("subnet-id", Item::parse));
    set_if_some(&mut interface.subnet_ipv6_cidr_blocks, subnet6.as_ref().and_then(addresses::list));
    set_if_some(&mut interface.vpc_ipv4_cidr_blocks, vpc4.as_ref().and_then(addresses::list));
    set_if_some(&mut interface.vpc_ipv6_cidr_blocks, vpc6.as_ref().and_then(addresses::list));
    contradictions::subnet_lies_in_vpc(interface, subnet4.or(vpc4).as_ref());
}
