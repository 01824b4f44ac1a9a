//! Ports, firewalls, and the interfaces of containers.

use super::{assert_is, assert_problem, finding, findings, listener};
use crate::doctor::facts::{GuardianProcess, HostFacts};
use crate::doctor::report::FindingLevel::{Note, Ok as Healthy, Problem, Unknown};
use crate::doctor::ruleset::Ruleset;
use crate::host::settings::Redirect;
use crate::host::uplinks::Uplink;

fn listening(address: &str, bind: bool) -> Vec<(&'static str, crate::doctor::report::FindingLevel)> {
    let mut facts = super::healthy();
    facts.listeners.push(listener(address));
    if bind {
        facts.published.as_mut().expect("it is up").settings.redirect = Redirect::None;
    }
    let found = super::examine(&facts).findings;
    let named = found.into_iter().map(|it| (it.check.into(), it.level));
    named.filter(|(name, _): &(&str, _)| name.starts_with("port-")).collect()
}

#[test]
fn a_port_is_taken_or_shared() {
    assert_eq!(listening("0.0.0.0:1690", false), [("port-1690", Problem)]);
    assert_eq!(listening("[::]:1690", false), [("port-1690", Problem)]);
    assert_eq!(listening("0.0.0.0:80", false), [("port-80", Note)]);
    assert_eq!(listening("0.0.0.0:80", true), [("port-80", Problem)]);
    assert_eq!(listening("169.254.169.254:80", false), [("port-80", Problem)]);
    assert_eq!(listening("169.254.169.254:80", true), []);
    assert_eq!(listening("127.0.0.1:80", false), []);
    assert_eq!(listening("127.0.0.1:1690", false), []);
    assert_eq!(listening("0.0.0.0:8080", false), []);
    let nameless = finding("port-80", |facts| {
        facts
            .listeners
            .push(crate::doctor::facts::ListeningSocket { process: None, ..listener("0.0.0.0:80") });
    });
    assert_is(&nameless, Note, "a process listens on 0.0.0.0:80: both work, the redirect takes precedence");
}

#[test]
fn a_socket_of_bind_mode_beside_a_redirect_is_a_contradiction() {
    let half = finding("bind", |facts| facts.listeners = vec![listener("169.254.169.254:80")]);
    assert_problem(&half, "nginx (7) listens on 169.254.169.254:80", "mock-imds.socket.d/bind.conf");
}

fn redirects(hook: &str, priority: i64, condition: &str) -> Ruleset {
    let text = format!(
        r#"{{"nftables": [{{"chain": {{"family": "ip", "table": "other", "name": "dst", "type": "nat", "hook": "{hook}", "prio": {priority}, "policy": "accept"}}}},
        {{"rule": {{"family": "ip", "table": "other", "chain": "dst", "expr": [{condition}{{"redirect": {{"port": 8080}}}}]}}}}]}}"#
    );
    Ruleset { nft: vec![text], ..Ruleset::default() }
}

#[test]
fn a_redirect_ahead_of_ours_is_found_for_the_host_and_for_containers() {
    let rules = |rules: Ruleset| move |facts: &mut HostFacts| facts.rules = Ok(rules);
    let found = "the rule \"dnat\" of dst in the table ip other changes the destination of requests first";
    assert_problem(
        &finding("port-80", rules(redirects("output", -150, ""))),
        found,
        "nft -a list chain ip other dst",
    );
    assert_problem(
        &finding("port-80", rules(redirects("prerouting", -110, ""))),
        found,
        "nft -a list chain ip other dst",
    );
    assert!(findings("port-80", rules(redirects("output", -109, ""))).is_empty(), "ours comes first");
    let from = r#"{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "docker0"}}, "#;
    assert_eq!(findings("port-80", rules(redirects("prerouting", -150, from))).len(), 1);
    assert!(
        findings("port-80", rules(redirects("output", -150, from))).is_empty(),
        "the host is on no bridge"
    );
    let ours = findings("port-80", |facts| {
        let text = redirects("output", -110, "").nft.remove(0);
        let text = text.replace("\"other\"", "\"mock-imds\"").replace("\"ip\"", "\"inet\"");
        facts.rules = Ok(Ruleset { nft: vec![text], ..Ruleset::default() });
    });
    assert!(ours.is_empty(), "{ours:?}");
    let down = findings("port-80", |facts| {
        facts.rules = Ok(redirects("output", -150, ""));
        facts.guardian = GuardianProcess::Gone;
    });
    assert!(down.is_empty(), "{down:?}");
}

/// A chain at the input hook that drops what this rule lets through to it.
fn drops(table: &str, chain: &str, expressions: &str) -> Ruleset {
    let (family, name) = table.split_once(' ').expect("a family and a name");
    let text = format!(
        r#"{{"nftables": [{{"chain": {{"family": "{family}", "table": "{name}", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}}}},
        {{"chain": {{"family": "{family}", "table": "{name}", "name": "{chain}"}}}},
        {{"rule": {{"family": "{family}", "table": "{name}", "chain": "input", "expr": [{{"jump": {{"target": "{chain}"}}}}]}}}},
        {{"rule": {{"family": "{family}", "table": "{name}", "chain": "{chain}", "expr": [{expressions}{{"drop": null}}]}}}}]}}"#
    );
    Ruleset { nft: vec![text], ..Ruleset::default() }
}

#[test]
fn a_firewall_that_stops_callers_gets_its_own_commands() {
    let stopped = |rules: Ruleset| finding("firewall", |facts| facts.rules = Ok(rules));
    let nft = stopped(drops("inet filter", "zone", ""));
    let found =
        "the chain input of the table inet filter stops callers on docker0: the rule \"drop\" of zone";
    assert_problem(
        &nft,
        found,
        "nft 'insert rule inet filter input iifname \"docker0\" ip daddr 169.254.169.254 tcp dport 1690 accept'",
    );
    let ufw = stopped(drops("ip filter", "ufw-before-input", ""));
    assert_eq!(ufw.repair, ["ufw allow in on docker0 to 169.254.169.254 port 1690 proto tcp"]);
    let zone = stopped(drops("inet firewalld", "filter_IN_policy_public", ""));
    assert!(zone.repair[0].starts_with("firewall-cmd --permanent --zone=public "), "{zone}");
    let no_zone = stopped(drops("inet firewalld", "other", ""));
    assert!(no_zone.repair[0].contains("--get-zone-of-interface=docker0"), "{no_zone}");
    let iptables = |table: &str| {
        let text = format!("*{table}\n:INPUT DROP [0:0]\nCOMMIT\n");
        stopped(Ruleset { iptables: Some(text), ..Ruleset::default() }).repair
    };
    assert_eq!(
        iptables("filter"),
        ["iptables -I INPUT -i docker0 -d 169.254.169.254 -p tcp --dport 1690 -j ACCEPT"]
    );
    assert!(iptables("mangle")[0].starts_with("nft 'insert rule ip mangle INPUT"));
}

#[test]
fn callers_that_pass_are_named() {
    assert_is(&finding("firewall", |_| {}), Healthy, "lets callers in from docker0");
    let none = finding("firewall", |facts| facts.callers.clear());
    assert_is(&none, Healthy, "there is no container bridge at the moment");
    let port_80 = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}, "#;
    let redirected = finding("firewall", |facts| facts.rules = Ok(drops("inet filter", "zone", port_80)));
    assert_eq!(redirected.level, Healthy, "the packet has port 1690 by then: {redirected}");
    let bound = finding("firewall", |facts| {
        facts.rules = Ok(drops("inet filter", "zone", port_80));
        facts.published.as_mut().expect("it is up").settings.redirect = Redirect::None;
    });
    assert_eq!(bound.level, Problem, "{bound}");
    assert!(findings("firewall", |facts| facts.guardian = GuardianProcess::Gone).is_empty());
}

#[test]
fn rules_that_are_not_seen_are_said_to_be() {
    let unseen = finding("firewall", |facts| facts.rules = Err("root only".into()));
    assert_is(&unseen, Unknown, "root only");
    let named = finding("firewall", |facts| {
        facts.rules = Err("root only".into());
        facts.firewalls = vec!["ufw", "firewalld"];
    });
    assert_is(&named, Unknown, "root only; ufw and firewalld is on");
    let unlisted = findings("firewall", |facts| {
        let unlisted = vec!["inet x".into(), "ip y".into()];
        facts.rules = Ok(Ruleset { unlisted, ..Ruleset::default() });
    });
    assert_is(&unlisted[0], Unknown, "nft can't list as JSON: inet x, ip y; a newer nft can");
    assert_eq!(unlisted[1].level, Healthy);
}

#[test]
fn an_interface_that_leads_out_is_kept_out() {
    let uplink = || Uplink { name: "br-lan".into(), reason: "eth0 is its port".into() };
    let leads_out = |change: fn(&mut HostFacts)| {
        finding("callers", |facts| {
            facts.uplinks = vec![uplink()];
            facts.published.as_mut().expect("it is up").uplinks = vec![uplink()];
            change(facts);
        })
    };
    assert_is(&leads_out(|_| {}), Note, "br-lan is kept out: eth0 is its port");
    assert_is(&leads_out(|facts| facts.published = None), Note, "br-lan is kept out: eth0 is its port");
    let let_in = "br-lan leads out of this host (eth0 is its port), and is let in";
    let unknown = leads_out(|facts| facts.published.as_mut().expect("it is up").uplinks.clear());
    assert_problem(&unknown, let_in, "systemctl restart mock-imds-net");
    let without_guardian = leads_out(|facts| {
        let status = facts.published.as_mut().expect("it is up");
        status.uplinks[0].name = "br-other".into();
        status.pid = None;
    });
    assert_problem(&without_guardian, let_in, "mock-imds net up");
    let bound =
        leads_out(|facts| facts.published.as_mut().expect("it is up").settings.redirect = Redirect::None);
    assert_is(&bound, Note, "br-lan leads out of this host: eth0 is its port");
    let bridge = finding("callers", |facts| facts.unlisted_bridges = vec!["cni0".into()]);
    assert_is(&bridge, Note, "the bridge cni0 is not on the list of host.toml");
}
