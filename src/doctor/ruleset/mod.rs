//! Other people's packet rules: what becomes of a packet in the chains of a hook.
//!
//! Not a whole netfilter: a rule with a condition that is not understood is passed over, and the outcome says so.

mod iptables;
mod nft;

use std::net::Ipv4Addr;

/// The rules as their tools print them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ruleset {
    /// `nft -j list table …` of each table. Not `list ruleset`: nft 1.0.6 ends its JSON at the first table with
    /// an owner, such as ours.
    pub nft: Vec<String>,
    /// The tables that could not be listed.
    pub unlisted: Vec<String>,
    /// `iptables-save`; for tables that nft shows too, these words are the clearer ones.
    pub iptables: Option<String>,
}

/// The first packet of a TCP connection to our address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// The interface by which it comes in; empty if a process of this host sends it.
    pub interface: String,
    /// Who sends it, if known.
    pub source: Option<Ipv4Addr>,
    /// Where it goes.
    pub destination: Ipv4Addr,
    /// The port.
    pub port: u16,
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PacketFate {
    /// It passes.
    Passes,
    /// It is dropped or rejected.
    Ends(RulePosition),
    /// Its destination is changed.
    Diverted(RulePosition),
}

/// Where in the rules something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RulePosition {
    /// The table as nft names it: `inet filter`.
    pub table: String,
    /// The chain that hangs at the hook.
    pub base: String,
    /// The chains that were gone through from there.
    pub path: Vec<String>,
    /// What happened: "its policy is to drop".
    pub how: String,
}

/// A chain, judged for one packet.
#[derive(Debug, Clone)]
struct Chain {
    table: String,
    name: String,
    base: Option<Base>,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Base {
    hook: String,
    kind: String,
    priority: i64,
    drops: bool,
}

/// A rule that applies to the packet.
#[derive(Debug, Clone)]
struct Rule {
    verdict: RuleTarget,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RuleTarget {
    Accept,
    End,
    Divert,
    Jump(String),
    Goto(String),
    Return,
}

/// Whether a condition holds. `None` is not understood.
type Holds = Option<bool>;

/// Deeper than the kernel lets rules jump.
const DEPTH: usize = 32;

impl Ruleset {
    /// What becomes of the packet in the base chains of this type at this hook, but for those that `skip` names.
    pub(crate) fn judge(
        &self,
        packet: &Packet,
        (kind, hook): (&str, &str),
        skip: impl Fn(&str, i64) -> bool,
    ) -> PacketFate {
        let chains = self.chains(packet);
        let mut bases: Vec<(&Chain, &Base)> = chains
            .iter()
            .filter_map(|chain| Some((chain, chain.base.as_ref()?)))
            .filter(|(chain, base)| {
                base.kind == kind && base.hook == hook && !skip(&chain.table, base.priority)
            })
            .collect();
        bases.sort_by_key(|(_, base)| base.priority);
        for (chain, base) in bases {
            let place = |how: &str, path: Vec<String>| RulePosition {
                table: chain.table.clone(),
                base: chain.name.clone(),
                path,
                how: how.to_owned(),
            };
            match walk(&chains, chain, vec![chain.name.clone()]) {
                Some((RuleTarget::End, how, path)) => return PacketFate::Ends(place(&how, path)),
                Some((RuleTarget::Divert, how, path)) => return PacketFate::Diverted(place(&how, path)),
                None if base.drops => {
                    return PacketFate::Ends(place("its policy is to drop", vec![chain.name.clone()]));
                }
                Some(_) | None => {}
            }
        }
        PacketFate::Passes
    }

    /// Whether there is a chain whose name begins so.
    pub(crate) fn has_chain(&self, table: &str, prefix: &str) -> bool {
        let anything =
            Packet { interface: String::new(), source: None, destination: Ipv4Addr::UNSPECIFIED, port: 0 };
        self.chains(&anything).iter().any(|chain| chain.table == table && chain.name.starts_with(prefix))
    }

    fn chains(&self, packet: &Packet) -> Vec<Chain> {
        let saved = self.iptables.as_deref().map(|text| iptables::chains(text, packet)).unwrap_or_default();
        let mut listed: Vec<Chain> = self.nft.iter().flat_map(|text| nft::chains(text, packet)).collect();
        listed.retain(|chain| !saved.iter().any(|saved| saved.table == chain.table));
        listed.extend(saved);
        listed
    }
}

/// The verdict of a chain, what gave it, and the chains on the way.
fn walk(chains: &[Chain], chain: &Chain, path: Vec<String>) -> Option<(RuleTarget, String, Vec<String>)> {
    if path.len() > DEPTH {
        return None;
    }
    for rule in &chain.rules {
        let enter = |name: &str| {
            let next = chains.iter().find(|next| next.table == chain.table && next.name == name)?;
            walk(chains, next, path.iter().cloned().chain([name.to_owned()]).collect())
        };
        match &rule.verdict {
            RuleTarget::Return => return None,
            RuleTarget::Goto(name) => return enter(name),
            RuleTarget::Jump(name) => {
                let verdict = enter(name);
                if verdict.is_some() {
                    return verdict;
                }
            }
            verdict => {
                let how = format!("the rule \"{}\" of {}", rule.text, chain.name);
                return Some((verdict.clone(), how, path));
            }
        }
    }
    None
}

/// All must hold; one that does not decides, whatever is not understood.
fn all(conditions: impl IntoIterator<Item = Holds>) -> Holds {
    let mut all = Some(true);
    for condition in conditions {
        match condition {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

/// One is enough, whatever is not understood.
fn any(conditions: impl IntoIterator<Item = Holds>) -> Holds {
    all(conditions.into_iter().map(|condition| condition.map(|holds| !holds))).map(|none| !none)
}

/// Whether an address is in `10.0.0.0/8` or is `10.1.2.3`.
fn within(address: Ipv4Addr, network: &str) -> Holds {
    if let Ok(exact) = network.parse::<Ipv4Addr>() {
        return Some(exact == address);
    }
    network.parse::<ipnet::Ipv4Net>().ok().map(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_a_bridge(port: u16) -> Packet {
        let destination = Ipv4Addr::new(169, 254, 169, 254);
        Packet { interface: "br-test".into(), source: Some([172, 30, 0, 2].into()), destination, port }
    }

    fn judge(rules: &Ruleset) -> PacketFate {
        rules.judge(&from_a_bridge(1690), ("filter", "input"), |_, _| false)
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
        let PacketFate::Ends(place) = judge(&rules) else { panic!("it passes") };
        assert_eq!((place.table.as_str(), place.base.as_str()), ("inet filter", "input"));
        assert_eq!(place.path, ["input", "zone"]);
        assert_eq!(rules.judge(&from_a_bridge(80), ("filter", "input"), |_, _| false), PacketFate::Passes);
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
        let PacketFate::Ends(place) = judge(&rules("")) else { panic!("it passes") };
        assert_eq!((place.table.as_str(), place.how.as_str()), ("ip filter", "its policy is to drop"));
        let accept =
            "-A ufw-user-input -d 169.254.169.254/32 -i br-test -p tcp -m tcp --dport 1690 -j ACCEPT";
        assert_eq!(judge(&rules(accept)), PacketFate::Passes);
        for other in
            [accept.replace("br-test", "docker0"), accept.replace("1690", "80"), accept.replace("-i", "! -i")]
        {
            assert_ne!(judge(&rules(&other)), PacketFate::Passes, "{other}");
        }
    }

    #[test]
    fn what_is_not_understood_decides_nothing() {
        assert_eq!(all([None, Some(true)]), None);
        assert_eq!(all([None, Some(false)]), Some(false));
        assert_eq!(any([None, Some(true)]), Some(true));
        assert_eq!(any([None, Some(false)]), None);
        assert_eq!(any([Some(false)]), Some(false));
        assert_eq!(any([]), Some(false));
    }
}
