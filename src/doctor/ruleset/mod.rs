//! The packet rules of other programs, and the fate of a packet in the chains of a hook.
//!
//! Not a whole netfilter: a rule with a condition that is not understood is skipped.

mod chain;
mod condition;
mod iptables;
mod nft;
mod packet;

use std::net::Ipv4Addr;

use chain::{BaseChain, RuleTarget, RulesetChain};
pub(super) use packet::{Packet, PacketFate, RulePosition};

/// The rules as their tools print them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ruleset {
    /// `nft -j list table …` of each table. Not `list ruleset`: nft 1.0.6 ends its JSON at the first table with
    /// an owner, such as ours.
    pub nft: Vec<String>,
    /// The tables that could not be listed.
    pub unlisted: Vec<String>,
    /// `iptables-save`; for tables that nft shows too, this text is the clearer one.
    pub iptables: Option<String>,
}

/// Deeper than the kernel lets rules jump.
const DEPTH: usize = 32;

impl Ruleset {
    /// The fate of the packet in the base chains of this type at this hook, without those that `skip` returns true for.
    pub(crate) fn fate_of(
        &self,
        packet: &Packet,
        (kind, hook): (&str, &str),
        skip: impl Fn(&str, i64) -> bool,
    ) -> PacketFate {
        let chains = self.chains(packet);
        let mut bases: Vec<(&RulesetChain, &BaseChain)> = chains
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
                base_chain: chain.name.clone(),
                chains: path,
                cause: how.to_owned(),
            };
            match traverse(&chains, chain, vec![chain.name.clone()]) {
                Some((RuleTarget::Drop, how, path)) => return PacketFate::Dropped(place(&how, path)),
                Some((RuleTarget::Dnat, how, path)) => return PacketFate::Diverted(place(&how, path)),
                None if base.drops => {
                    return PacketFate::Dropped(place("its policy is to drop", vec![chain.name.clone()]));
                }
                Some(_) | None => {}
            }
        }
        PacketFate::Accepted
    }

    pub(crate) fn has_chain(&self, table: &str, prefix: &str) -> bool {
        let anything =
            Packet { interface: String::new(), source: None, destination: Ipv4Addr::UNSPECIFIED, port: 0 };
        self.chains(&anything).iter().any(|chain| chain.table == table && chain.name.starts_with(prefix))
    }

    fn chains(&self, packet: &Packet) -> Vec<RulesetChain> {
        let saved = self.iptables.as_deref().map(|text| iptables::chains(text, packet)).unwrap_or_default();
        let mut listed: Vec<RulesetChain> =
            self.nft.iter().flat_map(|text| nft::chains(text, packet)).collect();
        listed.retain(|chain| !saved.iter().any(|saved| saved.table == chain.table));
        listed.extend(saved);
        listed
    }
}

/// The verdict of a chain, its cause, and the chains up to there.
fn traverse(
    chains: &[RulesetChain],
    chain: &RulesetChain,
    path: Vec<String>,
) -> Option<(RuleTarget, String, Vec<String>)> {
    if path.len() > DEPTH {
        return None;
    }
    for rule in &chain.rules {
        let enter = |name: &str| {
            let next = chains.iter().find(|next| next.table == chain.table && next.name == name)?;
            traverse(chains, next, path.iter().cloned().chain([name.to_owned()]).collect())
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

#[cfg(test)]
mod tests;
