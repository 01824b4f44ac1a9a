//! Addresses, networks and interfaces agree with each other.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::bases::CATEGORIES;
use super::consistency::same;
use crate::conform::check::{CheckRow, facts};
use crate::conform::facts::MACS;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::service::ServiceUnderTest;

const CNI: &str = "amazon-vpc-cni-k8s, amazon-ec2-net-utils";

/// A value of the instance is the first line of one of its primary interface.
macro_rules! primary {
    ($name:literal, $leaf:literal, $of:literal) => {
        facts(
            concat!("same-", $name, "-of-interface"),
            concat!("GET ", $leaf, " and ", $of, " of the primary interface"),
            "the first line of the latter",
            |service| {
                let value = service.meta($leaf)?;
                let lines = service.primary_interface($of)?;
                same($leaf, &value, concat!("the first of ", $of), lines.lines().next().unwrap_or_default())
            },
            CATEGORIES,
            "cloud-init, amazon-vpc-cni-k8s",
        )
    };
}

pub(super) const ROWS: &[CheckRow] = &[
    primary!("local-ipv4", "local-ipv4", "local-ipv4s"),
    primary!("public-ipv4", "public-ipv4", "public-ipv4s"),
    primary!("ipv6", "ipv6", "ipv6s"),
    primary!("public-hostname", "public-hostname", "public-hostname"),
    facts(
        "same-security-groups-of-interface",
        "GET security-groups, and that of the primary interface",
        "the same",
        |service| {
            let groups = service.meta("security-groups")?;
            let of_interface = service.primary_interface("security-groups")?;
            same("security-groups", &groups, "the interface's", &of_interface)
        },
        CATEGORIES,
        "cloud-init",
    ),
    facts(
        "mac-is-listed",
        "GET mac and network/interfaces/macs/",
        "the instance's address among the lines",
        |service| {
            let mac = service.primary()?;
            let macs = service.macs()?;
            if macs.contains(&mac) {
                Ok(())
            } else {
                Err(CheckFinding::fails(format!("{mac:?} and {macs:?}")))
            }
        },
        CATEGORIES,
        "cloud-init, amazon-vpc-cni-k8s",
    ),
    facts(
        "primary-is-device-0",
        "GET mac and device-number of that interface",
        "0",
        |service| {
            let number = service.primary_interface("device-number")?;
            same("device-number", &number, "that of a primary interface", "0")
        },
        CATEGORIES,
        "cloud-init, amazon-ec2-net-utils",
    ),
    facts(
        "device-numbers-unique",
        "GET device-number and network-card of all interfaces",
        "no two with the same number on one card",
        device_numbers,
        CATEGORIES,
        CNI,
    ),
    facts(
        "interface-ids-unique",
        "GET interface-id of all interfaces",
        "no two the same",
        |service| unique(service, "interface-id"),
        CATEGORIES,
        CNI,
    ),
    facts(
        "addresses-unique",
        "GET local-ipv4s of all interfaces",
        "no address twice",
        |service| unique(service, "local-ipv4s"),
        CATEGORIES,
        CNI,
    ),
    facts(
        "address-in-subnet",
        "GET local-ipv4s and subnet-ipv4-cidr-block of all interfaces",
        "addresses of the subnet",
        |service| addresses_in(service, "local-ipv4s", "subnet-ipv4-cidr-block"),
        CATEGORIES,
        "cloud-init, amazon-ec2-net-utils",
    ),
    facts(
        "ipv6-in-subnet",
        "GET ipv6s and subnet-ipv6-cidr-blocks of all interfaces",
        "addresses of the subnet",
        |service| addresses_in(service, "ipv6s", "subnet-ipv6-cidr-blocks"),
        CATEGORIES,
        "cloud-init, amazon-ec2-net-utils",
    ),
    facts(
        "subnet-in-vpc",
        "GET subnet-ipv4-cidr-block and vpc-ipv4-cidr-blocks of all interfaces",
        "a subnet of the VPC",
        subnet_in_vpc,
        CATEGORIES,
        "amazon-vpc-cni-k8s",
    ),
    facts(
        "vpc-block-is-first",
        "GET vpc-ipv4-cidr-block and vpc-ipv4-cidr-blocks of all interfaces",
        "the first of the latter",
        vpc_block,
        CATEGORIES,
        "amazon-vpc-cni-k8s",
    ),
    facts(
        "associations-are-public",
        "GET ipv4-associations/ and public-ipv4s of all interfaces",
        "a line for each public address, and no other",
        associations,
        CATEGORIES,
        "",
    ),
    facts(
        "associations-are-private",
        "GET ipv4-associations/ADDRESS and local-ipv4s of all interfaces",
        "private addresses of the interface",
        associated,
        CATEGORIES,
        "",
    ),
];

fn device_numbers(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let mut seen = BTreeSet::new();
    for mac in service.macs()? {
        let Some(number) = service.interface(&mac, "device-number")? else { continue };
        let card = service.interface(&mac, "network-card")?.unwrap_or_else(|| "0".to_owned());
        if !seen.insert((card.clone(), number.clone())) {
            return Err(CheckFinding::fails(format!(
                "device {number} of card {card} twice, the second time {mac}"
            )));
        }
    }
    judged(!seen.is_empty(), "no interface is listed")
}

fn unique(service: &mut ServiceUnderTest<'_>, leaf: &str) -> Judgement {
    let mut seen = BTreeSet::new();
    for mac in service.macs()? {
        let value = service.interface(&mac, leaf)?.unwrap_or_default();
        if let Some(twice) = value.lines().find(|line| !seen.insert((*line).to_owned())) {
            return Err(CheckFinding::fails(format!("{twice} twice, the second time of {mac}")));
        }
    }
    judged(!seen.is_empty(), "no interface has it")
}

/// Not applicable, unless something was compared.
fn judged(compared: bool, why: &str) -> Judgement {
    if compared { Ok(()) } else { Err(CheckFinding::not_applicable(why)) }
}

fn addresses_in(service: &mut ServiceUnderTest<'_>, leaf: &str, networks: &str) -> Judgement {
    let mut compared = false;
    for mac in service.macs()? {
        let (Some(addresses), Some(networks)) =
            (service.interface(&mac, leaf)?, service.interface(&mac, networks)?)
        else {
            continue;
        };
        let networks: Vec<IpNet> = networks.lines().filter_map(|line| line.parse().ok()).collect();
        let addresses = addresses.lines().filter_map(|line| line.parse::<IpAddr>().ok());
        for address in addresses {
            compared = true;
            if !networks.iter().any(|network| network.contains(&address)) {
                return Err(CheckFinding::fails(format!("{address} of {mac}, and {networks:?}")));
            }
        }
    }
    judged(compared, "no interface has both")
}

fn subnet_in_vpc(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let mut compared = false;
    for mac in service.macs()? {
        let subnet = service.interface(&mac, "subnet-ipv4-cidr-block")?;
        let vpc = service.interface(&mac, "vpc-ipv4-cidr-blocks")?;
        let Some(subnet) = subnet.and_then(|subnet| subnet.parse::<Ipv4Net>().ok()) else { continue };
        let vpc: Vec<Ipv4Net> =
            vpc.unwrap_or_default().lines().filter_map(|line| line.parse().ok()).collect();
        if vpc.is_empty() {
            continue;
        }
        compared = true;
        if !vpc.iter().any(|block| block.contains(&subnet)) {
            return Err(CheckFinding::fails(format!("{subnet} of {mac}, and {vpc:?}")));
        }
    }
    judged(compared, "no interface has both")
}

fn vpc_block(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let mut compared = false;
    for mac in service.macs()? {
        let one = service.interface(&mac, "vpc-ipv4-cidr-block")?;
        let (Some(one), Some(all)) = (one, service.interface(&mac, "vpc-ipv4-cidr-blocks")?) else {
            continue;
        };
        compared = true;
        let first = all.lines().next().unwrap_or_default();
        same(&format!("vpc-ipv4-cidr-block of {mac}"), &one, "the first block", first)?;
    }
    judged(compared, "no interface has both")
}

fn associations(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let mut compared = false;
    for mac in service.macs()? {
        let Some(public) = service.interface(&mac, "public-ipv4s")? else { continue };
        compared = true;
        let listed = service.interface(&mac, "ipv4-associations/")?.unwrap_or_default();
        let (listed, public): (BTreeSet<_>, BTreeSet<_>) =
            (listed.lines().collect(), public.lines().collect());
        if listed != public {
            return Err(CheckFinding::differs(format!("{public:?} of {mac}"), format!("{listed:?}")));
        }
    }
    judged(compared, "no interface has a public address")
}

fn associated(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let mut compared = false;
    for mac in service.macs()? {
        let own = service.interface(&mac, "local-ipv4s")?.unwrap_or_default();
        let own: BTreeSet<&str> = own.lines().collect();
        let directory = format!("{MACS}{mac}/ipv4-associations/");
        if service.optional(&directory)?.is_none() {
            continue;
        }
        for public in service.lines(&directory)? {
            let private = service.text(&format!("{directory}{public}"))?;
            compared = true;
            let other = private.lines().find(|line| line.parse::<Ipv4Addr>().is_err() || !own.contains(line));
            if let Some(other) = other {
                return Err(CheckFinding::differs(
                    format!("of {own:?}"),
                    format!("{other:?} at {directory}{public}"),
                ));
            }
        }
    }
    judged(compared, "no interface has a public address")
}
