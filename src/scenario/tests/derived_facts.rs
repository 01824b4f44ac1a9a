//! Facts that follow from those that are set: regions, addresses, device numbers, blocks of subnets.

use std::collections::BTreeSet;

use super::{problems, scenario};
use crate::model::NetworkInterface;

#[test]
fn derived_facts_follow_from_set_ones() {
    let found = scenario(
        "[instance]\navailability-zone = \"us-west-2-lax-1a\"\n\
         [[instance.network-interface]]\nprivate-ipv4s = [\"10.20.30.40\"]\n\
         [[instance.network-interface]]\n[[instance.network-interface]]\nsubnet-ipv4-cidr-block = \"10.20.48.0/24\"\n\
         private-ipv4s = [\"10.20.48.9\"]\n",
    );
    let instance = found.instance;
    assert_eq!(instance.region().as_str(), "us-west-2");
    assert_eq!(instance.zone_id(), "usw2-lax1-az1");
    assert_eq!(instance.local_hostname(), "ip-10-20-30-40.us-west-2.compute.internal");
    let blocks =
        |i: usize| instance.interfaces[i].subnet_ipv4_cidr_block.map(|b| b.to_string()).unwrap_or_default();
    assert_eq!(
        (blocks(0), blocks(1), blocks(2)),
        ("10.20.16.0/20".into(), "10.20.16.0/20".into(), "10.20.48.0/24".into())
    );
    assert_eq!(instance.interfaces[1].private_ipv4s[0].to_string(), "10.20.30.41");
    assert_eq!(instance.interfaces[1].mac.as_str(), "0e:49:61:0f:c3:12");
    assert_eq!(instance.interfaces[2].vpc_ipv4_cidr_blocks[0].to_string(), "10.20.0.0/16");
}

/// On c6in.32xlarge: device number 0 on each card, and interfaces for EFA alone.
#[test]
fn device_numbers_begin_again_on_each_network_card() {
    let interface = |keys: &str| format!("[[instance.network-interface]]\n{keys}\n");
    let found = scenario(
        &[
            interface("device-number = 0\nnetwork-card = 1"),
            interface("device-number = 1\nnetwork-card = 1\nprivate-ipv4s = []"),
            interface("device-number = 1\nnetwork-card = 0"),
            interface("device-number = 0\nnetwork-card = 0"),
        ]
        .concat(),
    );
    let instance = found.instance;
    let attachments: Vec<_> = instance.interfaces.iter().map(NetworkInterface::attachment).collect();
    assert_eq!(attachments, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    let macs: BTreeSet<&str> = instance.interfaces.iter().map(|i| i.mac.as_str()).collect();
    assert_eq!(macs.len(), 4, "MAC addresses that follow differ: {macs:?}");
    let efa = &instance.interfaces[3];
    assert_eq!((&efa.subnet_id, efa.subnet_ipv4_cidr_block), {
        let primary = instance.primary();
        (&primary.subnet_id, primary.subnet_ipv4_cidr_block)
    });
    let found = problems(&[interface(""), interface("device-number = 0\nnetwork-card = 0")].concat());
    assert!(found.contains("interface 2 has the device number 0 of network interface 1"), "{found}");
    assert_eq!(found.matches("error:").count(), 1, "what follows from the number is not said too:\n{found}");
}

#[test]
fn as_many_network_cards_as_an_instance_type_has_are_told_apart() {
    let card =
        |card: usize| format!("[[instance.network-interface]]\nnetwork-card = {card}\ndevice-number = 0\n");
    let instance = scenario(&(0..32).map(card).collect::<String>()).instance;
    let macs: BTreeSet<&str> = instance.interfaces.iter().map(|interface| interface.mac.as_str()).collect();
    assert_eq!(macs.len(), 32, "{macs:?}");
    let addresses: Vec<_> = instance.interfaces.iter().map(|interface| interface.private_ipv4s[0]).collect();
    assert_eq!((addresses[0], addresses[31]), ([172, 16, 34, 43].into(), [172, 16, 34, 74].into()));
    // What follows counts on from the first one, as on one card.
    let second =
        scenario("[[instance.network-interface]]\n[[instance.network-interface]]\nnetwork-card = 1\n");
    let second = &second.instance.interfaces[1];
    assert_eq!((second.mac.as_str(), second.device_number), ("0e:49:61:0f:c3:12", 1));
    assert_eq!(second.private_ipv4s, [std::net::Ipv4Addr::from([172, 16, 34, 44])]);
}

/// Custom networking, and a subnet that is said on a further interface alone.
#[test]
fn a_further_subnet_leaves_the_blocks_of_the_vpc_alone() {
    let text = |blocks: &str, more: &str| {
        format!(
            "[[instance.network-interface]]\nprivate-ipv4s = [\"10.0.33.10\"]\nsubnet-ipv4-cidr-block = \"10.0.33.0/24\"\n\
         vpc-ipv4-cidr-blocks = [{blocks}]\n[[instance.network-interface]]\nprivate-ipv4s = [\"10.0.34.11\"]\n\
         subnet-ipv4-cidr-block = \"10.0.34.0/24\"\n{more}"
        )
    };
    for blocks in ["\"10.0.32.0/20\"", "\"10.0.0.0/16\", \"100.64.0.0/16\""] {
        let instance = scenario(&text(blocks, "")).instance;
        let [first, second] = &instance.interfaces[..] else { panic!("two interfaces") };
        assert_eq!(first.vpc_ipv4_cidr_blocks, second.vpc_ipv4_cidr_blocks, "with {blocks}");
        assert_eq!(first.vpc_id, second.vpc_id);
    }
    let found = problems(&text("\"10.0.32.0/20\"", "vpc-ipv4-cidr-blocks = [\"10.0.0.0/16\"]\n"));
    assert!(found.contains("has other IPv4 blocks on network interface 1: 10.0.32.0/20"), "{found}");
}
