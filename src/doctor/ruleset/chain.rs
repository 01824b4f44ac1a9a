//! Chains as they apply to one packet.

/// A chain with only the rules that apply to the packet.
#[derive(Debug, Clone)]
pub(super) struct RulesetChain {
    pub(super) table: String,
    pub(super) name: String,
    pub(super) base: Option<BaseChain>,
    pub(super) rules: Vec<ApplyingRule>,
}

#[derive(Debug, Clone)]
pub(super) struct BaseChain {
    pub(super) hook: String,
    pub(super) kind: String,
    pub(super) priority: i64,
    pub(super) drops: bool,
}

/// A rule that applies to the packet.
#[derive(Debug, Clone)]
pub(super) struct ApplyingRule {
    pub(super) verdict: RuleTarget,
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RuleTarget {
    Accept,
    Drop,
    Dnat,
    Jump(String),
    Goto(String),
    Return,
}
