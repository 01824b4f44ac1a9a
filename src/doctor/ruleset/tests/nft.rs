//! Rules as nft lists them.

use super::super::{PacketFate, Ruleset};
use super::judge;

/// A table of nft whose chain `input` has one rule.
pub(super) fn listed(policy: &str, expressions: &str) -> Ruleset {
    let text = format!(
        r#"{{"nftables": [{{"metainfo": {{"version": "1.0.6"}}}},
        {{"chain": {{"family": "ip6", "table": "other", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}}},
        {{"chain": {{"family": "ip", "table": "t", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "{policy}"}}}},
        {{"chain": {{"family": "ip", "table": "t", "name": "zone"}}}},
        {{"rule": {{"family": "ip", "table": "t", "chain": "zone", "expr": [{{"drop": null}}]}}}},
        {{"rule": {{"family": "ip", "table": "t", "chain": "input", "expr": [{expressions}]}}}}]}}"#
    );
    Ruleset { nft: vec![text], ..Ruleset::default() }
}

fn compare(left: &str, op: &str, right: &str) -> String {
    format!(r#"{{"match": {{"op": "{op}", "left": {left}, "right": {right}}}}}"#)
}

#[test]
fn a_rule_of_nft_applies_by_all_its_conditions() {
    let interface = r#"{"meta": {"key": "iifname"}}"#;
    let port = r#"{"payload": {"protocol": "tcp", "field": "dport"}}"#;
    let source = r#"{"payload": {"protocol": "ip", "field": "saddr"}}"#;
    let destination = r#"{"payload": {"protocol": "ip", "field": "daddr"}}"#;
    let type_of_destination = r#"{"fib": {"result": "type", "flags": ["daddr"]}}"#;
    let type_of_source = r#"{"fib": {"result": "type", "flags": ["saddr", "iif"]}}"#;
    let meta = |key: &str| format!(r#"{{"meta": {{"key": "{key}"}}}}"#);
    let applies = [
        compare(interface, "==", r#""br-test""#),
        compare(interface, "==", r#""br-*""#),
        compare(interface, "!=", r#""docker0""#),
        compare(&meta("iif"), "==", r#""br-test""#),
        compare(interface, "==", r#"{"set": ["docker0", "br-test"]}"#),
        compare(&meta("l4proto"), "==", r#""tcp""#),
        compare(&meta("l4proto"), "==", "6"),
        compare(&meta("nfproto"), "==", r#""ipv4""#),
        compare(&meta("protocol"), "==", r#""ip""#),
        compare(&meta("pkttype"), "==", r#""host""#),
        compare(&meta("pkttype"), "==", r#""unicast""#),
        compare(r#"{"ct": {"key": "state"}}"#, "in", r#"["established", "new"]"#),
        compare(r#"{"ct": {"key": "status"}}"#, "in", r#""dnat""#),
        compare(port, "==", "1690"),
        compare(r#"{"payload": {"protocol": "th", "field": "dport"}}"#, "==", "1690"),
        compare(port, "==", r#"{"range": [1690, 1700]}"#),
        compare(port, "==", r#"{"range": [1600, 1690]}"#),
        compare(port, "==", r#"{"set": [22, {"elem": {"val": 1690, "counter": null}}]}"#),
        compare(source, "==", r#""172.30.0.2""#),
        compare(source, "==", r#"{"prefix": {"addr": "172.30.0.0", "len": 24}}"#),
        compare(destination, "!=", r#""10.0.0.1""#),
        compare(
            destination,
            "==",
            r#"{"set": ["10.0.0.1", {"prefix": {"addr": "169.254.0.0", "len": 16}}]}"#,
        ),
        compare(r#"{"payload": {"protocol": "ip", "field": "protocol"}}"#, "==", r#""tcp""#),
        compare(r#"{"payload": {"protocol": "ip", "field": "protocol"}}"#, "==", "6"),
        compare(r#"{"payload": {"protocol": "udp", "field": "dport"}}"#, "!=", "0"),
        compare(type_of_destination, "==", r#""local""#),
        compare(type_of_source, "==", r#""unicast""#),
    ];
    let others = [
        compare(interface, "==", r#""docker0""#),
        compare(interface, "!=", r#""br-*""#),
        compare(interface, "==", r#"{"set": ["docker0", "lo"]}"#),
        compare(&meta("l4proto"), "==", r#""udp""#),
        compare(&meta("l4proto"), "==", "17"),
        compare(&meta("nfproto"), "==", r#""ipv6""#),
        compare(&meta("protocol"), "==", r#""arp""#),
        compare(&meta("pkttype"), "==", r#""broadcast""#),
        compare(r#"{"ct": {"key": "state"}}"#, "in", r#"["established", "related"]"#),
        compare(r#"{"ct": {"key": "status"}}"#, "in", r#""snat""#),
        compare(r#"{"ct": {"key": "mark"}}"#, "==", r#""new""#),
        compare(&meta("mark"), "==", r#""br-test""#),
        compare(port, "==", "80"),
        compare(port, "==", r#"{"range": [1691, 1700]}"#),
        compare(port, "==", r#"{"range": [1, 1689]}"#),
        compare(r#"{"payload": {"protocol": "tcp", "field": "sport"}}"#, "==", "1690"),
        compare(source, "==", r#""172.30.0.3""#),
        compare(source, "==", r#"{"prefix": {"addr": "172.31.0.0", "len": 24}}"#),
        compare(destination, "==", r#""10.0.0.1""#),
        compare(r#"{"payload": {"protocol": "ip", "field": "protocol"}}"#, "==", r#""udp""#),
        compare(r#"{"payload": {"protocol": "ip", "field": "protocol"}}"#, "==", "17"),
        compare(r#"{"payload": {"protocol": "udp", "field": "dport"}}"#, "==", "1690"),
        compare(r#"{"payload": {"protocol": "ip6", "field": "saddr"}}"#, "==", r#""::1""#),
        compare(type_of_destination, "==", r#""broadcast""#),
        compare(type_of_source, "==", r#""local""#),
        compare(r#"{"fib": {"result": "oif", "flags": ["daddr"]}}"#, "==", r#""local""#),
        // What stands in a named set is not known here, and an order is no equality.
        compare(interface, "==", r#""@bridges""#),
        compare(interface, "!=", r#""@bridges""#),
        compare(port, "<=", "1690"),
        // A limit, and what an extension of iptables asks.
        format!(r#"{{"limit": {{"rate": 3, "per": "minute"}}}}, {}"#, compare(port, "==", "1690")),
        r#"{"xt": {"type": "match", "name": "comment"}}"#.to_owned(),
        format!("{}, {}", compare(port, "==", "1690"), compare(interface, "==", r#""docker0""#)),
    ];
    for (conditions, expected) in
        applies.into_iter().map(|it| (it, true)).chain(others.into_iter().map(|it| (it, false)))
    {
        let dropped = matches!(
            judge(&listed("accept", &format!(r#"{conditions}, {{"drop": null}}"#))),
            PacketFate::Dropped(_)
        );
        assert_eq!(dropped, expected, "{conditions}");
    }
}

#[test]
fn a_verdict_of_nft_is_told_with_its_rule() {
    let port = compare(r#"{"payload": {"protocol": "tcp", "field": "dport"}}"#, "==", "1690");
    let interface = compare(r#"{"meta": {"key": "iifname"}}"#, "!=", r#""lo""#);
    let causes = [
        (format!(r#"{port}, {{"counter": {{"packets": 0, "bytes": 0}}}}, {{"drop": null}}"#), "the rule \"tcp dport 1690 drop\" of input"),
        (format!(r#"{interface}, {port}, {{"reject": null}}"#), "the rule \"meta iifname != lo tcp dport 1690 drop\" of input"),
        (r#"{"jump": {"target": "zone"}}"#.into(), "the rule \"drop\" of zone"),
        (r#"{"goto": {"target": "zone"}}"#.into(), "the rule \"drop\" of zone"),
        (
            r#"{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": [["lo", {"accept": null}], ["br-test", {"jump": {"target": "zone"}}]]}}}"#.into(),
            "the rule \"drop\" of zone",
        ),
        (r#"{"return": null}"#.into(), "its policy is to drop"),
        (r#"{"log": null}"#.into(), "its policy is to drop"),
        (r#"{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": [["lo", {"accept": null}]]}}}"#.into(), "its policy is to drop"),
    ];
    for (expressions, expected) in causes {
        let PacketFate::Dropped(place) = judge(&listed("drop", &expressions)) else {
            panic!("not dropped: {expressions}")
        };
        assert_eq!((place.table.as_str(), place.cause.as_str()), ("ip t", expected), "{expressions}");
    }
    assert_eq!(judge(&listed("drop", r#"{"accept": null}"#)), PacketFate::Accepted);
    for diverts in [r#"{"redirect": {"port": 80}}"#, r#"{"dnat": {"addr": "10.0.0.1"}}"#] {
        assert!(matches!(judge(&listed("drop", diverts)), PacketFate::Diverted(_)), "{diverts}");
    }
}

#[test]
fn what_is_behind_a_return_of_nft_is_not_asked() {
    let text = r#"{"nftables": [
        {"chain": {"family": "ip", "table": "t", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
        {"rule": {"family": "ip", "table": "t", "chain": "input", "expr": [VERDICT]}},
        {"rule": {"family": "ip", "table": "t", "chain": "input", "expr": [{"drop": null}]}}]}"#;
    let fate =
        |verdict: &str| judge(&Ruleset { nft: vec![text.replace("VERDICT", verdict)], ..Ruleset::default() });
    assert_eq!(fate(r#"{"return": null}"#), PacketFate::Accepted);
    assert!(matches!(fate(r#"{"log": null}"#), PacketFate::Dropped(_)));
}
