//! `iptables-save` as chains, each rule applied to one packet.

use super::chain::{ApplyingRule, BaseChain, RuleTarget, RulesetChain};
use super::condition::{Truth, all, any, is_in_network};
use super::packet::Packet;

pub(super) fn chains(text: &str, packet: &Packet) -> Vec<RulesetChain> {
    let mut table = "";
    let mut chains: Vec<RulesetChain> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        } else if let Some(declared) = line.strip_prefix(':') {
            let mut words = declared.split(' ');
            let (name, policy) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let base = base(table, name, policy == "DROP");
            chains.push(RulesetChain {
                table: format!("ip {table}"),
                name: name.to_owned(),
                base,
                rules: vec![],
            });
        } else if let Some(appended) = line.strip_prefix("-A ") {
            let words = split_words(appended);
            let Some((name, conditions)) = words.split_first() else { continue };
            let Some(rule) = applying_rule(conditions, packet, appended) else { continue };
            let qualified = format!("ip {table}");
            let chain = chains.iter_mut().find(|chain| chain.table == qualified && &chain.name == name);
            if let Some(chain) = chain {
                chain.rules.push(rule);
            }
        }
    }
    chains
}

/// The hook and the priority of a built-in chain.
fn base(table: &str, chain: &str, drops: bool) -> Option<BaseChain> {
    let hook = match chain {
        "INPUT" | "OUTPUT" | "PREROUTING" | "FORWARD" | "POSTROUTING" => chain.to_lowercase(),
        _ => return None,
    };
    let (kind, priority) = match table {
        "nat" => ("nat", -100),
        "raw" => ("filter", -300),
        "mangle" => ("filter", -150),
        _ => ("filter", 0),
    };
    Some(BaseChain { hook, kind: kind.into(), priority, drops })
}

/// Words, where quotes keep blanks together.
fn split_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one from the beginning").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The rule, if it applies to the packet and decides something.
fn applying_rule(words: &[String], packet: &Packet, text: &str) -> Option<ApplyingRule> {
    let mut conditions: Vec<Truth> = Vec::new();
    let mut words = words.iter().map(String::as_str);
    let mut negated = false;
    while let Some(word) = words.next() {
        match word {
            "!" => {
                negated = true;
                continue;
            }
            "-j" | "-g" => {
                let target = words.next()?;
                let applies = all(conditions) == Some(true);
                let text = text.split_once(' ').map_or(text, |(_, rule)| rule).to_owned();
                return applies.then(|| ApplyingRule { verdict: verdict(word, target), text });
            }
            "-m" | "--comment" => drop(words.next()),
            option => {
                let holds = condition(option, words.next().unwrap_or_default(), packet);
                conditions.push(holds.map(|holds| holds != negated));
            }
        }
        negated = false;
    }
    None
}

/// Where a target only notes something, as LOG does, it is a jump to a chain that is not there: no chain may have its name.
fn verdict(how: &str, target: &str) -> RuleTarget {
    match target {
        "ACCEPT" => RuleTarget::Accept,
        "DROP" | "REJECT" => RuleTarget::Drop,
        "DNAT" | "REDIRECT" => RuleTarget::Dnat,
        "RETURN" => RuleTarget::Return,
        chain if how == "-g" => RuleTarget::Goto(chain.to_owned()),
        chain => RuleTarget::Jump(chain.to_owned()),
    }
}

fn condition(option: &str, value: &str, packet: &Packet) -> Truth {
    match option {
        "-i" => Some(match value.strip_suffix('+') {
            Some(prefix) => packet.interface.starts_with(prefix),
            None => packet.interface == value,
        }),
        "-p" => Some(matches!(value, "tcp" | "6" | "all")),
        "-d" => is_in_network(packet.destination, value),
        "-s" => is_in_network(packet.source?, value),
        "--dport" | "--dports" => ports(value, packet.port),
        "--ctstate" | "--state" => Some(value.split(',').any(|state| matches!(state, "NEW" | "DNAT"))),
        "--dst-type" => Some(value == "LOCAL"),
        "--src-type" => Some(value == "UNICAST"),
        _ => None,
    }
}

/// `80`, `80:90`, `22,80`.
fn ports(value: &str, port: u16) -> Truth {
    let one = |range: &str| {
        let (low, high) = range.split_once(':').unwrap_or((range, range));
        Some((low.parse::<u16>().ok()?..=high.parse::<u16>().ok()?).contains(&port))
    };
    any(value.split(',').map(one))
}
