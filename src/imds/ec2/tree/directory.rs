//! Directories and values, and how they are listed and found.

use hyper::body::Bytes;

use crate::imds::ec2::leaf_context::{LeafContext, LiveValue};
use crate::imds::ec2::version::Version;
use crate::model::ContentType;

/// A directory of entries, in the order in which they are listed.
#[derive(Debug, Default)]
pub(crate) struct Directory(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    name: String,
    listing_line: String,
    node: Node,
}

#[derive(Debug)]
pub(crate) enum Node {
    Directory(Directory),
    Leaf(Leaf),
}

/// A value, and the version that introduced it.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(super) introduced: Version,
    pub(super) content: LeafContent,
    pub(super) content_type: Option<ContentType>,
}

#[derive(Debug)]
pub(crate) enum LeafContent {
    Fixed(Bytes),
    Live(LiveValue),
}

// === impl Directory ===

impl Directory {
    pub(crate) fn find<S: AsRef<str>>(&self, segments: &[S]) -> Option<NodeRef<'_>> {
        let Some((first, rest)) = segments.split_first() else { return Some(NodeRef::Directory(self)) };
        let entry = self.0.iter().find(|entry| entry.name == first.as_ref())?;
        match (&entry.node, rest) {
            (Node::Directory(directory), rest) => directory.find(rest),
            (Node::Leaf(leaf), []) => Some(NodeRef::Leaf(leaf)),
            (Node::Leaf(_), _) => None,
        }
    }

    /// Every value below, with its path.
    pub(crate) fn leaves(&self) -> Vec<(String, &Leaf)> {
        let mut leaves = Vec::new();
        for entry in &self.0 {
            match &entry.node {
                Node::Leaf(leaf) => leaves.push((entry.name.clone(), leaf)),
                Node::Directory(directory) => {
                    let below = directory.leaves().into_iter();
                    leaves.extend(below.map(|(path, leaf)| (format!("{}/{path}", entry.name), leaf)));
                }
            }
        }
        leaves
    }

    /// The listing for a version, with LF between the lines and none at the end; `None` if nothing is in it.
    pub(crate) fn listing(&self, context: &LeafContext<'_>, version: Version) -> Option<String> {
        let visible = |entry: &&Entry| entry.node.is_visible(context, version);
        let lines: Vec<&str> =
            self.0.iter().filter(visible).map(|entry| entry.listing_line.as_str()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Puts a leaf at a path and replaces whatever is there. The label replaces the listing line of the last directory.
    pub(super) fn insert(&mut self, path: &[String], label: Option<&str>, leaf: Leaf) {
        let Some((name, rest)) = path.split_first() else { return };
        let at = self.0.iter().position(|entry| entry.name == *name).unwrap_or_else(|| {
            self.0.push(Entry::new(name, rest.is_empty()));
            self.0.len() - 1
        });
        let entry = &mut self.0[at];
        if rest.is_empty() {
            *entry = Entry { name: name.clone(), listing_line: name.clone(), node: Node::Leaf(leaf) };
            return;
        }
        if let Node::Leaf(_) = entry.node {
            *entry = Entry::new(name, false);
        }
        if let (1, Some(label)) = (rest.len(), label) {
            label.clone_into(&mut entry.listing_line);
        }
        if let Node::Directory(directory) = &mut entry.node {
            directory.insert(rest, label, leaf);
        }
    }

    /// Removes a path and what is below it, and directories that this leaves empty.
    pub(super) fn remove(&mut self, path: &[&str]) {
        let Some((name, rest)) = path.split_first() else { return };
        let Some(at) = self.0.iter().position(|entry| entry.name == *name) else { return };
        let gone = match &mut self.0[at].node {
            _ if rest.is_empty() => true,
            Node::Leaf(_) => false,
            Node::Directory(directory) => {
                directory.remove(rest);
                directory.0.is_empty()
            }
        };
        if gone {
            self.0.remove(at);
        }
    }

    /// By name, but numbers by value: `2=…` before `10=…`.
    pub(super) fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            let numbers = a.name.parse::<u32>().ok().zip(b.name.parse::<u32>().ok());
            numbers.map_or_else(|| a.name.cmp(&b.name), |(a, b)| a.cmp(&b))
        });
        for entry in &mut self.0 {
            if let Node::Directory(directory) = &mut entry.node {
                directory.sort();
            }
        }
    }
}

impl Entry {
    /// The three at the top (`dynamic`, `meta-data`, `user-data`) are listed without a slash.
    fn new(name: &str, leaf: bool) -> Self {
        let top = matches!(name, "dynamic" | "meta-data");
        let listing_line = if leaf || top { name.to_owned() } else { format!("{name}/") };
        Self { name: name.to_owned(), listing_line, node: Node::Directory(Directory::default()) }
    }
}

impl Node {
    fn is_visible(&self, context: &LeafContext<'_>, version: Version) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_visible(context, version),
            Self::Directory(directory) => {
                directory.0.iter().any(|entry| entry.node.is_visible(context, version))
            }
        }
    }
}

// === impl Leaf ===

impl Leaf {
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
            LeafContent::Live(live) => live(context).map(Bytes::from),
        }
    }

    fn is_visible(&self, context: &LeafContext<'_>, version: Version) -> bool {
        match &self.content {
            LeafContent::Fixed(_) => self.is_in(version),
            LeafContent::Live(_) => self.value(context, version).is_some(),
        }
    }
}

/// A node by reference: see [`Directory::find`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum NodeRef<'t> {
    Directory(&'t Directory),
    Leaf(&'t Leaf),
}
