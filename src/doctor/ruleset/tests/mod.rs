//! Packets that other programs' rules drop, divert and accept.

mod nft;

use super::*;
use nft::listed;

fn from_a_bridge(port: u16) -> Packet {
    let destination = Ipv4Addr::new(169, 254, 169, 254);
    Packet { interface: "br-test".into(), source: Some([172, 30, 0, 2].into()), destination, port }
}

fn judge(rules: &Ruleset) -> PacketFate {
    rules.fate_of(&from_a_bridge(1690), ("filter", "input"), |_, _| false)
}

#[test]
fn a_reject_behind_a_jump_is_found_with_its_path() {
    let nft = r#"{"nftables": [
        {"chain": {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "prio": 10, "policy": "accept"}},
        {"chain": {"family": "inet", "table": "filter", "name": "zone"}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "expr": [
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "expr": [
            {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "br-*"}}, {"jump": {"target": "zone"}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "zone", "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, {"range": [80, 443]}]}}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "zone", "expr": [{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}]}}]}"#;
    let rules = Ruleset { nft: vec![nft.into()], ..Ruleset::default() };
    let PacketFate::Dropped(place) = judge(&rules) else { panic!("it passes") };
    assert_eq!((place.table.as_str(), place.base_chain.as_str()), ("inet filter", "input"));
    assert_eq!(place.chains, ["input", "zone"]);
    assert_eq!(rules.fate_of(&from_a_bridge(80), ("filter", "input"), |_, _| false), PacketFate::Accepted);
}

/// As ufw 0.36 writes it.
const UFW: &str = "*filter
:INPUT DROP [0:0]
:ufw-before-input - [0:0]
:ufw-not-local - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -j ufw-user-input
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix \"[UFW BLOCK] \"
-A ufw-not-local -j DROP
RULE
COMMIT
";

#[test]
fn ufw_drops_by_its_policy_until_a_rule_accepts() {
    let rules = |rule: &str| Ruleset { iptables: Some(UFW.replace("RULE", rule)), ..Ruleset::default() };
    let PacketFate::Dropped(place) = judge(&rules("")) else { panic!("it passes") };
    assert_eq!((place.table.as_str(), place.cause.as_str()), ("ip filter", "its policy is to drop"));
    let accept = "-A ufw-user-input -d 169.254.169.254/32 -i br-test -p tcp -m tcp --dport 1690 -j ACCEPT";
    assert_eq!(judge(&rules(accept)), PacketFate::Accepted);
    for other in
        [accept.replace("br-test", "docker0"), accept.replace("1690", "80"), accept.replace("-i", "! -i")]
    {
        assert_ne!(judge(&rules(&other)), PacketFate::Accepted, "{other}");
    }
}

/// The fate of the packet at a hook of the IPv4 table that iptables-save prints so.
fn saved(table: &str, lines: &str) -> Ruleset {
    Ruleset { iptables: Some(format!("*{table}\n{lines}\nCOMMIT\n")), ..Ruleset::default() }
}

#[test]
fn a_rule_of_iptables_applies_by_all_its_conditions() {
    let applies = [
        "",
        "-i br-test",
        "-i br+",
        "! -i docker0",
        "-p tcp",
        "-p 6",
        "-p all",
        "-d 169.254.0.0/16",
        "-s 172.30.0.0/24",
        "! -s 10.0.0.0/8",
        "-p tcp -m tcp --dport 1690",
        "-p tcp -m tcp --dport 1600:1700",
        "-p tcp -m multiport --dports 22,1690",
        "-m conntrack --ctstate NEW,INVALID",
        "-m state --state NEW",
        "-m conntrack --ctstate DNAT",
        "-m addrtype --dst-type LOCAL",
        "-m addrtype --src-type UNICAST",
        "-m comment --comment \"-i docker0 of old\" -i br-test",
    ];
    let others = [
        "! -i br-test",
        "-i docker+",
        "-p udp",
        "-d 10.0.0.0/8",
        "-s 10.0.0.0/8",
        "-s 172.30.0.0/24 ! -d 169.254.0.0/16",
        "-p tcp -m tcp --dport 80",
        "-p tcp -m tcp --dport 80:90",
        "-p tcp -m multiport --dports 22,80",
        "-m conntrack --ctstate RELATED,ESTABLISHED",
        "-m state --state ESTABLISHED",
        "-m addrtype --dst-type BROADCAST",
        "-m addrtype --src-type LOCAL",
        "-i br-test -m limit --limit 3/min",
        // What is not understood decides nothing, negated neither.
        "! --mark 1",
        "-p tcp -m tcp --dport http",
    ];
    for (conditions, expected) in applies.map(|it| (it, true)).into_iter().chain(others.map(|it| (it, false)))
    {
        let rules = saved("filter", &format!(":INPUT ACCEPT [0:0]\n-A INPUT {conditions} -j DROP"));
        let dropped = matches!(judge(&rules), PacketFate::Dropped(_));
        assert_eq!(dropped, expected, "-A INPUT {conditions} -j DROP");
    }
}

#[test]
fn a_target_of_iptables_decides_jumps_or_only_notes() {
    let fate = |rules: &str| judge(&saved("filter", &format!(":INPUT DROP [0:0]\n:zone - [0:0]\n{rules}")));
    let accepted = [
        "-A INPUT -j ACCEPT",
        "-A INPUT -j zone\n-A zone -j ACCEPT",
        "-A INPUT -g zone\n-A zone -j ACCEPT",
        // Not every name in capitals is a target, as Docker shows.
        ":DOCKER - [0:0]\n-A INPUT -j DOCKER\n-A DOCKER -j ACCEPT",
        "-A INPUT -j LOG\n-A INPUT -j ACCEPT",
    ];
    for rules in accepted {
        assert_eq!(fate(rules), PacketFate::Accepted, "{rules}");
    }
    let causes = [
        (
            "-A INPUT -j REJECT --reject-with icmp-port-unreachable",
            "the rule \"-j REJECT --reject-with icmp-port-unreachable\" of INPUT",
        ),
        ("-A INPUT -j LOG\n-A INPUT -j DROP", "the rule \"-j DROP\" of INPUT"),
        // Back to the caller, to what stands behind the jump.
        ("-A INPUT -j zone\n-A zone -j RETURN\n-A INPUT -j DROP", "the rule \"-j DROP\" of INPUT"),
        // Not back: to the policy.
        ("-A INPUT -g zone\n-A zone -j RETURN\n-A INPUT -j ACCEPT", "its policy is to drop"),
        ("-A INPUT -j RETURN\n-A INPUT -j ACCEPT", "its policy is to drop"),
        ("-A INPUT -j absent", "its policy is to drop"),
        ("-A INPUT -j MARK --set-xmark 0x1/0x1", "its policy is to drop"),
        // Rules that call each other end.
        ("-A INPUT -j zone\n-A zone -j zone", "its policy is to drop"),
    ];
    for (rules, expected) in causes {
        let PacketFate::Dropped(place) = fate(rules) else { panic!("accepted, not dropped: {rules}") };
        assert_eq!(place.cause, expected, "{rules}");
    }
}

#[test]
fn jumps_are_followed_to_a_depth_that_no_kernel_has() {
    let fate = |depth: usize| {
        let declared = (1..=depth).map(|n| format!(":c{n} - [0:0]\n")).collect::<Vec<_>>().concat();
        let jumps = (1..depth).map(|n| format!("-A c{n} -j c{}\n", n + 1)).collect::<Vec<_>>().concat();
        let rules = format!(":INPUT DROP [0:0]\n{declared}-A INPUT -j c1\n{jumps}-A c{depth} -j ACCEPT");
        judge(&saved("filter", &rules))
    };
    assert_eq!(fate(DEPTH - 1), PacketFate::Accepted, "with the base chain there are {DEPTH}");
    assert_ne!(fate(DEPTH), PacketFate::Accepted);
}

#[test]
fn the_chains_of_a_hook_are_traversed_by_priority() {
    let fate = |rules: &Ruleset, hook| rules.fate_of(&from_a_bridge(1690), hook, |_, _| false);
    let text = "*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -j REDIRECT --to-ports 8080
COMMIT
*mangle
:PREROUTING DROP [0:0]
COMMIT
*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -j DROP
COMMIT
";
    let rules = Ruleset { iptables: Some(text.into()), ..Ruleset::default() };
    let PacketFate::Diverted(place) = fate(&rules, ("nat", "prerouting")) else { panic!("not redirected") };
    assert_eq!((place.table.as_str(), place.base_chain.as_str()), ("ip nat", "PREROUTING"));
    let PacketFate::Dropped(place) = fate(&rules, ("filter", "prerouting")) else { panic!("not dropped") };
    assert_eq!(place.table, "ip raw", "raw is at -300, before mangle at -150");
    let without_raw = rules.fate_of(&from_a_bridge(1690), ("filter", "prerouting"), |table, priority| {
        (table, priority) == ("ip raw", -300)
    });
    let PacketFate::Dropped(place) = without_raw else { panic!("not dropped") };
    assert_eq!(place.table, "ip mangle");
    assert_eq!(fate(&rules, ("filter", "input")), PacketFate::Accepted, "no chain is at this hook");

    // mangle is at -150, before filter at 0.
    let both = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n*mangle\n:INPUT DROP [0:0]\nCOMMIT\n";
    let both = Ruleset { iptables: Some(both.into()), ..Ruleset::default() };
    let PacketFate::Dropped(place) = fate(&both, ("filter", "input")) else { panic!("not dropped") };
    assert_eq!(place.table, "ip mangle");

    // iptables' nat is at -100, before another table of nft's at 0.
    let nft = r#"{"nftables": [
        {"chain": {"family": "ip", "table": "other", "name": "pre", "type": "nat", "hook": "prerouting", "prio": 0, "policy": "accept"}},
        {"rule": {"family": "ip", "table": "other", "chain": "pre", "expr": [{"drop": null}]}}]}"#;
    let rules = Ruleset { nft: vec![nft.into()], ..rules };
    let PacketFate::Diverted(place) = fate(&rules, ("nat", "prerouting")) else { panic!("not redirected") };
    assert_eq!(place.table, "ip nat");
}

#[test]
fn iptables_speaks_for_its_tables() {
    let nft = listed("drop", r#"{"accept": null}"#).nft;
    let rules =
        Ruleset { nft, iptables: Some("*t\n:INPUT DROP [0:0]\nCOMMIT\n".into()), ..Ruleset::default() };
    let PacketFate::Dropped(place) = judge(&rules) else { panic!("the rules of nft were taken") };
    assert_eq!(place.base_chain, "INPUT");
    // The other way round, and with a table that iptables does not have.
    let drop = listed("accept", r#"{"drop": null}"#).nft;
    let saved = |table: &str| {
        let text = format!("*{table}\n:INPUT ACCEPT [0:0]\nCOMMIT\n");
        judge(&Ruleset { nft: drop.clone(), iptables: Some(text), ..Ruleset::default() })
    };
    assert_eq!(saved("t"), PacketFate::Accepted);
    let PacketFate::Dropped(place) = saved("filter") else { panic!("the rules of nft were left out") };
    assert_eq!((place.table.as_str(), place.base_chain.as_str()), ("ip t", "input"));
    assert!(rules.has_chain("ip t", "INP"));
    assert!(!rules.has_chain("ip t", "OUT") && !rules.has_chain("ip other", "INP"));
}
