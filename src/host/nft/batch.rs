//! From the plan to the bytes of one transaction.

use std::ffi::CStr;
use std::ops::Range;

use nftnl::{Chain, MsgType, ProtoFamily};
use nix::libc;

use super::expressions::{build_chain, build_rule};
use super::kernel_support::{KernelSupport, Ownership};
use super::message::message;
use super::step::BatchStep;
use super::sys::RawMessage;
use crate::host::netlink::NetlinkMessage;
use crate::host::plan::{Family, TABLE, Table};

const NAME: &CStr = c"mock-imds";

/// `NFTA_TABLE_NAME` and `NFTA_TABLE_FLAGS`, `NFT_TABLE_F_OWNER` and `NFT_TABLE_F_PERSIST` of
/// `linux/netfilter/nf_tables.h`.
const TABLE_NAME: u16 = 1;
const TABLE_FLAGS: u16 = 2;
const OWNER: u32 = 2;
const PERSIST: u32 = 4;

pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// The messages that the kernel acknowledges.
    pub(super) sequences: Range<u32>,
    steps: Vec<BatchStep>,
}

impl Batch {
    /// The step of the message with this sequence number.
    pub(super) fn step(&self, sequence: u32) -> BatchStep {
        // Kernels from 6.10 on acknowledge begin and end too, and nftnl numbers them then.
        let frame = self.sequences.len().saturating_sub(self.steps.len()) / 2;
        let index = usize::try_from(sequence.wrapping_sub(self.sequences.start)).ok();
        let step = index.and_then(|index| index.checked_sub(frame)).and_then(|index| self.steps.get(index));
        step.cloned().unwrap_or(BatchStep::Frame)
    }
}

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

    fn add_raw(&mut self, step: BatchStep, message: NetlinkMessage) {
        self.add(step, &RawMessage(message));
    }

    fn finish(self) -> Batch {
        let finished = self.batch.finalize();
        let bytes = finished.iter().flatten().copied().collect();
        Batch { bytes, sequences: finished.sequence_numbers(), steps: self.steps }
    }
}

/// Replaces our tables: add, delete, add. The first makes the deletion valid on a host without the table.
pub(super) fn replace(tables: &[Table], support: KernelSupport) -> Batch {
    let mut builder = Builder::new();
    for table in tables.iter().filter(|table| support.arp || table.family != Family::Arp) {
        let family = table.family;
        // Without flags: an addition with other flags than those of the table that is there is refused.
        let named = |kind, flags| message(kind, flags, family).text(TABLE_NAME, TABLE);
        builder.add_raw(BatchStep::Ensure(family), named(libc::NFT_MSG_NEWTABLE, libc::NLM_F_CREATE));
        builder.add_raw(BatchStep::Remove(family), named(libc::NFT_MSG_DELTABLE, 0));
        let flags = match support.ownership() {
            Ownership::Persistent => OWNER | PERSIST,
            Ownership::Volatile => OWNER,
            Ownership::None => 0,
        };
        let create = named(libc::NFT_MSG_NEWTABLE, libc::NLM_F_CREATE);
        builder.add_raw(BatchStep::Create(family), create.attribute(TABLE_FLAGS, &flags.to_be_bytes()));
        fill(&mut builder, table);
    }
    builder.finish()
}

pub(super) fn remove(family: Family) -> Batch {
    let mut builder = Builder::new();
    let message = message(libc::NFT_MSG_DELTABLE, 0, family).text(TABLE_NAME, TABLE);
    builder.add_raw(BatchStep::Remove(family), message);
    builder.finish()
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plan::Plan;
    use crate::host::settings::HostSettings;

    const ALL: KernelSupport = KernelSupport { ownership: Ownership::CLEANED_UP, arp: true };

    fn tables() -> Vec<Table> {
        let settings = HostSettings::default();
        Plan::new(&settings.addresses(), &settings.bridges, &[]).tables
    }

    #[test]
    fn every_message_of_a_batch_has_its_step() {
        let batch = replace(&tables(), ALL);
        let numbered: Vec<BatchStep> = batch.sequences.clone().map(|sequence| batch.step(sequence)).collect();
        let inner: Vec<&BatchStep> = numbered.iter().filter(|step| **step != BatchStep::Frame).collect();
        assert_eq!(inner.len(), batch.steps.len(), "each step has one number");
        assert_eq!(inner.first(), Some(&&BatchStep::Ensure(Family::Inet)));
        assert_eq!(batch.step(batch.sequences.end + 7), BatchStep::Frame);
    }

    #[test]
    fn begin_and_end_have_numbers_where_the_kernel_acknowledges_them() {
        let steps = vec![BatchStep::Ensure(Family::Inet), BatchStep::Remove(Family::Arp)];
        let numbered = |sequences: Range<u32>| {
            let batch = Batch { bytes: vec![], sequences: sequences.clone(), steps: steps.clone() };
            sequences.map(|sequence| batch.step(sequence)).collect::<Vec<_>>()
        };
        assert_eq!(numbered(10..12), steps);
        let framed = [&[BatchStep::Frame], steps.as_slice(), &[BatchStep::Frame]].concat();
        assert_eq!(numbered(10..14), framed);
    }

    #[test]
    fn without_arp_no_message_is_about_arp() {
        let batch = replace(&tables(), KernelSupport { arp: false, ..ALL });
        assert!(batch.steps.iter().all(|step| !step.to_string().contains("arp")), "{:?}", batch.steps);
    }
}
