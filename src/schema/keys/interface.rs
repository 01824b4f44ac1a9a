//! `[[instance.network-interface]]`

use crate::schema::form::Form;
use crate::schema::form::{FileKey, key};
use crate::schema::forms;

/// An interface.
pub(crate) const NETWORK_INTERFACE: &[FileKey] = &[
    key(
        "device-number",
        "0",
        Form::Integer(0, 255),
        "Unique within a network card. One interface has 0 on card 0, the primary one.",
    ),
    key("mac", r#""0e:49:61:0f:c3:11""#, forms::MAC, "The MAC address."),
    key("interface-id", "", forms::INTERFACE_ID, "Made from the MAC address unless set."),
    key(
        "private-ipv4s",
        r#"["172.16.34.43"]"#,
        forms::IPV4S,
        "The primary address first. Empty, with `ipv6s`, is an IPv6-only interface; empty without `ipv6s`, on a further interface, one for EFA alone.",
    ),
    key(
        "public-ipv4s",
        r#"["192.0.2.54"]"#,
        forms::IPV4S,
        "The nth maps to the nth private address. Further interfaces have none unless set.",
    ),
    key("ipv6s", "[]", Form::List(&forms::IPV6), "IPv6 addresses."),
    key("ipv4-prefixes", "[]", Form::List(&forms::IPV4_NET), "Delegated prefixes."),
    key("ipv6-prefixes", "[]", Form::List(&forms::IPV6_NET), "Delegated prefixes."),
    key("subnet-id", r#""subnet-0ac62554""#, forms::SUBNET_ID, "The subnet."),
    key("vpc-id", r#""vpc-d295a6a7""#, forms::VPC_ID, "The VPC."),
    key(
        "subnet-ipv4-cidr-block",
        r#""172.16.32.0/20""#,
        forms::IPV4_NET,
        "Unless set the /20 around the first private address.",
    ),
    key(
        "subnet-ipv6-cidr-blocks",
        "[]",
        Form::List(&forms::IPV6_NET),
        "Unless set the /64 around the first IPv6 address.",
    ),
    key(
        "vpc-ipv4-cidr-blocks",
        r#"["172.16.0.0/16"]"#,
        Form::List(&forms::IPV4_NET),
        "Unless set the /16 around the first private address.",
    ),
    key(
        "vpc-ipv6-cidr-blocks",
        "[]",
        Form::List(&forms::IPV6_NET),
        "Unless set the /56 around the first IPv6 address.",
    ),
    key("security-groups", r#"["default"]"#, forms::LINES, "Those of the instance unless set."),
    key(
        "security-group-ids",
        r#"["sg-0b07f8f6cb485d4df"]"#,
        Form::List(&forms::SECURITY_GROUP_ID),
        "Those of the instance unless set.",
    ),
    key("owner-id", "", forms::ACCOUNT_ID, "The instance's account unless set."),
    key(
        "network-card",
        "",
        Form::Integer(0, 255),
        "Index of the network card, on instance types with several. Absent unless set, and then card 0.",
    ),
];
