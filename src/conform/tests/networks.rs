//! Interfaces and their addresses.

use super::scripted::{judged, leaf};

const FIRST: &str = "meta-data/network/interfaces/macs/02:00:00:00:00:01";
const SECOND: &str = "meta-data/network/interfaces/macs/02:00:00:00:00:02";

#[test]
fn interfaces_do_not_contradict_each_other() {
    let (number, card) = (leaf(SECOND, "device-number"), leaf(SECOND, "network-card"));
    let (addresses, id) = (leaf(SECOND, "local-ipv4s"), leaf(SECOND, "interface-id"));
    let own = leaf(SECOND, "mac");
    let macs = "meta-data/network/interfaces/macs/";
    judged(&[
        ("device-numbers-unique", &[], "passed"),
        (
            "device-numbers-unique",
            &[(&number, Some("0"))],
            "found device 0 of card 0 twice, the second time 02:00:00:00:00:02",
        ),
        ("device-numbers-unique", &[(&number, Some("0")), (&card, Some("1"))], "passed"),
        (
            "device-numbers-unique",
            &[(&number, None), (&leaf(FIRST, "device-number"), None)],
            "skipped: no interface is listed",
        ),
        ("interface-ids-unique", &[], "passed"),
        (
            "interface-ids-unique",
            &[(&id, Some("eni-00000001"))],
            "found eni-00000001 twice, the second time of 02:00:00:00:00:02",
        ),
        ("addresses-unique", &[], "passed"),
        (
            "addresses-unique",
            &[(&addresses, Some("10.0.0.9\n10.0.0.6"))],
            "found 10.0.0.6 twice, the second time of 02:00:00:00:00:02",
        ),
        (
            "addresses-unique",
            &[(&addresses, None), (&leaf(FIRST, "local-ipv4s"), None)],
            "skipped: no interface has it",
        ),
        ("mac-is-listed", &[], "passed"),
        (
            "mac-is-listed",
            &[("meta-data/mac", Some("02:00:00:00:00:03"))],
            "found \"02:00:00:00:00:03\" and [\"02:00:00:00:00:01\", \"02:00:00:00:00:02\"]",
        ),
        ("primary-is-device-0", &[], "passed"),
        ("primary-is-device-0", &[("meta-data/mac", Some("02:00:00:00:00:02"))], "found \"1\""),
        ("interfaces-listed", &[], "passed"),
        ("interfaces-listed", &[(macs, Some("02:00:00:00:00:01"))], "found the line \"02:00:00:00:00:01\""),
        ("interfaces-listed", &[(macs, Some("02:00:00:00:00:0A/"))], "found the line \"02:00:00:00:00:0A/\""),
        ("interfaces-unique", &[], "passed"),
        (
            "interfaces-unique",
            &[(macs, Some("02:00:00:00:00:0a/\n02:00:00:00:00:0A/"))],
            "found 02:00:00:00:00:0A twice",
        ),
        ("interfaces-have-own-mac", &[], "passed"),
        ("interfaces-have-own-mac", &[(&own, Some("02:00:00:00:00:01"))], "found \"02:00:00:00:00:01\""),
        ("interfaces-omit-empty", &[], "passed"),
        (
            "interfaces-omit-empty",
            &[(&card, Some(""))],
            "found an empty value at /latest/meta-data/network/interfaces/macs/02:00:00:00:00:02/network-card",
        ),
        ("interfaces-card-spelling", &[], "passed"),
        (
            "interfaces-card-spelling",
            &[(&leaf(SECOND, "network-card-index"), Some("0"))],
            "found network-card-index in /latest/meta-data/network/interfaces/macs/02:00:00:00:00:02/",
        ),
    ]);
}

#[test]
fn addresses_are_of_their_networks() {
    let (addresses, subnet) = (leaf(FIRST, "local-ipv4s"), leaf(FIRST, "subnet-ipv4-cidr-block"));
    let (ipv6s, block, blocks) =
        (leaf(FIRST, "ipv6s"), leaf(FIRST, "vpc-ipv4-cidr-block"), leaf(FIRST, "vpc-ipv4-cidr-blocks"));
    let (public, associated) = (leaf(FIRST, "public-ipv4s"), leaf(FIRST, "ipv4-associations/198.51.100.7"));
    let mac = "02:00:00:00:00:01";
    judged(&[
        ("same-local-ipv4-of-interface", &[], "passed"),
        ("same-local-ipv4-of-interface", &[("meta-data/local-ipv4", Some("10.0.0.6"))], "found \"10.0.0.6\""),
        (
            "same-local-ipv4-of-interface",
            &[(&addresses, None)],
            "skipped: the primary interface has no local-ipv4s",
        ),
        ("same-security-groups-of-interface", &[], "passed"),
        ("same-security-groups-of-interface", &[("meta-data/security-groups", Some("ssh"))], "found \"ssh\""),
        ("address-in-subnet", &[], "passed"),
        (
            "address-in-subnet",
            &[(&subnet, Some("10.0.9.0/24"))],
            &format!("found 10.0.0.5 of {mac}, and [10.0.9.0/24]"),
        ),
        ("address-in-subnet", &[(&subnet, None)], "skipped: no interface has both"),
        ("ipv6-in-subnet", &[], "passed"),
        (
            "ipv6-in-subnet",
            &[(&ipv6s, Some("2001:db8:1::5"))],
            &format!("found 2001:db8:1::5 of {mac}, and [2001:db8::/64]"),
        ),
        ("subnet-in-vpc", &[], "passed"),
        (
            "subnet-in-vpc",
            &[(&blocks, Some("10.1.0.0/16"))],
            &format!("found 10.0.0.0/24 of {mac}, and [10.1.0.0/16]"),
        ),
        ("subnet-in-vpc", &[(&blocks, None)], "skipped: no interface has both"),
        ("vpc-block-is-first", &[], "passed"),
        ("vpc-block-is-first", &[(&block, Some("10.1.0.0/16"))], "found \"10.1.0.0/16\""),
        ("vpc-block-is-first", &[(&block, None)], "skipped: no interface has both"),
        ("associations-are-public", &[], "passed"),
        ("associations-are-public", &[(&public, Some("198.51.100.8"))], "found {\"198.51.100.7\"}"),
        ("associations-are-public", &[(&public, None)], "skipped: no interface has a public address"),
        ("associations-are-private", &[], "passed"),
        (
            "associations-are-private",
            &[(&associated, Some("10.0.0.9"))],
            &format!("found \"10.0.0.9\" at /latest/{FIRST}/ipv4-associations/198.51.100.7"),
        ),
        (
            "associations-are-private",
            &[(&associated, Some("x")), (&addresses, Some("x"))],
            &format!("found \"x\" at /latest/{FIRST}/ipv4-associations/198.51.100.7"),
        ),
        ("associations-are-private", &[(&associated, None)], "skipped: no interface has a public address"),
    ]);
}
