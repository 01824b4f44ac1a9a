//! The host's own firewall, which may block callers on bridges, and the rule that lets them in.

use std::net::Ipv4Addr;

use crate::doctor::facts::HostFacts;
use crate::doctor::report::{CheckName, Finding};
use crate::doctor::ruleset::{Packet, PacketFate, RulePosition, Ruleset};
use crate::host::settings::Redirect;
use crate::host::uplinks::Uplink;
use crate::model::endpoint::{ADDRESS_V4, METADATA_PORT, SERVICE_PORT};

/// The first packet of a caller of IMDS.
pub(super) fn packet(interface: &str, source: Option<Ipv4Addr>, port: u16) -> Packet {
    Packet { interface: interface.into(), source, destination: ADDRESS_V4, port }
}

/// The addresses of the endpoints that callers may ask.
fn destinations(facts: &HostFacts) -> Vec<Ipv4Addr> {
    let served = facts.applied_settings().endpoints.into_iter().filter(|endpoint| !facts.refuses(*endpoint));
    served.map(|endpoint| endpoint.service().ipv4()).collect()
}

pub(super) fn firewall(facts: &HostFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.uplinks.iter().map(|uplink| kept_out(facts, uplink)).collect();
    findings.extend(facts.unlisted_bridges.iter().map(|bridge| {
        Finding::note(CheckName::Callers, format!("the bridge {bridge} is not on the list of host.toml"))
            .meaning("its guests are kept out; if they are containers of this host, add it: [host] bridges")
    }));
    if !facts.network_is_up() {
        return findings;
    }
    let rules = match &facts.rules {
        Ok(rules) => rules,
        Err(why) => {
            let on = facts.firewalls.join(" and ");
            let on = if on.is_empty() { String::new() } else { format!("; {on} is on") };
            findings.push(Finding::unknown(CheckName::Firewall, format!("{why}{on}")));
            return findings;
        }
    };
    if !rules.unlisted.is_empty() {
        let tables = rules.unlisted.join(", ");
        findings.push(Finding::unknown(
            CheckName::Firewall,
            format!("nft can't list as JSON: {tables}; a newer nft can"),
        ));
    }
    let port = if facts.applied_settings().redirect == Redirect::None { METADATA_PORT } else { SERVICE_PORT };
    let mut are_stopped = false;
    for caller in &facts.callers {
        for destination in destinations(facts) {
            let packet = Packet { destination, ..packet(&caller.name, caller.caller_address, port) };
            let fate = rules.fate_of(&packet, ("filter", "input"), |_, _| false);
            if let PacketFate::Dropped(place) = fate {
                are_stopped = true;
                findings.push(blocked(rules, &packet, &place));
            }
        }
    }
    if !are_stopped {
        let names: Vec<&str> = facts.callers.iter().map(|caller| caller.name.as_str()).collect();
        findings.push(match names.as_slice() {
            [] => Finding::ok(CheckName::Firewall, "there is no container bridge at the moment"),
            names => Finding::ok(CheckName::Firewall, format!("lets callers in from {}", names.join(", "))),
        });
    }
    findings
}

/// An interface on the list that leads to the LAN.
fn kept_out(facts: &HostFacts, uplink: &Uplink) -> Finding {
    let Uplink { name, reason } = uplink;
    let published = facts.published.as_ref().filter(|_| facts.network_is_up());
    match published {
        Some(status) if status.settings.redirect == Redirect::None => {
            Finding::note(CheckName::Callers, format!("{name} leads out of this host: {reason}"))
                .meaning("in bind mode nothing keeps neighbours on the LAN out")
        }
        Some(status) if !status.uplinks.iter().any(|known| known.name == *name) => {
            let repair =
                if status.pid.is_some() { "systemctl restart mock-imds-net" } else { "mock-imds net up" };
            Finding::problem(CheckName::Callers, format!("{name} leads out of this host ({reason}), and is let in"))
                .meaning("neighbours on the LAN reach the service; it came after the tables were set up")
                .repair(repair)
        }
        _ => Finding::note(CheckName::Callers, format!("{name} is kept out: {reason}")).meaning(format!(
            "neighbours on the LAN would reach the service by it; to trust it all the same, add its exact name \"{name}\" to [host] bridges"
        )),
    }
}

fn blocked(rules: &Ruleset, packet: &Packet, place: &RulePosition) -> Finding {
    let Packet { interface: name, destination, port, .. } = packet;
    let to = if *destination == ADDRESS_V4 { String::new() } else { format!(" of {destination}") };
    let finding = Finding::problem(CheckName::Firewall, format!("the chain {} of the table {} stops callers{to} on {name}: {}", place.base_chain, place.table, place.cause))
        .meaning(format!("containers behind {name} time out; programs of this host are not concerned. The redirect changed the port to {port} before this chain sees the packet"));
    let (finding, commands) = (finding, opening_commands(rules, packet, place));
    commands.into_iter().fold(finding, Finding::repair)
}

/// The commands of the firewall that has this chain, which let callers in.
fn opening_commands(rules: &Ruleset, packet: &Packet, place: &RulePosition) -> Vec<String> {
    let Packet { interface, destination, port, .. } = packet;
    let table = place.table.as_str();
    if rules.has_chain(table, "ufw-") {
        return vec![format!("ufw allow in on {interface} to {destination} port {port} proto tcp")];
    }
    if table.ends_with(" firewalld") {
        let zone = place.chains.iter().find_map(|chain| chain.strip_prefix("filter_IN_"));
        let zone = zone.map_or_else(|| format!("\"$(firewall-cmd --get-zone-of-interface={interface} || firewall-cmd --get-default-zone)\""), |zone| zone.trim_start_matches("policy_").to_owned());
        return vec![
            format!(
                "firewall-cmd --permanent --zone={zone} --add-rich-rule='rule family=\"ipv4\" destination address=\"{destination}\" port port=\"{port}\" protocol=\"tcp\" accept'"
            ),
            "firewall-cmd --reload".into(),
        ];
    }
    if rules.iptables.is_some() && table == "ip filter" {
        return vec![format!(
            "iptables -I {} -i {interface} -d {destination} -p tcp --dport {port} -j ACCEPT",
            place.base_chain
        )];
    }
    let rule = format!("iifname \"{interface}\" ip daddr {destination} tcp dport {port} accept");
    vec![
        format!("nft 'insert rule {table} {} {rule}'", place.base_chain),
        format!("editor /etc/nftables.conf   # and there, so that it stays: {rule}"),
    ]
}
