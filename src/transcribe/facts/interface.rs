//! `[[instance.network-interface]]`

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::model::{AccountId, InterfaceId, MacAddress, SubnetId, VpcId};
use crate::transcribe::draft::{Block, Draft};
use crate::transcribe::observations::{DOCUMENT, Observations};
use crate::transcribe::quote;

const MACS: &str = "meta-data/network/interfaces/macs";

/// An interface, as far as others follow from it.
pub(super) struct ObservedInterface {
    mac: String,
    /// Where its leaves are; none if the service tells of it in its top leaves only.
    directory: Option<String>,
    number: u32,
    /// Private addresses, the primary one first.
    pub(super) private: Vec<Ipv4Addr>,
    /// Public addresses.
    pub(super) public: Vec<Ipv4Addr>,
}

impl ObservedInterface {
    /// The lines of one of its leaves.
    pub(super) fn lines<'s>(&self, seen: &'s Observations, leaf: &str) -> Vec<&'s str> {
        self.directory
            .as_ref()
            .map(|directory| seen.lines(&format!("{directory}/{leaf}")))
            .unwrap_or_default()
    }

    fn text<'s>(&self, seen: &'s Observations, leaf: &str) -> Option<&'s str> {
        seen.text(&format!("{}/{leaf}", self.directory.as_ref()?))
    }

    fn many<T: FromStr>(&self, seen: &Observations, leaf: &str) -> Vec<T> {
        self.lines(seen, leaf).into_iter().filter_map(|line| line.parse().ok()).collect()
    }
}

/// All of them by device number, the primary one first.
pub(super) fn all(seen: &Observations) -> Vec<ObservedInterface> {
    let macs: BTreeSet<&str> =
        seen.below(MACS).filter_map(|(path, _)| path.split_once('/')).map(|(mac, _)| mac).collect();
    let mut interfaces: Vec<ObservedInterface> = macs
        .into_iter()
        .filter(|mac| mac.parse::<MacAddress>().is_ok())
        .map(|mac| {
            let mut interface = ObservedInterface {
                mac: mac.to_owned(),
                directory: Some(format!("{MACS}/{mac}")),
                number: 0,
                private: vec![],
                public: vec![],
            };
            interface.number =
                interface.text(seen, "device-number").and_then(|n| n.parse().ok()).unwrap_or_default();
            interface.private = interface.many(seen, "local-ipv4s");
            interface.public = interface.many(seen, "public-ipv4s");
            interface
        })
        .collect();
    interfaces.sort_by_key(|interface| interface.number);
    if interfaces.is_empty() {
        interfaces.extend(from_top_leaves(seen));
    }
    interfaces
}

/// The one interface of a service that has no `network/`.
fn from_top_leaves(seen: &Observations) -> Option<ObservedInterface> {
    let mac = seen.text("meta-data/mac").filter(|mac| mac.parse::<MacAddress>().is_ok())?;
    let address = |leaf: &str| seen.text(leaf).and_then(|text| text.parse().ok()).into_iter().collect();
    let (private, public) = (address("meta-data/local-ipv4"), address("meta-data/public-ipv4"));
    Some(ObservedInterface { mac: mac.to_owned(), directory: None, number: 0, private, public })
}

pub(super) fn write(seen: &Observations, interfaces: &[ObservedInterface], draft: &mut Draft) {
    for (interface, index) in interfaces.iter().zip(0..) {
        let mut block = block(seen, interface, index);
        let primary = interfaces.first().filter(|_| index > 0);
        differing(seen, interface, primary, &mut block);
        draft.push(block);
    }
}

fn block(seen: &Observations, interface: &ObservedInterface, index: u32) -> Block {
    let mut block = Block::new("[[instance.network-interface]]");
    if index == 0 {
        block.comment("The primary interface.");
    }
    if interface.number != index {
        block.say("device-number", i64::from(interface.number));
    }
    block.say("mac", interface.mac.as_str());
    block.parsed::<InterfaceId>("interface-id", interface.text(seen, "interface-id"));
    block.raw("private-ipv4s", quote::list(interface.private.iter().map(ToString::to_string)));
    block.raw("public-ipv4s", quote::list(interface.public.iter().map(ToString::to_string)));
    let mut list = |key: &str, texts: Vec<String>| {
        if !texts.is_empty() {
            block.raw(key, quote::list(texts));
        }
    };
    let ipv6s = match (&interface.directory, seen.text("meta-data/ipv6")) {
        (None, Some(address)) => address.parse::<Ipv6Addr>().into_iter().collect(),
        _ => interface.many::<Ipv6Addr>(seen, "ipv6s"),
    };
    list("ipv6s", texts(&ipv6s));
    list("ipv4-prefixes", texts(&interface.many::<Ipv4Net>(seen, "ipv4-prefix")));
    list("ipv6-prefixes", texts(&interface.many::<Ipv6Net>(seen, "ipv6-prefix")));
    network(seen, interface, &mut block);
    if let Some(card) = interface.text(seen, "network-card").and_then(|text| text.parse::<u8>().ok()) {
        block.say("network-card", i64::from(card));
    }
    block
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn network(seen: &Observations, interface: &ObservedInterface, block: &mut Block) {
    block.parsed::<SubnetId>("subnet-id", interface.text(seen, "subnet-id"));
    block.parsed::<VpcId>("vpc-id", interface.text(seen, "vpc-id"));
    block.parsed::<Ipv4Net>("subnet-ipv4-cidr-block", interface.text(seen, "subnet-ipv4-cidr-block"));
    if interface.directory.is_none() {
        return;
    }
    let mut blocks = interface.many::<Ipv4Net>(seen, "vpc-ipv4-cidr-blocks");
    if blocks.is_empty() {
        blocks = interface.many(seen, "vpc-ipv4-cidr-block");
    }
    if !blocks.is_empty() {
        block.raw("vpc-ipv4-cidr-blocks", quote::list(texts(&blocks)));
    }
    // Where there is an address, they follow from it unless said: that there are none has to be said then.
    let follow = interface.text(seen, "ipv6s").is_some();
    for leaf in ["subnet-ipv6-cidr-blocks", "vpc-ipv6-cidr-blocks"] {
        let blocks = interface.many::<Ipv6Net>(seen, leaf);
        if follow || !blocks.is_empty() {
            block.raw(leaf, quote::list(texts(&blocks)));
        }
    }
}

/// What is the instance's unless said.
fn differing(
    seen: &Observations,
    interface: &ObservedInterface,
    primary: Option<&ObservedInterface>,
    block: &mut Block,
) {
    let groups = interface.lines(seen, "security-groups");
    if !groups.is_empty() && groups != seen.lines("meta-data/security-groups") {
        block.raw("security-groups", quote::list(groups));
    }
    let ids = interface.lines(seen, "security-group-ids");
    if !ids.is_empty() && primary.is_some_and(|primary| primary.lines(seen, "security-group-ids") != ids) {
        block.raw("security-group-ids", quote::list(ids));
    }
    let document = seen.parsed(DOCUMENT).unwrap_or_default();
    let account = document.get("accountId").and_then(serde_json::Value::as_str);
    let owner = interface.text(seen, "owner-id");
    block.parsed::<AccountId>("owner-id", owner.filter(|_| owner != account));
}
