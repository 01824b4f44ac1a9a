//! Values of network interfaces, below `network/interfaces/macs/MAC/`, of all of them. Written from the guide's table.

use std::collections::BTreeSet;

use super::bases::CATEGORIES;
use crate::conform::check::{Basis, CheckGroup, CheckRow, CheckTest, ConformanceCheck, facts};
use crate::conform::facts::MACS;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms::{self, ValueForm, is_mac};
use crate::conform::service::ServiceUnderTest;

struct InterfaceRow {
    leaf: &'static str,
    form: ValueForm,
    always: bool,
    introduced: Option<&'static str>,
    breaks: &'static str,
}

const fn optional(leaf: &'static str, form: ValueForm, breaks: &'static str) -> InterfaceRow {
    InterfaceRow { leaf, form, always: false, introduced: None, breaks }
}

const fn always(leaf: &'static str, form: ValueForm, breaks: &'static str) -> InterfaceRow {
    InterfaceRow { always: true, ..optional(leaf, form, breaks) }
}

impl InterfaceRow {
    const fn since(self, version: &'static str) -> Self {
        Self { introduced: Some(version), ..self }
    }
}

const CNI: &str = "amazon-vpc-cni-k8s";
const NET_UTILS: &str = "amazon-ec2-net-utils";
const BOTH: &str = "amazon-vpc-cni-k8s, amazon-ec2-net-utils, cloud-init";

const LEAVES: &[InterfaceRow] = &[
    always("device-number", forms::NUMBER, BOTH).since("2011-01-01"),
    always("interface-id", forms::ENI, CNI),
    optional("ipv4-prefix", forms::CIDR4S, BOTH),
    optional("ipv6-prefix", forms::CIDR6S, BOTH),
    optional("ipv6s", forms::IPV6S, BOTH).since("2016-06-30"),
    optional("local-hostname", forms::HOST_NAME, "cloud-init"),
    optional("local-ipv4s", forms::IPV4S, BOTH),
    always("mac", forms::MAC, "cloud-init"),
    optional("network-card", forms::NUMBER, BOTH),
    always("owner-id", forms::ACCOUNT, "ohai"),
    optional("public-hostname", forms::HOST_NAME, "cloud-init"),
    optional("public-ipv4s", forms::IPV4S, NET_UTILS),
    optional("security-group-ids", forms::GROUP_IDS, CNI),
    optional("security-groups", forms::LINES, "cloud-init"),
    always("subnet-id", forms::SUBNET, CNI),
    optional("subnet-ipv4-cidr-block", forms::CIDR4, BOTH),
    optional("subnet-ipv6-cidr-blocks", forms::CIDR6S, BOTH).since("2016-06-30"),
    always("vpc-id", forms::VPC, "cloud-provider-aws"),
    optional("vpc-ipv4-cidr-block", forms::CIDR4, CNI),
    optional("vpc-ipv4-cidr-blocks", forms::CIDR4S, "amazon-vpc-cni-k8s, amazon-ssm-agent")
        .since("2016-06-30"),
    optional("vpc-ipv6-cidr-blocks", forms::CIDR6S, CNI).since("2016-06-30"),
];

/// The checks of a group.
pub(super) fn of(group: CheckGroup) -> Vec<ConformanceCheck> {
    match group {
        CheckGroup::Interfaces => LEAVES.iter().map(form).collect(),
        CheckGroup::Versions => LEAVES.iter().filter_map(since).collect(),
        _ => vec![],
    }
}

fn form(row: &InterfaceRow) -> ConformanceCheck {
    let each = if row.always { ", of each interface" } else { ", where an interface has it" };
    ConformanceCheck {
        name: format!("interface-{}", row.leaf),
        group: CheckGroup::Interfaces,
        asked: format!("GET {MACS}MAC/{}", row.leaf),
        expected: format!("{}{each}", row.form.what),
        basis: CATEGORIES,
        breaks: row.breaks,
        test: CheckTest::InterfaceForm { leaf: row.leaf, form: row.form, always: row.always },
    }
}

fn since(row: &InterfaceRow) -> Option<ConformanceCheck> {
    let introduced = row.introduced?;
    let below = match row.leaf {
        "device-number" => "meta-data/network/interfaces/macs/{mac}/device-number",
        "ipv6s" => "meta-data/network/interfaces/macs/{mac}/ipv6s",
        "subnet-ipv6-cidr-blocks" => "meta-data/network/interfaces/macs/{mac}/subnet-ipv6-cidr-blocks",
        "vpc-ipv4-cidr-blocks" => "meta-data/network/interfaces/macs/{mac}/vpc-ipv4-cidr-blocks",
        _ => "meta-data/network/interfaces/macs/{mac}/vpc-ipv6-cidr-blocks",
    };
    Some(ConformanceCheck {
        name: format!("since-interface-{}", row.leaf),
        group: CheckGroup::Versions,
        asked: format!("GET /VERSION/{below}, the newest listed VERSION before {introduced}"),
        expected: format!("404: the path is of {introduced}"),
        basis: CATEGORIES,
        breaks: "ohai",
        test: CheckTest::Since { below, introduced },
    })
}

const CONCATENATED: Basis = Basis::ReliedOn("cloud-provider-aws: the lines are put before the leaves");

pub(super) const ROWS: &[CheckRow] = &[
    facts(
        "interfaces-listed",
        "GET /latest/meta-data/network/interfaces/macs/",
        "MAC addresses of small letters, each with a slash at its end",
        are_listed,
        CONCATENATED,
        "cloud-provider-aws, cloud-init",
    ),
    facts(
        "interfaces-unique",
        "GET /latest/meta-data/network/interfaces/macs/",
        "each address once",
        are_unique,
        CATEGORIES,
        BOTH,
    ),
    facts(
        "interfaces-have-own-mac",
        "GET /latest/meta-data/network/interfaces/macs/MAC/mac",
        "the address of the directory",
        have_own_mac,
        CATEGORIES,
        "cloud-init",
    ),
    facts(
        "interfaces-omit-empty",
        "GET /latest/meta-data/network/interfaces/macs/MAC/",
        "no leaf with an empty value: what an interface does not have is 404",
        omit_empty,
        Basis::Observed("fixtures of cloud-init, recorded from instances"),
        BOTH,
    ),
    facts(
        "interfaces-card-spelling",
        "GET /latest/meta-data/network/interfaces/macs/MAC/",
        "no network-card-index: clients ask for network-card",
        card_spelling,
        Basis::ReliedOn("amazon-vpc-cni-k8s, amazon-ec2-net-utils, cloud-init, EKS nodeadm"),
        BOTH,
    ),
];

fn are_listed(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let lines = service.lines(MACS)?;
    let wrong = lines.iter().find(|line| !line.strip_suffix('/').is_some_and(is_mac));
    wrong.map_or(Ok(()), |line| Err(CheckFinding::fails(format!("the line {line:?}"))))
}

fn are_unique(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let macs = service.macs()?;
    let mut seen = BTreeSet::new();
    let twice = macs.iter().find(|mac| !seen.insert(mac.to_ascii_lowercase()));
    twice.map_or(Ok(()), |mac| Err(CheckFinding::fails(format!("{mac} twice"))))
}

fn have_own_mac(service: &mut ServiceUnderTest<'_>) -> Judgement {
    for mac in service.macs()? {
        if let Some(own) = service.interface(&mac, "mac")?
            && own != mac
        {
            return Err(CheckFinding::differs(format!("{mac:?} below {mac}/"), format!("{own:?}")));
        }
    }
    Ok(())
}

fn omit_empty(service: &mut ServiceUnderTest<'_>) -> Judgement {
    for mac in service.macs()? {
        let directory = format!("{MACS}{mac}/");
        for leaf in service.lines(&directory)?.iter().filter(|name| !name.ends_with('/')) {
            if service.interface(&mac, leaf)?.is_some_and(|value| value.is_empty()) {
                return Err(CheckFinding::fails(format!("an empty value at {directory}{leaf}")));
            }
        }
    }
    Ok(())
}

fn card_spelling(service: &mut ServiceUnderTest<'_>) -> Judgement {
    for mac in service.macs()? {
        let directory = format!("{MACS}{mac}/");
        if service.lines(&directory)?.iter().any(|name| name == "network-card-index") {
            return Err(CheckFinding::fails(format!("network-card-index in {directory}")));
        }
    }
    Ok(())
}
