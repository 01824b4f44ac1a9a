//! Chains as they apply to one packet.

/// A chain, judged for one packet.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) table: String,
    pub(super) name: String,
    pub(super) base: Option<Base>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) hook: String,
    pub(super) kind: String,
    pub(super) priority: i64,
    pub(super) drops: bool,
}

/// A rule that applies to the packet.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) verdict: RuleTarget,
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RuleTarget {
    Accept,
    End,
    Divert,
    Jump(String),
    Goto(String),
    Return,
}
