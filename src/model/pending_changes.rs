//! Changes that have been made and are not visible yet, as a whole.

use super::event::{ClearTarget, EventEffect, InstanceFact};
use super::late::StageEnd;
use super::propagation::ChangeKind;

/// Changes that are visible as a whole, and not yet.
pub(super) struct PendingChanges<'a, G>(Vec<PendingChange<'a, G>>);

pub(super) struct PendingChange<'a, G> {
    pub kind: ChangeKind,
    pub effect: &'a EventEffect,
    /// What making it takes.
    pub given: G,
    /// When it is visible.
    pub end: StageEnd,
}

impl<G> Default for PendingChanges<'_, G> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<'a, G> PendingChanges<'a, G> {
    pub(super) fn add(&mut self, change: PendingChange<'a, G>) {
        self.0.push(change);
    }

    /// What each changes, and when that is visible.
    pub(super) fn paths(&self) -> Vec<(String, StageEnd)> {
        self.0.iter().map(|pending| (path_of(pending.effect), pending.end)).collect()
    }

    /// Makes those that an effect settles, in their order, and forgets those that it undoes or makes again: what is
    /// older does not come after it.
    pub(super) fn settle(&mut self, by: &EventEffect, mut make: impl FnMut(&PendingChange<'a, G>)) {
        match by {
            EventEffect::Settle(target) => self.0.retain(|pending| {
                let is_settled = target.includes(pending.kind);
                if is_settled {
                    make(pending);
                }
                !is_settled
            }),
            EventEffect::Clear(target) => self.0.retain(|pending| !undoes(*target, pending.kind)),
            effect => {
                let path = path_of(effect);
                self.0.retain(|pending| path.is_empty() || path_of(pending.effect) != path);
            }
        }
    }
}

/// Whether a clear undoes changes of a kind that is visible as a whole.
fn undoes(target: ClearTarget, kind: ChangeKind) -> bool {
    match target {
        ClearTarget::All => true,
        ClearTarget::Tags => kind == ChangeKind::Tags,
        ClearTarget::MetadataOptions => kind == ChangeKind::MetadataOptions,
        ClearTarget::Facts => kind == ChangeKind::Facts,
        _ => false,
    }
}

/// What a change that is visible as a whole changes: a path below the version, or a metadata option.
fn path_of(effect: &EventEffect) -> String {
    match effect {
        EventEffect::Tag(key, _) => format!("meta-data/tags/instance/{key}"),
        EventEffect::Option(option) => format!("metadata option {}", option.name()),
        EventEffect::Fact(InstanceFact::InstanceType(_)) => "meta-data/instance-type".into(),
        EventEffect::Fact(InstanceFact::AmiId(_)) => "meta-data/ami-id".into(),
        EventEffect::Fact(InstanceFact::Monitoring(_)) => "dynamic/fws/instance-monitoring".into(),
        EventEffect::Fact(InstanceFact::UserData(_)) => "user-data".into(),
        _ => String::new(),
    }
}
