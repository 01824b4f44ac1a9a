//! What the tree shows of interfaces and of the instance profile where it is not yet, or not any more, what is true.
//!
//! All times are offsets on the timeline, in milliseconds. Of a part with several stages the first one that has not ended
//! is shown; after the last one the truth is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::credentials::Credentials;
use super::ids::{MacAddress, RoleName};
use super::interface::NetworkInterface;
use super::propagation::{LateLeaf, Meanwhile};

/// The end of a stage; `None`: it ends when everything pending is settled.
pub(crate) type StageEnd = Option<i64>;

/// What a leaf of an interface shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShownLeaf {
    /// 404, and not listed.
    Absent,
    /// Listed, and 404.
    Listed,
    /// A value that is not true.
    Text(String),
    /// The value that it has on an interface as it was.
    Of(Arc<NetworkInterface>),
}

/// What is shown of the role of an instance profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShownRole {
    /// The role and its keys of the profile as it was, or nothing.
    Of(Option<Box<Credentials>>),
    /// The role, without keys.
    Listed(RoleName),
}

impl From<Meanwhile> for ShownLeaf {
    fn from(meanwhile: Meanwhile) -> Self {
        match meanwhile {
            Meanwhile::Absent => Self::Absent,
            Meanwhile::Listed => Self::Listed,
            Meanwhile::Value(text) => Self::Text(text),
        }
    }
}

/// Everything of an instance that is not shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Late {
    leaves: BTreeMap<(MacAddress, LateLeaf), Vec<(StageEnd, ShownLeaf)>>,
    /// Interfaces that are listed only from then on.
    unlisted: BTreeMap<MacAddress, StageEnd>,
    /// Attached interfaces that nothing is shown of.
    hidden: BTreeMap<MacAddress, StageEnd>,
    info: Vec<(StageEnd, Option<Box<Credentials>>)>,
    role: Vec<(StageEnd, ShownRole)>,
    /// The names of changes that are not visible at all yet.
    whole: Vec<(String, StageEnd)>,
}

/// The first stage that has not ended at an offset.
fn stage_at<T>(stages: &[(StageEnd, T)], at: i64) -> Option<&T> {
    stages.iter().find(|(end, _)| end.is_none_or(|end| end > at)).map(|(_, shown)| shown)
}

/// The end of the last stage.
fn last_end<T>(stages: &[(StageEnd, T)]) -> StageEnd {
    stages.iter().try_fold(i64::MIN, |last, (end, _)| Some(last.max((*end)?)))
}

fn in_words(shown: &ShownLeaf) -> &'static str {
    match shown {
        ShownLeaf::Absent => "absent",
        ShownLeaf::Listed => "listed, and 404",
        ShownLeaf::Text(_) => "a meanwhile value",
        ShownLeaf::Of(_) => "as it was",
    }
}

fn is_open(end: StageEnd, at: i64) -> bool {
    end.is_none_or(|end| end > at)
}

impl Late {
    /// Whether everything is shown as it is. Each request asks this.
    pub(crate) fn is_settled(&self) -> bool {
        let Self { leaves, unlisted, hidden, info, role, whole } = self;
        leaves.is_empty()
            && unlisted.is_empty()
            && hidden.is_empty()
            && info.is_empty()
            && role.is_empty()
            && whole.is_empty()
    }

    // === Changing ===

    /// What a leaf shows at an offset, if that is not the truth.
    pub(super) fn leaf_at(&self, mac: &MacAddress, leaf: LateLeaf, at: i64) -> Option<&ShownLeaf> {
        self.leaves.get(&(mac.clone(), leaf)).and_then(|stages| stage_at(stages, at))
    }

    /// Sets what a leaf shows from now on; without stages the truth.
    pub(super) fn set_leaf(&mut self, mac: &MacAddress, leaf: LateLeaf, stages: Vec<(StageEnd, ShownLeaf)>) {
        let key = (mac.clone(), leaf);
        if stages.is_empty() {
            self.leaves.remove(&key);
        } else {
            self.leaves.insert(key, stages);
        }
    }

    /// The end of the time in which an interface is not listed, if that is to come.
    pub(super) fn unlisted_until(&self, mac: &MacAddress, at: i64) -> Option<StageEnd> {
        self.unlisted.get(mac).copied().filter(|end| is_open(*end, at))
    }

    pub(super) fn set_unlisted(&mut self, mac: &MacAddress, until: Option<StageEnd>) {
        match until {
            Some(end) => self.unlisted.insert(mac.clone(), end),
            None => self.unlisted.remove(mac),
        };
    }

    pub(super) fn hide(&mut self, mac: &MacAddress, until: StageEnd) {
        self.hidden.insert(mac.clone(), until);
    }

    pub(super) fn unhide(&mut self, mac: &MacAddress) {
        self.hidden.remove(mac);
    }

    /// The instance profile that `iam/info` shows at an offset, if that is not the truth.
    pub(super) fn info_at(&self, at: i64) -> Option<&Option<Box<Credentials>>> {
        stage_at(&self.info, at)
    }

    pub(super) fn role_at(&self, at: i64) -> Option<&ShownRole> {
        stage_at(&self.role, at)
    }

    pub(super) fn set_profile(
        &mut self,
        info: Vec<(StageEnd, Option<Box<Credentials>>)>,
        role: Vec<(StageEnd, ShownRole)>,
    ) {
        (self.info, self.role) = (info, role);
    }

    /// Everything about interfaces is shown as it is.
    pub(super) fn settle_network(&mut self) {
        self.leaves.clear();
        self.unlisted.clear();
        self.hidden.clear();
    }

    /// The instance profile is shown as it is.
    pub(super) fn settle_profile(&mut self) {
        self.set_profile(vec![], vec![]);
    }

    pub(super) fn set_whole(&mut self, changes: Vec<(String, StageEnd)>) {
        self.whole = changes;
    }

    /// Forgets what is over at an offset: what is left has not ended by then.
    pub(super) fn settle_until(&mut self, at: i64) {
        for stages in self.leaves.values_mut() {
            stages.retain(|(end, _)| is_open(*end, at));
        }
        self.leaves.retain(|_, stages| !stages.is_empty());
        self.unlisted.retain(|_, end| is_open(*end, at));
        self.hidden.retain(|_, end| is_open(*end, at));
        self.info.retain(|(end, _)| is_open(*end, at));
        self.role.retain(|(end, _)| is_open(*end, at));
    }

    // === Reading, once everything that is over is forgotten ===

    /// What a leaf shows, if that is not the truth.
    pub(crate) fn leaf(&self, mac: &MacAddress, leaf: LateLeaf) -> Option<&ShownLeaf> {
        if self.leaves.is_empty() {
            return None;
        }
        self.leaves.get(&(mac.clone(), leaf)).and_then(|stages| Some(&stages.first()?.1))
    }

    /// Whether nothing is shown of an attached interface.
    pub(crate) fn is_hidden(&self, mac: &MacAddress) -> bool {
        self.hidden.contains_key(mac)
    }

    /// The interfaces of which something is shown that is not the truth.
    pub(crate) fn macs(&self) -> BTreeSet<&MacAddress> {
        self.leaves.keys().map(|(mac, _)| mac).collect()
    }

    /// The instance profile that `iam/info` shows in the place of this one.
    pub(crate) fn info<'a>(&'a self, truth: Option<&'a Credentials>) -> Option<&'a Credentials> {
        self.info.first().map_or(truth, |(_, shown)| shown.as_deref())
    }

    /// What is shown of the role, if that is not the truth.
    pub(crate) fn role(&self) -> Option<&ShownRole> {
        self.role.first().map(|(_, shown)| shown)
    }

    /// What is shown at a path below the version in the place of what is true; `None` if it is true. Of an interface each leaf,
    /// of the instance profile everything below the two paths, of other changes the paths that [`Self::pending`] names.
    pub(crate) fn shown_at(&self, path: &[impl AsRef<str>]) -> Option<&'static str> {
        if self.is_settled() {
            return None;
        }
        let names: Vec<&str> = path.iter().map(AsRef::as_ref).filter(|name| !name.is_empty()).collect();
        if let ["meta-data", "network", "interfaces", "macs", mac, leaf @ ..] = &names[..] {
            let mac: MacAddress = mac.parse().ok()?;
            if self.hidden.contains_key(&mac) {
                return Some("hidden");
            }
            if self.unlisted.contains_key(&mac) {
                return Some("absent");
            }
            let leaf = leaf.first().map_or(Some(LateLeaf::Listed), |name| LateLeaf::of_name(name))?;
            return self.leaf(&mac, leaf).map(in_words);
        }
        let path = names.join("/");
        let is_of =
            |late: &str| path.strip_prefix(late).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.pending().into_iter().find(|(late, ..)| is_of(late)).map(|(_, shown, _)| shown)
    }

    /// What is not the truth, by path below the version, each with what is shown and the last offset until which it is.
    pub(crate) fn pending(&self) -> Vec<(String, &'static str, StageEnd)> {
        let macs = "meta-data/network/interfaces/macs";
        let mut found = Vec::new();
        for (mac, end) in &self.hidden {
            found.push((format!("{macs}/{mac}"), "hidden", *end));
        }
        for ((mac, leaf), stages) in &self.leaves {
            let Some((_, shown)) = stages.first() else { continue };
            let path = match leaf {
                LateLeaf::Listed => format!("{macs}/{mac}"),
                leaf => format!("{macs}/{mac}/{}", <&str>::from(*leaf)),
            };
            found.push((path, in_words(shown), last_end(stages)));
        }
        if !self.info.is_empty() {
            found.push(("meta-data/iam/info".into(), "as it was", last_end(&self.info)));
        }
        if let Some((_, shown)) = self.role.first() {
            let words = match shown {
                ShownRole::Of(Some(_)) => "as it was",
                ShownRole::Of(None) => "absent",
                ShownRole::Listed(_) => "listed, and 404",
            };
            let end = last_end(&self.role);
            found.push(("meta-data/iam/security-credentials".into(), words, end));
        }
        found.extend(self.whole.iter().map(|(path, end)| (path.clone(), "as it was", *end)));
        found
    }
}
