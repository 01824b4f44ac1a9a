//! Directories and values, and how they are listed and found.

use hyper::body::Bytes;

use super::memo::Memo;
use crate::imds::ec2::leaf_context::{LeafContext, LiveValue};
use crate::imds::ec2::version::Version;
use crate::model::ContentType;
use crate::model::fault::HeaderChange;

/// A directory of entries, in the order in which they are listed.
#[derive(Debug)]
pub(crate) struct Directory {
    entries: Vec<Entry>,
    listing: Memo,
}

#[derive(Debug)]
struct Entry {
    name: String,
    /// The name's [`number`].
    number: u32,
    listing_line: String,
    content: TreeEntry,
}

#[derive(Debug)]
pub(super) enum TreeEntry {
    Directory(Directory),
    Leaf(Leaf),
}

/// A value, and the version that introduced it.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(super) introduced: Version,
    pub(super) content: LeafContent,
    pub(super) content_type: Option<ContentType>,
    pub(super) headers: Box<[HeaderChange]>,
}

#[derive(Debug)]
pub(crate) enum LeafContent {
    Fixed(Bytes),
    Live(LiveValue, Memo),
    /// Listed, and 404.
    ListedOnly,
}

// === impl Directory ===

impl Directory {
    /// A directory of entries in any order, each with its name, its listing line and what it is.
    pub(super) fn new(entries: impl Iterator<Item = (String, String, TreeEntry)>) -> Self {
        let entry = |(name, listing_line, content): (String, _, _)| Entry {
            number: number(&name),
            name,
            listing_line,
            content,
        };
        let mut entries: Vec<Entry> = entries.map(entry).collect();
        entries.sort_by(|a, b| a.rank().cmp(&b.rank()));
        Self { entries, listing: Memo::default() }
    }

    pub(crate) fn find<S: AsRef<str>>(&self, segments: &[S]) -> Option<TreeEntryRef<'_>> {
        let Some((first, rest)) = segments.split_first() else { return Some(TreeEntryRef::Directory(self)) };
        let wanted = rank(first.as_ref());
        let entry = &self.entries[self.entries.binary_search_by(|entry| entry.rank().cmp(&wanted)).ok()?];
        match (&entry.content, rest) {
            (TreeEntry::Directory(directory), rest) => directory.find(rest),
            (TreeEntry::Leaf(leaf), []) => Some(TreeEntryRef::Leaf(leaf)),
            (TreeEntry::Leaf(_), _) => None,
        }
    }

    /// Every value below, with its path.
    pub(crate) fn leaves(&self) -> Vec<(String, &Leaf)> {
        let mut leaves = Vec::new();
        self.collect_leaves("", &mut leaves);
        leaves
    }

    fn collect_leaves<'t>(&'t self, above: &str, leaves: &mut Vec<(String, &'t Leaf)>) {
        for entry in &self.entries {
            match &entry.content {
                TreeEntry::Leaf(leaf) => leaves.push((format!("{above}{}", entry.name), leaf)),
                TreeEntry::Directory(directory) => {
                    directory.collect_leaves(&format!("{above}{}/", entry.name), leaves);
                }
            }
        }
    }

    /// The listing for a version, with LF between the lines and none at the end; `None` if nothing is in it.
    pub(crate) fn listing(&self, context: &LeafContext<'_>, version: Version) -> Option<Bytes> {
        self.listing.get_or(context, version, || {
            let visible = |entry: &&Entry| entry.content.is_visible(context, version);
            let lines: Vec<&str> =
                self.entries.iter().filter(visible).map(|entry| entry.listing_line.as_str()).collect();
            (!lines.is_empty()).then(|| lines.join("\n").into())
        })
    }
}

/// The place in a listing: numbers first, by value (`2=…` before `10=…`), then by name.
fn rank(name: &str) -> (u32, &str) {
    (number(name), name)
}

/// The value of a name that is a number: at most one less than what all other names have.
fn number(name: &str) -> u32 {
    name.parse().map_or(u32::MAX, |number: u32| number.min(u32::MAX - 1))
}

impl Entry {
    fn rank(&self) -> (u32, &str) {
        (self.number, &self.name)
    }
}

impl TreeEntry {
    fn is_visible(&self, context: &LeafContext<'_>, version: Version) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_visible(context, version),
            Self::Directory(directory) => {
                directory.entries.iter().any(|entry| entry.content.is_visible(context, version))
            }
        }
    }
}

// === impl Leaf ===

impl Leaf {
    /// As EC2 sends it.
    pub(super) fn usual(introduced: Version, content: LeafContent) -> Self {
        Self { introduced, content, content_type: None, headers: Box::default() }
    }

    /// The headers that the scenario changes.
    pub(crate) fn headers(&self) -> &[HeaderChange] {
        &self.headers
    }

    pub(crate) fn content_type(&self) -> Option<&ContentType> {
        self.content_type.as_ref()
    }

    pub(crate) fn is_in(&self, version: Version) -> bool {
        self.introduced <= version
    }

    /// The value for a version; `None` if the version lacks it or it is absent at the time.
    pub(crate) fn value(&self, context: &LeafContext<'_>, version: Version) -> Option<Bytes> {
        if !self.is_in(version) {
            return None;
        }
        match &self.content {
            LeafContent::Fixed(bytes) => Some(bytes.clone()),
            LeafContent::Live(live, memo) => {
                memo.get_or(context, Version::LATEST, || live(context).map(Bytes::from))
            }
            LeafContent::ListedOnly => None,
        }
    }

    fn is_visible(&self, context: &LeafContext<'_>, version: Version) -> bool {
        match &self.content {
            LeafContent::Fixed(_) | LeafContent::ListedOnly => self.is_in(version),
            LeafContent::Live(..) => self.value(context, version).is_some(),
        }
    }
}

/// An entry by reference: see [`Directory::find`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum TreeEntryRef<'t> {
    Directory(&'t Directory),
    Leaf(&'t Leaf),
}

#[cfg(test)]
mod tests {
    use super::rank;

    /// Of text by text and numbers by value, "10" < "1a" < "2" < "10" would be a circle.
    #[test]
    fn numbers_go_first_by_value_and_then_names() {
        let sorted = ["0", "2", "05", "5", "10", "4294967295", "", "+", "1a", "2x", "99999999999", "a"];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|a, b| rank(a).cmp(&rank(b)));
        assert_eq!(names, sorted);
    }
}
