//! `nft -j list ruleset` as chains, each rule applied to one packet.

use std::net::Ipv4Addr;

use serde_json::Value;

use super::chain::{ApplyingRule, BaseChain, RuleTarget, RulesetChain};
use super::condition::{Truth, all, any, is_in_network};
use super::packet::Packet;

/// The chains of all tables that IPv4 packets pass.
pub(super) fn chains(text: &str, packet: &Packet) -> Vec<RulesetChain> {
    let listed: Value = serde_json::from_str(text).unwrap_or_default();
    let mut chains: Vec<RulesetChain> = Vec::new();
    for object in listed["nftables"].as_array().into_iter().flatten() {
        if let Some(chain) = object.get("chain") {
            chains.extend(table(chain).map(|table| new_chain(table, chain)));
        } else if let Some(rule) = object.get("rule")
            && let Some(table) = table(rule)
        {
            let chain = chains.iter_mut().find(|chain| chain.table == table && rule["chain"] == *chain.name);
            if let Some(chain) = chain {
                chain.rules.extend(applying_rule(rule, packet));
            }
        }
    }
    chains
}

fn table(object: &Value) -> Option<String> {
    let family = object["family"].as_str().filter(|family| matches!(*family, "ip" | "inet"))?;
    Some(format!("{family} {}", object["table"].as_str()?))
}

fn new_chain(table: String, chain: &Value) -> RulesetChain {
    let text = |key: &str| chain[key].as_str().unwrap_or_default().to_owned();
    let base = chain.get("hook").map(|_| BaseChain {
        hook: text("hook"),
        kind: text("type"),
        priority: chain["prio"].as_i64().unwrap_or(0),
        drops: chain["policy"] == "drop",
    });
    RulesetChain { table, name: text("name"), base, rules: vec![] }
}

/// The rule, if it applies to the packet and decides. Of a verdict map, the entry that matches.
fn applying_rule(rule: &Value, packet: &Packet) -> Option<ApplyingRule> {
    let mut conditions = Vec::new();
    let mut words = Vec::new();
    for part in rule["expr"].as_array()? {
        if let Some(condition) = part.get("match") {
            conditions.push(matches(condition, packet));
            words.push(describe(condition));
        } else if part.get("xt").is_some() || part.get("limit").is_some() {
            // What xt extensions ask is not in the listing; a limit may be reached or not.
            conditions.push(None);
        } else if let Some(verdict) = verdict(part, packet) {
            words.push(name(&verdict));
            let applies = all(conditions) == Some(true);
            return applies.then(|| ApplyingRule { verdict, text: words.join(" ") });
        }
    }
    None
}

fn verdict(part: &Value, packet: &Packet) -> Option<RuleTarget> {
    let (key, value) = part.as_object()?.iter().next()?;
    let target = || value["target"].as_str().unwrap_or_default().to_owned();
    Some(match key.as_str() {
        "accept" => RuleTarget::Accept,
        "drop" | "reject" => RuleTarget::Drop,
        "dnat" | "redirect" => RuleTarget::Dnat,
        "return" => RuleTarget::Return,
        "jump" => RuleTarget::Jump(target()),
        "goto" => RuleTarget::Goto(target()),
        "vmap" => {
            let entries = value["data"]["set"].as_array()?;
            let fits = |entry: &&Value| field_is(&value["key"], &entry[0], packet) == Some(true);
            return verdict(&entries.iter().find(fits)?[1], packet);
        }
        _ => return None,
    })
}

fn name(verdict: &RuleTarget) -> String {
    match verdict {
        RuleTarget::Accept => "accept".into(),
        RuleTarget::Drop => "drop".into(),
        RuleTarget::Dnat => "dnat".into(),
        RuleTarget::Return => "return".into(),
        RuleTarget::Jump(chain) => format!("jump {chain}"),
        RuleTarget::Goto(chain) => format!("goto {chain}"),
    }
}

/// A condition, short: what is compared, and with what.
fn describe(condition: &Value) -> String {
    let left = condition["left"].as_object().and_then(|left| left.iter().next());
    let left = left.map_or_else(String::new, |(kind, detail)| {
        // A payload is told as nft writes it, without that word: "tcp dport".
        let kind = Some(kind.as_str()).filter(|kind| *kind != "payload");
        let detail = ["protocol", "key", "field", "result"].iter().filter_map(|key| detail[key].as_str());
        kind.into_iter().chain(detail).collect::<Vec<_>>().join(" ")
    });
    let right = condition["right"].as_str().map_or_else(|| condition["right"].to_string(), str::to_owned);
    let op =
        condition["op"].as_str().filter(|op| *op == "!=").map_or_else(String::new, |op| format!("{op} "));
    format!("{left} {op}{right}")
}

fn matches(condition: &Value, packet: &Packet) -> Truth {
    let holds = field_is(&condition["left"], &condition["right"], packet)?;
    match condition["op"].as_str()? {
        "==" | "in" => Some(holds),
        "!=" => Some(!holds),
        _ => None,
    }
}

/// The field of the packet that `left` names is, or is among, `right`.
fn field_is(left: &Value, right: &Value, packet: &Packet) -> Truth {
    let (kind, detail) = left.as_object()?.iter().next()?;
    let key = detail["key"].as_str();
    match (kind.as_str(), key) {
        ("meta", Some("iifname" | "iif")) => is_any_of(right, &|value| {
            let value = value.as_str()?;
            Some(match value.strip_suffix('*') {
                Some(prefix) => packet.interface.starts_with(prefix),
                None => packet.interface == value,
            })
        }),
        ("meta", Some("l4proto")) => is_any_of(right, &|value| Some(value == "tcp" || *value == 6)),
        ("meta", Some("nfproto")) => is_any_of(right, &|value| Some(value == "ipv4")),
        ("meta", Some("protocol")) => is_any_of(right, &|value| Some(value == "ip")),
        ("meta", Some("pkttype")) => is_any_of(right, &|value| Some(value == "host" || value == "unicast")),
        ("ct", Some("state")) => is_any_of(right, &|value| Some(value == "new")),
        ("ct", Some("status")) => is_any_of(right, &|value| Some(value == "dnat")),
        ("payload", None) => payload(detail, right, packet),
        ("fib", None) if detail["result"] == "type" => {
            let destination = detail["flags"].as_array()?.iter().any(|flag| flag == "daddr");
            let wanted = if destination { "local" } else { "unicast" };
            is_any_of(right, &|value| Some(value == wanted))
        }
        _ => None,
    }
}

fn payload(detail: &Value, right: &Value, packet: &Packet) -> Truth {
    match (detail["protocol"].as_str()?, detail["field"].as_str()?) {
        ("tcp" | "th", "dport") => is_any_of(right, &|value| Some(value.as_u64()? == u64::from(packet.port))),
        ("ip", "daddr") => is_any_of(right, &|value| address(value, packet.destination)),
        ("ip", "saddr") => {
            let source = packet.source?;
            is_any_of(right, &|value| address(value, source))
        }
        ("ip", "protocol") => is_any_of(right, &|value| Some(value == "tcp" || *value == 6)),
        // A packet of another kind has no such field.
        ("ip6" | "udp" | "icmp" | "icmpv6" | "sctp", _) => Some(false),
        _ => None,
    }
}

fn address(value: &Value, address: Ipv4Addr) -> Truth {
    if let Some(prefix) = value.get("prefix") {
        let network = format!("{}/{}", prefix["addr"].as_str()?, prefix["len"].as_u64()?);
        return is_in_network(address, &network);
    }
    is_in_network(address, value.as_str()?)
}

/// `is` holds for one of the values: a single one, a list, a set, a range of numbers. Named sets are not resolved.
fn is_any_of(right: &Value, is: &dyn Fn(&Value) -> Truth) -> Truth {
    let list = right.as_array().or_else(|| right["set"].as_array());
    if let Some(list) = list {
        return any(list.iter().map(|value| is_any_of(value, is)));
    }
    if let Some(range) = right["range"].as_array() {
        let (low, high) = (range.first()?.as_u64()?, range.last()?.as_u64()?);
        // Only numbers are asked for here; addresses in ranges are rare enough.
        return (low..=high)
            .map(|number| is(&Value::from(number)))
            .find(|holds| *holds == Some(true))
            .unwrap_or(Some(false));
    }
    if let Some(element) = right["elem"].get("val") {
        return is_any_of(element, is);
    }
    if right.as_str().is_some_and(|text| text.starts_with('@')) {
        return None;
    }
    is(right)
}
