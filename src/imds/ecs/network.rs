//! The networks of a container: those of the primary interface, or of Docker.

use std::net::Ipv4Addr;

use super::facts::{ListedContainer, MetadataVersion, TaskFacts};
use crate::imds::ordered_json::{Json, Members};
use crate::model::NetworkMode;

/// The first container on Docker's bridge.
const BRIDGE: u32 = u32::from_be_bytes([172, 17, 0, 2]);

pub(super) fn networks(facts: &TaskFacts<'_>, container: &ListedContainer<'_>) -> Json {
    let network = match facts.task.network_mode {
        NetworkMode::Awsvpc => interface(facts),
        NetworkMode::Bridge => {
            let own =
                container.config.and_then(|config| config.clients.iter().find(|client| client.is_ipv4()));
            let index = u32::try_from(container.index).unwrap_or_default();
            let given = Ipv4Addr::from(BRIDGE.wrapping_add(index)).to_string();
            let address = own.map_or(given, ToString::to_string);
            Members::default().with("NetworkMode", "bridge").with("IPv4Addresses", vec![address])
        }
        NetworkMode::Host => {
            Members::default().with("NetworkMode", "host").with("IPv4Addresses", vec![String::new()])
        }
    };
    Json::Array(vec![network.into()])
}

fn interface(facts: &TaskFacts<'_>) -> Members {
    let primary = facts.instance.primary();
    let texts = |addresses: Vec<String>| (!addresses.is_empty()).then_some(addresses);
    let network = Members::default()
        .with("NetworkMode", "awsvpc")
        .with_some("IPv4Addresses", texts(primary.private_ipv4s.iter().map(ToString::to_string).collect()))
        .with_some("IPv6Addresses", texts(primary.ipv6s.iter().map(ToString::to_string).collect()));
    if facts.version < MetadataVersion::V4 {
        return network;
    }
    let hostname = facts.instance.local_hostname();
    let domain = hostname.split_once('.').map(|(_, domain)| domain.to_owned());
    let block = primary.subnet_ipv4_cidr_block;
    let ipv6_block = primary.subnet_ipv6_cidr_blocks.first();
    let resolver = primary.vpc_ipv4_cidr_blocks.first().map(|vpc| after(vpc.network(), 2).to_string());
    let gateway = block.map(|block| format!("{}/{}", after(block.network(), 1), block.prefix_len()));
    network
        .with("AttachmentIndex", 0_u32)
        .with("MACAddress", primary.mac.as_str())
        .with_some("IPv4SubnetCIDRBlock", block.map(|block| block.to_string()))
        .with_some("IPv6SubnetCIDRBlock", ipv6_block.map(ToString::to_string))
        .with_some("DomainNameServers", resolver.map(|resolver| vec![resolver]))
        .with_some("DomainNameSearchList", domain.map(|domain| vec![domain]))
        .with("PrivateDNSName", hostname)
        .with_some("SubnetGatewayIpv4Address", gateway)
}

fn after(address: Ipv4Addr, distance: u32) -> Ipv4Addr {
    u32::from(address).wrapping_add(distance).into()
}
