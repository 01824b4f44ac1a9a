//! From the plan to the bytes of one transaction, and what to leave out when the kernel refuses a part.

use std::ffi::{CStr, CString};
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use nftnl::expr::{
    Cmp, CmpOp, Counter, Immediate, InterfaceName, Ipv4HeaderField, Ipv6HeaderField, Meta, Nat, NatType,
    NetworkHeaderField, Payload, Register, TcpHeaderField, TransportHeaderField, Verdict as Judgement,
};
use nftnl::{Chain, ChainType, MsgType, Policy, ProtoFamily, Rule};
use nix::errno::Errno;
use nix::libc;

use super::sys::Raw;
use super::{KernelSupport, message};
use crate::host::plan::{self, Base, ChainKind, Family, Hook, Match, RuleVerdict, TABLE, Table};
use crate::host::settings::InterfacePattern;

const NAME: &CStr = c"mock-imds";

/// `NFTA_TABLE_NAME`, `NFTA_TABLE_FLAGS` and `NFT_TABLE_F_OWNER` of `linux/netfilter/nf_tables.h`.
const TABLE_NAME: u16 = 1;
const TABLE_FLAGS: u16 = 2;
const OWNER: u32 = 2;

/// One message of a batch, for the sentence about its refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BatchStep {
    /// Begin or end of the batch.
    Frame,
    /// Making sure that there is a table to delete.
    Prelude(Family),
    /// Deleting the table.
    Remove(Family),
    /// Creating the table.
    Create(Family),
    /// Creating a chain.
    Chain(Family, &'static str),
    /// Adding a rule, as it prints.
    Rule(Family, String),
}

impl fmt::Display for BatchStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame => f.write_str("begin a transaction of nf_tables"),
            Self::Prelude(family) => write!(f, "look up the table {family} {TABLE}"),
            Self::Remove(family) => write!(f, "remove the table {family} {TABLE}"),
            Self::Create(family) => write!(f, "create the table {family} {TABLE}"),
            Self::Chain(family, name) => write!(f, "create the chain {name} in the table {family} {TABLE}"),
            Self::Rule(family, rule) => write!(f, "add the rule \"{rule}\" to the table {family} {TABLE}"),
        }
    }
}

/// A finished batch.
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// Those that the kernel acknowledges.
    pub(super) sequences: Range<u32>,
    steps: Vec<BatchStep>,
}

impl Batch {
    /// What the message of this sequence number does.
    pub(super) fn step(&self, sequence: u32) -> BatchStep {
        // Kernels from 6.10 on acknowledge begin and end too, and nftnl numbers them then.
        let frame = self.sequences.len().saturating_sub(self.steps.len()) / 2;
        let index = usize::try_from(sequence.wrapping_sub(self.sequences.start)).ok();
        let step = index.and_then(|index| index.checked_sub(frame)).and_then(|index| self.steps.get(index));
        step.cloned().unwrap_or(BatchStep::Frame)
    }
}

/// Builds a batch, keeping book of its steps.
struct Builder {
    batch: nftnl::Batch,
    steps: Vec<BatchStep>,
}

impl Builder {
    fn new() -> Self {
        Self { batch: nftnl::Batch::new(), steps: Vec::new() }
    }

    fn add(&mut self, step: BatchStep, message: &impl nftnl::NlMsg) {
        self.batch.add(message, MsgType::Add);
        self.steps.push(step);
    }

    fn finish(self) -> Batch {
        let finished = self.batch.finalize();
        let bytes = finished.iter().flatten().copied().collect();
        Batch { bytes, sequences: finished.sequence_numbers(), steps: self.steps }
    }
}

/// Replaces our tables: add, delete, add. The first makes the deletion valid on a host without the table.
pub(super) fn replace(tables: &[Table], shape: KernelSupport) -> Batch {
    let mut builder = Builder::new();
    for table in tables.iter().filter(|table| shape.arp || table.family != Family::Arp) {
        let family = table.family;
        // Without flags: an addition with other flags than those of the table that is there is refused.
        let named = |kind, flags| message(kind, flags, family).text(TABLE_NAME, TABLE);
        builder.add(BatchStep::Prelude(family), &Raw(named(libc::NFT_MSG_NEWTABLE, libc::NLM_F_CREATE)));
        builder.add(BatchStep::Remove(family), &Raw(named(libc::NFT_MSG_DELTABLE, 0)));
        let flags = if shape.owner { OWNER } else { 0 };
        let create = named(libc::NFT_MSG_NEWTABLE, libc::NLM_F_CREATE);
        builder.add(BatchStep::Create(family), &Raw(create.attribute(TABLE_FLAGS, &flags.to_be_bytes())));
        fill(&mut builder, table);
    }
    builder.finish()
}

/// Removes our table of this family.
pub(super) fn remove(family: Family) -> Batch {
    let mut builder = Builder::new();
    let message = message(libc::NFT_MSG_DELTABLE, 0, family).text(TABLE_NAME, TABLE);
    builder.add(BatchStep::Remove(family), &Raw(message));
    builder.finish()
}

/// What to leave out after this refusal; `None` when nothing can be.
pub(super) fn degrade(shape: KernelSupport, step: &BatchStep, error: Errno) -> Option<KernelSupport> {
    let unknown = matches!(error, Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT | Errno::EINVAL | Errno::ENOENT);
    match step {
        BatchStep::Create(_) if shape.owner && unknown => Some(KernelSupport { owner: false, ..shape }),
        BatchStep::Prelude(Family::Arp)
        | BatchStep::Chain(Family::Arp, _)
        | BatchStep::Rule(Family::Arp, _)
            if shape.arp && unknown =>
        {
            Some(KernelSupport { arp: false, ..shape })
        }
        _ => None,
    }
}

// === chains and rules ===

fn fill(builder: &mut Builder, table: &Table) {
    let family = match table.family {
        Family::Inet => ProtoFamily::Inet,
        Family::Arp => ProtoFamily::Arp,
    };
    let owner = nftnl::Table::new(NAME, family);
    let chains: Vec<Chain<'_>> = table.chains.iter().map(|chain| build_chain(chain, &owner)).collect();
    for (chain, built) in table.chains.iter().zip(&chains) {
        builder.add(BatchStep::Chain(table.family, chain.name), built);
    }
    for (chain, built) in table.chains.iter().zip(&chains) {
        for rule in &chain.rules {
            builder.add(BatchStep::Rule(table.family, rule.to_string()), &build_rule(rule, built));
        }
    }
}

fn build_chain<'t>(chain: &plan::Chain, table: &'t nftnl::Table) -> Chain<'t> {
    let mut built = Chain::new(text(chain.name), table);
    if let Some(Base { kind, hook, priority }) = chain.base {
        let hook = match (table.get_family(), hook) {
            // The arp family counts its own hooks: NF_ARP_IN is 0, which is prerouting elsewhere.
            (ProtoFamily::Arp, _) | (_, Hook::Prerouting) => nftnl::Hook::PreRouting,
            (_, Hook::Output) => nftnl::Hook::Out,
            (_, Hook::Input) => nftnl::Hook::In,
        };
        built.set_hook(hook, priority);
        built.set_type(match kind {
            ChainKind::Filter => ChainType::Filter,
            ChainKind::Nat => ChainType::Nat,
        });
        built.set_policy(Policy::Accept);
    }
    built
}

fn build_rule<'c>(rule: &plan::TableRule, chain: &'c Chain<'c>) -> Rule<'c> {
    let mut built = Rule::new(chain);
    for condition in &rule.matches {
        add_match(&mut built, condition);
    }
    if rule.counted {
        built.add_expr(&Counter);
    }
    match &rule.verdict {
        RuleVerdict::Dnat(target) => {
            let family = match target.ip() {
                IpAddr::V4(address) => {
                    built.add_expr(&Immediate::new(address.octets(), Register::Reg1));
                    ProtoFamily::Ipv4
                }
                IpAddr::V6(address) => {
                    built.add_expr(&Immediate::new(address.octets(), Register::Reg1));
                    ProtoFamily::Ipv6
                }
            };
            built.add_expr(&Immediate::new(target.port().to_be_bytes(), Register::Reg2));
            built.add_expr(&Nat {
                nat_type: NatType::DNat,
                family,
                ip_register: Register::Reg1,
                port_register: Some(Register::Reg2),
            });
        }
        RuleVerdict::Goto(name) => built.add_expr(&Judgement::Goto { chain: text(name) }),
        RuleVerdict::Accept => built.add_expr(&Judgement::Accept),
        RuleVerdict::Drop => built.add_expr(&Judgement::Drop),
    }
    built
}

fn add_match(rule: &mut Rule<'_>, condition: &Match) {
    match condition {
        Match::NotLoopback => {
            rule.add_expr(&Meta::Iif);
            rule.add_expr(&Cmp::new(CmpOp::Neq, 1u32));
        }
        Match::From(pattern) => {
            let name = match pattern {
                InterfacePattern::Exact(name) => InterfaceName::Exact(text(name)),
                InterfacePattern::Prefix(prefix) => InterfaceName::StartingWith(text(prefix)),
            };
            rule.add_expr(&Meta::IifName);
            rule.add_expr(&Cmp::new(CmpOp::Eq, name));
        }
        Match::To(address) => {
            // An inet table sees both protocols; the destination's place differs.
            let (protocol, field) = match address {
                IpAddr::V4(_) => (libc::NFPROTO_IPV4, NetworkHeaderField::Ipv4(Ipv4HeaderField::Daddr)),
                IpAddr::V6(_) => (libc::NFPROTO_IPV6, NetworkHeaderField::Ipv6(Ipv6HeaderField::Daddr)),
            };
            rule.add_expr(&Meta::NfProto);
            rule.add_expr(&Cmp::new(CmpOp::Eq, byte(protocol)));
            rule.add_expr(&Payload::Network(field));
            rule.add_expr(&Cmp::new(CmpOp::Eq, *address));
        }
        Match::TcpPort(port) => {
            rule.add_expr(&Meta::L4Proto);
            rule.add_expr(&Cmp::new(CmpOp::Eq, byte(libc::IPPROTO_TCP)));
            rule.add_expr(&Payload::Transport(TransportHeaderField::Tcp(TcpHeaderField::Dport)));
            rule.add_expr(&Cmp::new(CmpOp::Eq, &port.to_be_bytes()[..]));
        }
        Match::ArpTarget(address) => {
            // Bytes 24 to 27 of an ARP packet for IPv4 over Ethernet; nftnl calls the unit bits, but hands it on.
            rule.add_expr(&Payload::Network(NetworkHeaderField::Raw { offset_bits: 24, length_bits: 4 }));
            rule.add_expr(&Cmp::new(CmpOp::Eq, *address));
        }
    }
}

fn byte(constant: i32) -> u8 {
    u8::try_from(constant).expect("protocol numbers have one byte")
}

fn text(name: &str) -> CString {
    CString::new(name).expect("names of chains and interfaces hold no NUL")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plan::Plan;
    use crate::host::settings::HostSettings;

    const FULL: KernelSupport = KernelSupport { owner: true, arp: true };

    fn tables() -> Vec<Table> {
        let settings = HostSettings::default();
        Plan::new(&settings.addresses(), &settings.bridges).tables
    }

    #[test]
    fn every_message_of_a_batch_has_its_step() {
        let batch = replace(&tables(), FULL);
        let numbered: Vec<BatchStep> = batch.sequences.clone().map(|sequence| batch.step(sequence)).collect();
        let inner: Vec<&BatchStep> = numbered.iter().filter(|step| **step != BatchStep::Frame).collect();
        assert_eq!(inner.len(), batch.steps.len(), "each step has one number");
        assert_eq!(inner.first(), Some(&&BatchStep::Prelude(Family::Inet)));
        assert_eq!(batch.step(batch.sequences.end + 7), BatchStep::Frame);
    }

    #[test]
    fn without_arp_no_message_is_about_arp() {
        let batch = replace(&tables(), KernelSupport { arp: false, ..FULL });
        assert!(batch.steps.iter().all(|step| !step.to_string().contains("arp")), "{:?}", batch.steps);
    }

    #[test]
    fn what_an_old_kernel_refuses_is_left_out() {
        let plain = KernelSupport { owner: false, ..FULL };
        let bare = KernelSupport { owner: false, arp: false };
        let cases = [
            (FULL, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, Some(plain)),
            (FULL, BatchStep::Create(Family::Inet), Errno::EINVAL, Some(plain)),
            (plain, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, None),
            (
                FULL,
                BatchStep::Prelude(Family::Arp),
                Errno::EOPNOTSUPP,
                Some(KernelSupport { arp: false, ..FULL }),
            ),
            (plain, BatchStep::Chain(Family::Arp, "guard"), Errno::ENOENT, Some(bare)),
            (bare, BatchStep::Chain(Family::Arp, "guard"), Errno::ENOENT, None),
            (FULL, BatchStep::Prelude(Family::Inet), Errno::EPERM, None),
            (FULL, BatchStep::Chain(Family::Inet, "redirect-host"), Errno::ENOENT, None),
            (FULL, BatchStep::Frame, Errno::EOPNOTSUPP, None),
        ];
        for (shape, step, error, expected) in cases {
            assert_eq!(degrade(shape, &step, error), expected, "{shape:?}, {step:?}, {error}");
        }
    }
}
