//! The category tree of one instance, built once and read by every request.
//!
//! What is not there is not listed, and what is listed answers 200: cloud-init walks the whole tree and
//! drops all of it if one listed entry is missing.

mod table;

use hyper::body::Bytes;

use super::credentials::LeafContext;
use super::version::Version;
use crate::model::{self, ContentType, Instance, NetworkInterface, Override};
use table::Category;
pub use table::category_paths;

/// A directory of entries, in the order in which they are listed.
#[derive(Debug, Default)]
pub(crate) struct Directory(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    /// The path segment.
    name: String,
    /// The line in the listing.
    listed: String,
    node: Node,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Node {
    /// A directory.
    Directory(Directory),
    /// A value.
    Leaf(Leaf),
}

/// A value and since when it is there.
#[derive(Debug)]
pub(crate) struct Leaf {
    introduced: Version,
    content: Content,
    content_type: Option<ContentType>,
}

/// What a leaf answers.
#[derive(Debug)]
enum Content {
    Fixed(Bytes),
    Live(Live),
}

/// A value that depends on the time of the request. `None`: not there now.
pub(crate) type Live = fn(&LeafContext<'_>) -> Option<String>;

// === impl Directory ===

impl Directory {
    /// The tree of an instance, below the version.
    pub(crate) fn of(instance: &Instance) -> Self {
        let mut root = Self::default();
        for row in table::ROWS {
            for (path, label, content) in row.leaves(instance) {
                let introduced = row.introduced;
                root.insert(&path, label.as_deref(), Leaf { introduced, content, content_type: None });
            }
        }
        for (path, last_word) in &instance.overrides {
            root.overrule(path, last_word);
        }
        root.sort();
        root
    }

    /// What a path leads to.
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

    /// The listing for a version: entries joined by LF, none at the end; `None` if there is none.
    pub(crate) fn listing(&self, view: &LeafContext<'_>, version: Version) -> Option<String> {
        let visible = |entry: &&Entry| entry.node.is_visible(view, version);
        let lines: Vec<&str> = self.0.iter().filter(visible).map(|entry| entry.listed.as_str()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Puts a leaf at a path, in the place of whatever is there. The label replaces the last directory's line.
    fn insert(&mut self, path: &[String], label: Option<&str>, leaf: Leaf) {
        let Some((name, rest)) = path.split_first() else { return };
        let at = self.0.iter().position(|entry| entry.name == *name).unwrap_or_else(|| {
            self.0.push(Entry::new(name, rest.is_empty()));
            self.0.len() - 1
        });
        let entry = &mut self.0[at];
        if rest.is_empty() {
            *entry = Entry { name: name.clone(), listed: name.clone(), node: Node::Leaf(leaf) };
            return;
        }
        if let Node::Leaf(_) = entry.node {
            *entry = Entry::new(name, false);
        }
        if let (1, Some(label)) = (rest.len(), label) {
            label.clone_into(&mut entry.listed);
        }
        if let Node::Directory(directory) = &mut entry.node {
            directory.insert(rest, label, leaf);
        }
    }

    /// Removes a path and what is below it, and directories that this leaves empty.
    fn remove(&mut self, path: &[&str]) {
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

    fn overrule(&mut self, path: &str, last_word: &Override) {
        let segments: Vec<&str> = path.split('/').collect();
        match last_word {
            Override::Removed => self.remove(&segments),
            // Both are words of the `aemm` profile, which has no tree.
            Override::Moved(_) => {}
            Override::Value(_) if path.starts_with('/') => {}
            Override::Value(model::Content { bytes, content_type }) => {
                // A known path keeps the version that introduced it; a new one is there in all.
                let introduced = match self.find(&segments) {
                    Some(NodeRef::Leaf(leaf)) => leaf.introduced,
                    _ => Version::FIRST,
                };
                let content = Content::Fixed(bytes.clone().into());
                let path: Vec<String> = segments.iter().map(ToString::to_string).collect();
                self.insert(&path, None, Leaf { introduced, content, content_type: content_type.clone() });
            }
        }
    }

    /// By name, but numbers by value: `2=…` before `10=…`.
    fn sort(&mut self) {
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
        let listed = if leaf || top { name.to_owned() } else { format!("{name}/") };
        Self { name: name.to_owned(), listed, node: Node::Directory(Directory::default()) }
    }
}

impl Node {
    fn is_visible(&self, view: &LeafContext<'_>, version: Version) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_visible(view, version),
            Self::Directory(directory) => {
                directory.0.iter().any(|entry| entry.node.is_visible(view, version))
            }
        }
    }
}

// === impl Leaf ===

impl Leaf {
    /// What somebody said that it is sent as.
    pub(crate) fn content_type(&self) -> Option<&ContentType> {
        self.content_type.as_ref()
    }

    /// Whether a version has it, if it is there at all.
    pub(crate) fn is_in(&self, version: Version) -> bool {
        self.introduced <= version
    }

    /// The value for a version.
    pub(crate) fn value(&self, view: &LeafContext<'_>, version: Version) -> Option<Bytes> {
        if !self.is_in(version) {
            return None;
        }
        match &self.content {
            Content::Fixed(bytes) => Some(bytes.clone()),
            Content::Live(live) => live(view).map(Bytes::from),
        }
    }

    fn is_visible(&self, view: &LeafContext<'_>, version: Version) -> bool {
        match &self.content {
            Content::Fixed(_) => self.is_in(version),
            Content::Live(_) => self.value(view, version).is_some(),
        }
    }
}

/// What [`Directory::find`] found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NodeRef<'t> {
    /// A directory.
    Directory(&'t Directory),
    /// A value.
    Leaf(&'t Leaf),
}

/// A path below the version, the listing line of its parent if it is special, and the content.
type Planted = (Vec<String>, Option<String>, Content);

impl Category {
    /// The leaves that a row stands for in an instance's tree.
    fn leaves(&self, instance: &Instance) -> Vec<Planted> {
        use table::Presence;
        let fixed = |text: String| Content::Fixed(text.into());
        let path = |names: &[&str]| fill(self.path, names);
        match self.rule {
            Presence::Always(value) => vec![(path(&[]), None, fixed(value(instance)))],
            Presence::When(value) => {
                value(instance).map(|text| (path(&[]), None, fixed(text))).into_iter().collect()
            }
            Presence::Bytes(value) => {
                let planted = |bytes| (path(&[]), None, Content::Fixed(Bytes::from(bytes)));
                value(instance).map(planted).into_iter().collect()
            }
            Presence::Live(live) => vec![(path(&[]), None, Content::Live(live))],
            Presence::LiveNamed(name, live) => {
                name(instance).map(|name| (path(&[&name]), None, Content::Live(live))).into_iter().collect()
            }
            Presence::Each(values) => {
                values(instance).into_iter().map(|(name, text)| (path(&[&name]), None, fixed(text))).collect()
            }
            Presence::Labelled(values) => {
                let planted = |(name, label, text): (String, String, String)| {
                    (path(&[&name]), Some(label), fixed(text))
                };
                values(instance).into_iter().map(planted).collect()
            }
            Presence::Interface(value) => {
                let planted = |interface| {
                    Some((path(&[interface_name(interface)]), None, fixed(value(instance, interface)?)))
                };
                instance.interfaces.iter().filter_map(planted).collect()
            }
            Presence::InterfaceEach(values) => {
                let planted = |interface| {
                    let leaf = move |(name, text): (String, String)| {
                        (path(&[interface_name(interface), &name]), None, fixed(text))
                    };
                    values(interface).into_iter().map(leaf)
                };
                instance.interfaces.iter().flat_map(planted).collect()
            }
        }
    }
}

fn interface_name(interface: &NetworkInterface) -> &str {
    interface.mac.as_str()
}

/// The segments of a pattern, each `{…}` replaced by the next name.
fn fill(pattern: &str, names: &[&str]) -> Vec<String> {
    let mut names = names.iter();
    let segment = |part: &str| {
        let name = if part.starts_with('{') { names.next() } else { None };
        name.map_or(part, |name| name).to_owned()
    };
    pattern.split('/').map(segment).collect()
}
