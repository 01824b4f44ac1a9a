//! `[[instance.network-interface]]`

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::model::{AccountId, InterfaceId, MacAddress, SecurityGroupId, SubnetId, VpcId};
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::known_paths::DOCUMENT;
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

const MACS: &str = "meta-data/network/interfaces/macs";

/// An interface, with the addresses that other facts depend on.
pub(super) struct ObservedInterface {
    /// None if the service has addresses at the top only.
    mac: Option<String>,
    /// The directory of its values; none if the service has values at the top only, such as `meta-data/mac`.
    directory: Option<String>,
    /// Network card, 0 if the service shows none.
    card: u32,
    /// Device number, if the service shows one.
    number: Option<u32>,
    /// Private addresses, the primary one first.
    pub(super) private: Vec<Ipv4Addr>,
    pub(super) public: Vec<Ipv4Addr>,
}

impl ObservedInterface {
    pub(super) fn lines<'s>(&self, observations: &'s Observations, leaf: &str) -> Vec<&'s str> {
        self.directory
            .as_ref()
            .map(|directory| observations.lines(&format!("{directory}/{leaf}")))
            .unwrap_or_default()
    }

    fn text<'s>(&self, observations: &'s Observations, leaf: &str) -> Option<&'s str> {
        observations.text(&format!("{}/{leaf}", self.directory.as_ref()?))
    }

    fn many<T: FromStr>(&self, observations: &Observations, leaf: &str) -> Vec<T> {
        self.lines(observations, leaf).into_iter().filter_map(|line| line.parse().ok()).collect()
    }
}

/// The interfaces, the primary one first: the one that the top leaves name, else by network card, device number and the
/// order of the source.
pub(super) fn all(observations: &Observations) -> Vec<ObservedInterface> {
    let macs: BTreeSet<&str> =
        observations.below(MACS).filter_map(|(path, _)| path.split_once('/')).map(|(mac, _)| mac).collect();
    let mut interfaces: Vec<ObservedInterface> = macs
        .into_iter()
        .filter(|mac| mac.parse::<MacAddress>().is_ok())
        .map(|mac| {
            let mut interface = ObservedInterface {
                mac: Some(mac.to_owned()),
                directory: Some(format!("{MACS}/{mac}")),
                card: 0,
                number: None,
                private: vec![],
                public: vec![],
            };
            let number = |leaf| interface.text(observations, leaf).and_then(|n| n.parse().ok());
            (interface.card, interface.number) =
                (number("network-card").unwrap_or_default(), number("device-number"));
            interface.private = interface.many(observations, "local-ipv4s");
            interface.public = interface.many(observations, "public-ipv4s");
            interface
        })
        .collect();
    let address = top_address(observations, "local-ipv4");
    interfaces.sort_by_key(|interface| {
        let mac = interface.mac.as_deref();
        let is_named = mac.is_some() && mac == observations.text("meta-data/mac");
        let has_address = address.iter().any(|address| interface.private.contains(address));
        let position = observations.interface_order.iter().position(|listed| mac == Some(listed));
        // What has no number comes after what has one.
        let number = interface.number.unwrap_or(u32::MAX);
        (!is_named, !has_address, interface.card, number, position.unwrap_or(usize::MAX))
    });
    if let Some(primary) = interfaces.first_mut() {
        let directory = primary.directory.clone().unwrap_or_default();
        // Somebody selected the leaves at the top, or those of the interface could not be read.
        let or = |own: &mut Vec<Ipv4Addr>, leaf: &str| {
            let is_unknown = || !observations.knows(&format!("{directory}/{leaf}s"));
            if own.is_empty() && (observations.partial || is_unknown()) {
                *own = top_address(observations, leaf);
            }
        };
        or(&mut primary.private, "local-ipv4");
        or(&mut primary.public, "public-ipv4");
    }
    if interfaces.is_empty() {
        interfaces.extend(from_top_leaves(observations));
    }
    interfaces
}

/// The one interface of a service that has no `network/`.
fn from_top_leaves(observations: &Observations) -> Option<ObservedInterface> {
    let mac = observations.text("meta-data/mac").filter(|mac| mac.parse::<MacAddress>().is_ok());
    let (private, public) =
        (top_address(observations, "local-ipv4"), top_address(observations, "public-ipv4"));
    let has_addresses =
        !(private.is_empty() && public.is_empty()) || observations.lacks("meta-data/public-ipv4");
    let is_there = mac.is_some() || (observations.partial && has_addresses);
    is_there.then(|| ObservedInterface {
        mac: mac.map(str::to_owned),
        directory: None,
        card: 0,
        number: None,
        private,
        public,
    })
}

/// The address of a leaf at the top, or of the document; empty if there is none.
fn top_address(observations: &Observations, leaf: &str) -> Vec<Ipv4Addr> {
    let text = observations.text(&format!("meta-data/{leaf}")).map(str::to_owned);
    let document = || {
        let document =
            observations.read_json(DOCUMENT).filter(|_| leaf == "local-ipv4" && observations.partial)?;
        Some(document.get("privateIp")?.as_str()?.to_owned())
    };
    text.or_else(document).and_then(|text| text.parse().ok()).into_iter().collect()
}

pub(super) fn write(observations: &Observations, interfaces: &[ObservedInterface], draft: &mut Draft) {
    for (interface, index) in interfaces.iter().zip(0..) {
        let mut table = block(observations, interface, index);
        differing(observations, interface, interfaces.first(), &mut table);
        if index == 0 && !table.is_empty() {
            table.add_comment("The primary interface.");
        }
        draft.push(table);
    }
}

fn block(observations: &Observations, interface: &ObservedInterface, index: u32) -> DraftTable {
    let mut table = DraftTable::new("[[instance.network-interface]]");
    if let Some(number) = interface.number.filter(|number| *number != index) {
        table.set("device-number", i64::from(number));
    }
    if let Some(mac) = &interface.mac {
        table.set("mac", mac.as_str());
    }
    table.set_id::<InterfaceId>("interface-id", interface.text(observations, "interface-id"));
    // Of a selection it is not known that there are none.
    for (key, leaf, addresses) in [
        ("private-ipv4s", "local-ipv4", &interface.private),
        ("public-ipv4s", "public-ipv4", &interface.public),
    ] {
        let none = lacks(observations, interface, index, leaf);
        if !addresses.is_empty() || !observations.partial || none {
            table.set_toml(key, quote::list(addresses.iter().map(ToString::to_string)));
        }
    }
    let mut list = |key: &str, texts: Vec<String>| {
        if !texts.is_empty() {
            table.set_toml(key, quote::list(texts));
        }
    };
    let ipv6s = match (&interface.directory, observations.text("meta-data/ipv6")) {
        (None, Some(address)) => address.parse::<Ipv6Addr>().into_iter().collect(),
        _ => interface.many::<Ipv6Addr>(observations, "ipv6s"),
    };
    list("ipv6s", texts(&ipv6s));
    list("ipv4-prefixes", texts(&interface.many::<Ipv4Net>(observations, "ipv4-prefix")));
    list("ipv6-prefixes", texts(&interface.many::<Ipv6Net>(observations, "ipv6-prefix")));
    network(observations, interface, &mut table);
    if let Some(card) = interface.text(observations, "network-card").and_then(|text| text.parse::<u8>().ok())
    {
        table.set("network-card", i64::from(card));
    }
    table
}

/// True if it is known that the interface has no such address. The leaf is that at the top, the one address.
fn lacks(observations: &Observations, interface: &ObservedInterface, index: u32, leaf: &str) -> bool {
    let directory = interface.directory.as_ref();
    directory.is_some_and(|directory| observations.lacks(&format!("{directory}/{leaf}s")))
        || (index == 0 && observations.lacks(&format!("meta-data/{leaf}")))
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn network(observations: &Observations, interface: &ObservedInterface, table: &mut DraftTable) {
    table.set_id::<SubnetId>("subnet-id", interface.text(observations, "subnet-id"));
    table.set_id::<VpcId>("vpc-id", interface.text(observations, "vpc-id"));
    table.set_if_valid::<Ipv4Net>(
        "subnet-ipv4-cidr-block",
        interface.text(observations, "subnet-ipv4-cidr-block"),
    );
    if interface.directory.is_none() {
        return;
    }
    let mut blocks = interface.many::<Ipv4Net>(observations, "vpc-ipv4-cidr-blocks");
    if blocks.is_empty() {
        blocks = interface.many(observations, "vpc-ipv4-cidr-block");
    }
    if !blocks.is_empty() {
        table.set_toml("vpc-ipv4-cidr-blocks", quote::list(texts(&blocks)));
    }
    // Where there is an address, they follow from it unless set: that there are none has to be set then.
    let follow = interface.text(observations, "ipv6s").is_some() && !observations.partial;
    for leaf in ["subnet-ipv6-cidr-blocks", "vpc-ipv6-cidr-blocks"] {
        let blocks = interface.many::<Ipv6Net>(observations, leaf);
        if follow || !blocks.is_empty() {
            table.set_toml(leaf, quote::list(texts(&blocks)));
        }
    }
}

/// Keys whose default is the value of the instance, or of the primary interface.
fn differing(
    observations: &Observations,
    interface: &ObservedInterface,
    primary: Option<&ObservedInterface>,
    table: &mut DraftTable,
) {
    let groups = interface.lines(observations, "security-groups");
    if !groups.is_empty() && groups != observations.lines("meta-data/security-groups") {
        table.set_toml("security-groups", quote::list(groups));
    }
    let ids = interface.lines(observations, "security-group-ids");
    if !ids.is_empty()
        && primary.is_some_and(|primary| primary.lines(observations, "security-group-ids") != ids)
    {
        table.set_ids::<SecurityGroupId>("security-group-ids", &ids);
    }
    let document = observations.read_json(DOCUMENT).unwrap_or_default();
    let account = document.get("accountId").and_then(serde_json::Value::as_str);
    let owner = interface.text(observations, "owner-id");
    table.set_id::<AccountId>("owner-id", owner.filter(|_| owner != account));
}
