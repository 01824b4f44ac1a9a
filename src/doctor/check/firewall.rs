//! Whether callers on bridges get past the host's own firewall, and the rule that lets them in.

use std::net::Ipv4Addr;

use crate::doctor::Finding;
use crate::doctor::facts::{CallerInterface, HostFacts};
use crate::doctor::ruleset::{Packet, PacketFate, RulePosition, Ruleset};
use crate::host::settings::Redirect;
use crate::model::endpoint::{ADDRESS_V4, METADATA_PORT, SERVICE_PORT};

/// The first packet of a caller.
pub(super) fn packet(interface: &str, source: Option<Ipv4Addr>, port: u16) -> Packet {
    Packet { interface: interface.into(), source, destination: ADDRESS_V4, port }
}

/// Whether callers get past the host's own firewall.
pub(super) fn firewall(facts: &HostFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts
        .strangers
        .iter()
        .map(|bridge| {
            Finding::note("callers", format!("the bridge {bridge} is not on the list of host.toml"))
                .means("its guests are kept out; if they are containers of this host, add it: [host] bridges")
        })
        .collect();
    if !facts.up() {
        return findings;
    }
    let rules = match &facts.rules {
        Ok(rules) => rules,
        Err(why) => {
            let on = facts.firewalls.join(" and ");
            let on = if on.is_empty() { String::new() } else { format!("; {on} is on") };
            findings.push(Finding::unseen("firewall", format!("{why}{on}")));
            return findings;
        }
    };
    if !rules.unlisted.is_empty() {
        let tables = rules.unlisted.join(", ");
        findings
            .push(Finding::unseen("firewall", format!("nft can't list as JSON: {tables}; a newer nft can")));
    }
    let port = if facts.applied().redirect == Redirect::None { METADATA_PORT } else { SERVICE_PORT };
    let mut stopped = 0;
    for caller in &facts.callers {
        let outcome =
            rules.judge(&packet(&caller.name, caller.caller, port), ("filter", "input"), |_, _| false);
        if let PacketFate::Ends(place) = outcome {
            stopped += 1;
            findings.push(closed(rules, caller, &place, port));
        }
    }
    if stopped == 0 {
        let names: Vec<&str> = facts.callers.iter().map(|caller| caller.name.as_str()).collect();
        findings.push(match names.as_slice() {
            [] => Finding::well("firewall", "there is no container bridge at the moment"),
            names => Finding::well("firewall", format!("lets callers in from {}", names.join(", "))),
        });
    }
    findings
}

fn closed(rules: &Ruleset, caller: &CallerInterface, place: &RulePosition, port: u16) -> Finding {
    let name = &caller.name;
    let finding = Finding::problem("firewall", format!("the chain {} of the table {} stops callers on {name}: {}", place.base, place.table, place.how))
        .means(format!("containers behind {name} time out; programs of this host are not concerned. The redirect changed the port to {port} before this chain sees the packet"));
    let (finding, commands) = (finding, opening(rules, name, place, port));
    commands.into_iter().fold(finding, Finding::mend)
}

/// The commands of the firewall that has this chain, which let callers in.
fn opening(rules: &Ruleset, interface: &str, place: &RulePosition, port: u16) -> Vec<String> {
    let table = place.table.as_str();
    if rules.has_chain(table, "ufw-") {
        return vec![format!("ufw allow in on {interface} to 169.254.169.254 port {port} proto tcp")];
    }
    if table.ends_with(" firewalld") {
        let zone = place.path.iter().find_map(|chain| chain.strip_prefix("filter_IN_"));
        let zone = zone.map_or_else(|| format!("\"$(firewall-cmd --get-zone-of-interface={interface} || firewall-cmd --get-default-zone)\""), |zone| zone.trim_start_matches("policy_").to_owned());
        return vec![
            format!(
                "firewall-cmd --permanent --zone={zone} --add-rich-rule='rule family=\"ipv4\" destination address=\"169.254.169.254\" port port=\"{port}\" protocol=\"tcp\" accept'"
            ),
            "firewall-cmd --reload".into(),
        ];
    }
    if rules.iptables.is_some() && table == "ip filter" {
        return vec![format!(
            "iptables -I {} -i {interface} -d 169.254.169.254 -p tcp --dport {port} -j ACCEPT",
            place.base
        )];
    }
    let rule = format!("iifname \"{interface}\" ip daddr 169.254.169.254 tcp dport {port} accept");
    vec![
        format!("nft 'insert rule {table} {} {rule}'", place.base),
        format!("editor /etc/nftables.conf   # and there, so that it stays: {rule}"),
    ]
}
