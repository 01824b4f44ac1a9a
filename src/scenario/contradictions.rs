//! Checks of keys that depend on each other.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::config::{Item, Section};
use crate::model::{AvailabilityZone, Event, Instance, NetworkInterface, Region, Scenario, VpcId};

/// Instances that a line names.
const NAMED: usize = 20;

/// Checks that a region that is set owns the zone.
pub(crate) fn region_owns_zone(region: Option<&Item<'_>>, zone: &AvailabilityZone) {
    let Some(item) = region else { return };
    let Some(region) = item.parse::<Region>() else { return };
    let owner = zone.region();
    if region != owner {
        item.error(
            format!("region \"{region}\" does not own the zone \"{zone}\""),
            format!("accepted: \"{owner}\", or a zone of {region} such as \"{region}a\"; leave region out, it follows from the zone"),
        );
    }
}

/// Checks that a token that everybody can know is not all that keeps real keys.
pub(super) fn token_protects(root: &Section<'_>, scenario: &Scenario) {
    let http = root.get("http").filter(|item| item.kind() == "table").and_then(|item| item.section());
    let item = http.and_then(|section| section.get("token"));
    let (Some(item), true) = (item, scenario.has_real_credentials()) else { return };
    item.error_at_key(
        "token is set, and the credentials are real",
        "accepted: with source = \"generated\" in [credentials]; whoever knows the token would get the keys",
    );
}

/// Checks that private addresses lie in the subnet, and that each public one has a private one to map to.
pub(crate) fn addresses_fit(
    interface: &NetworkInterface,
    private: Option<&Item<'_>>,
    public: Option<&Item<'_>>,
) {
    if let (Some(block), Some(item)) = (interface.subnet_ipv4_cidr_block, private) {
        for address in interface.private_ipv4s.iter().filter(|address| !block.contains(*address)) {
            item.error(
                format!("{address} lies outside of the subnet {block}"),
                "accepted: addresses of subnet-ipv4-cidr-block; leave that out, and it is the /20 around the first address",
            );
        }
    }
    if let Some(item) = public
        && interface.public_ipv4s.len() > interface.private_ipv4s.len()
    {
        item.error(
            format!(
                "{} public addresses, {} private ones",
                interface.public_ipv4s.len(),
                interface.private_ipv4s.len()
            ),
            "accepted: at most one public address for each private one; the nth maps to the nth",
        );
    }
}

/// Checks that the subnet lies in a block of the VPC.
pub(crate) fn subnet_lies_in_vpc(interface: &NetworkInterface, item: Option<&Item<'_>>) {
    let (Some(subnet), Some(item)) = (interface.subnet_ipv4_cidr_block, item) else { return };
    if !interface.vpc_ipv4_cidr_blocks.iter().any(|block| block.contains(&subnet)) {
        let blocks: Vec<String> = interface.vpc_ipv4_cidr_blocks.iter().map(ToString::to_string).collect();
        item.error(
            format!("the subnet {subnet} lies outside of the VPC's {}", blocks.join(", ")),
            "accepted: a subnet-ipv4-cidr-block within one of vpc-ipv4-cidr-blocks; leave both out, and they follow from the \
             first address",
        );
    }
}

/// Checks that places on network cards, MAC addresses and private addresses are unique, and that there is a primary
/// interface with an address. Of what two interfaces share the first is named: the rest may follow from it.
pub(crate) fn interfaces_are_distinct(sections: &[Section<'_>], interfaces: &[NetworkInterface]) {
    let mut seen = BTreeMap::new();
    for (section, (index, interface)) in sections.iter().zip(interfaces.iter().enumerate()) {
        let mut shared = None;
        for fact in unique_facts(interface) {
            let first = *seen.entry(fact.clone()).or_insert(index);
            if first != index && shared.is_none() {
                shared = Some((fact, first));
            }
        }
        if let Some((fact, first)) = shared {
            section.error(
                format!("network interface {} has the {fact} of network interface {}", index + 1, first + 1),
                "accepted: each device number once on each network-card, and each MAC address and private address once",
            );
        }
    }
    let primary = interfaces.iter().position(|interface| interface.attachment() == (0, 0));
    if let (Some(first), None) = (sections.first(), primary) {
        first.error(
            "no network interface has device-number 0 on network-card 0",
            "accepted: one with 0, the primary interface",
        );
    }
    let primary = primary.and_then(|index| Some((sections.get(index)?, interfaces.get(index)?)));
    if let Some((section, interface)) = primary
        && interface.has_no_address()
        && let Some(item) = section.get("private-ipv4s")
    {
        item.error(
            "the primary interface has no address",
            "accepted: an empty private-ipv4s together with ipv6s (an IPv6-only interface); without both, on further \
             interfaces (for EFA alone)",
        );
    }
}

/// What no two interfaces of an instance share, in words.
fn unique_facts(interface: &NetworkInterface) -> Vec<String> {
    let (card, number) = interface.attachment();
    let on_card = if card == 0 { String::new() } else { format!(" on network card {card}") };
    let addresses = interface.private_ipv4s.iter().map(|address| format!("private address {address}"));
    [format!("device number {number}{on_card}"), format!("MAC address {}", interface.mac)]
        .into_iter()
        .chain(addresses)
        .collect()
}

/// Warns of interfaces of one VPC that set other IPv4 blocks of it: EC2 shows the same ones on all of them. It is no error,
/// as a file that was good stays good; and of some blocks the others may be left out.
pub(crate) fn vpcs_agree_on_their_blocks(sections: &[Section<'_>], interfaces: &[NetworkInterface]) {
    let mut known: BTreeMap<&VpcId, (usize, BTreeSet<Ipv4Net>)> = BTreeMap::new();
    for (section, (index, interface)) in sections.iter().zip(interfaces.iter().enumerate()) {
        let Some(item) = section.get("vpc-ipv4-cidr-blocks") else { continue };
        let blocks: BTreeSet<Ipv4Net> = interface.vpc_ipv4_cidr_blocks.iter().copied().collect();
        let (first, theirs) = known.entry(&interface.vpc_id).or_insert_with(|| (index, blocks.clone()));
        if !theirs.is_subset(&blocks) && !blocks.is_subset(theirs) {
            let theirs: Vec<String> = theirs.iter().map(ToString::to_string).collect();
            item.warn(
                format!(
                    "the VPC {} has other IPv4 blocks on network interface {}: {}",
                    interface.vpc_id,
                    *first + 1,
                    theirs.join(", ")
                ),
                "set the same vpc-ipv4-cidr-blocks on all interfaces of a VPC, or a vpc-id of its own",
            );
        }
    }
}

/// Checks that the instance that an event names exists.
pub(crate) fn event_has_its_instance(section: &Section<'_>, event: &Event, scenario: &Scenario) {
    instance_is_there(section, event.instance.as_deref(), scenario);
}

/// Checks that an instance that is named exists.
pub(crate) fn instance_is_there(section: &Section<'_>, name: Option<&str>, scenario: &Scenario) {
    let (Some(name), Some(item)) = (name, section.get("instance")) else { return };
    if scenario.named(name).is_none() {
        let all = &scenario.named_instances;
        let mut names: Vec<&str> = all.iter().take(NAMED).map(|named| named.name.as_str()).collect();
        let more = format!("{} more", all.len() - names.len());
        if all.len() > names.len() {
            names.push(&more);
        }
        let accepted =
            if names.is_empty() { "none, there is no [instances.NAME]".into() } else { names.join(", ") };
        item.error(format!("there is no instance {name:?}"), format!("accepted: {accepted}"));
    }
}

/// Warns of facts under the `aemm` profile, where nothing follows from them.
pub(crate) fn nothing_follows(root: &Section<'_>) {
    let tables = ["instance", "credentials"].into_iter().filter_map(|table| root.get(table)?.section());
    for (_, item) in tables.flat_map(|section| section.entries()).filter(|(key, _)| *key != "user-data") {
        item.warn_at_key(
            format!("{} has no effect with profile = \"aemm\"", item.name()),
            "under this profile only [metadata] defines the tree; set it there, or use another profile",
        );
    }
}

/// Warns of an override that changes only one of several paths that show the same fact.
pub(crate) fn override_of_a_fact(item: &Item<'_>, path: &str, value: &[u8], instance: &Instance) {
    let (key, fact) = match path {
        "meta-data/ami-id" => ("ami-id", instance.ami_id.to_string()),
        "meta-data/instance-id" => ("instance-id", instance.instance_id.to_string()),
        "meta-data/instance-type" => ("instance-type", instance.instance_type.to_string()),
        "meta-data/placement/availability-zone" => {
            ("availability-zone", instance.availability_zone.to_string())
        }
        "meta-data/placement/region" => ("availability-zone", instance.region().to_string()),
        "meta-data/local-ipv4" => {
            ("network-interface", instance.local_ipv4().map_or(String::new(), |a| a.to_string()))
        }
        "meta-data/mac" => ("network-interface", instance.mac().to_string()),
        _ => return,
    };
    if fact.as_bytes() != value {
        item.warn(
            format!("only {path} changes; other paths and the identity document keep \"{fact}\""),
            format!("to change all of them, set {key} in [instance]"),
        );
    }
}
