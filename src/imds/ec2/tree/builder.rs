//! A tree while it is built: entries are found by their names, whatever their number.

use std::collections::HashMap;

use super::directory::{Directory, Leaf, LeafContent, TreeEntry};
use crate::imds::ec2::version::Version;

/// Entries that are searched one by one. Of more there is an index.
const SEARCHED: usize = 64;

#[derive(Default)]
pub(super) struct DirectoryBuilder {
    entries: Vec<EntryBuilder>,
    /// By name; empty unless there are many entries.
    index: HashMap<String, usize>,
}

struct EntryBuilder {
    name: String,
    /// Unless it follows from the name.
    listing_line: Option<String>,
    node: NodeBuilder,
}

enum NodeBuilder {
    Directory(DirectoryBuilder),
    Leaf(Leaf),
}

impl DirectoryBuilder {
    /// Puts a leaf at a path and replaces whatever is there. The label replaces the listing line of the last directory.
    pub(super) fn insert(&mut self, path: &[&str], label: Option<&str>, leaf: Leaf) {
        let Some((name, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            self.put(name, NodeBuilder::Leaf(leaf));
            return;
        }
        let is_directory = |at: &usize| matches!(self.entries[*at].node, NodeBuilder::Directory(_));
        let at = self.position(name).filter(is_directory);
        let at = at.unwrap_or_else(|| self.put(name, NodeBuilder::Directory(Self::default())));
        let entry = &mut self.entries[at];
        if let (1, Some(label)) = (rest.len(), label) {
            entry.listing_line = Some(label.to_owned());
        }
        if let NodeBuilder::Directory(directory) = &mut entry.node {
            directory.insert(rest, label, leaf);
        }
    }

    /// Lists a path that has no value, unless something is there.
    pub(super) fn list(&mut self, path: &[String]) {
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        if self.has(&segments) {
            return;
        }
        let (introduced, content) = (Version::FIRST, LeafContent::ListedOnly);
        self.insert(&segments, None, Leaf::usual(introduced, content));
        // A directory is listed with a slash, though nothing is in it.
        if segments.contains(&"macs")
            && let Some((name, above)) = segments.split_last()
            && let Some(directory) = self.directory_mut(above)
            && let Some(at) = directory.position(name)
        {
            directory.entries[at].listing_line = Some(format!("{name}/"));
        }
    }

    /// Whether something is at a path.
    fn has(&self, path: &[&str]) -> bool {
        let Some((name, rest)) = path.split_first() else { return true };
        match self.position(name).map(|at| &self.entries[at].node) {
            Some(NodeBuilder::Directory(directory)) => directory.has(rest),
            Some(NodeBuilder::Leaf(_)) => rest.is_empty(),
            None => false,
        }
    }

    fn directory_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        let Some((name, rest)) = path.split_first() else { return Some(self) };
        let at = self.position(name)?;
        match &mut self.entries[at].node {
            NodeBuilder::Directory(directory) => directory.directory_mut(rest),
            NodeBuilder::Leaf(_) => None,
        }
    }

    /// Removes a path and what is below it, and directories that this leaves empty.
    pub(super) fn remove(&mut self, path: &[&str]) {
        let Some((name, rest)) = path.split_first() else { return };
        let Some(at) = self.position(name) else { return };
        let gone = match &mut self.entries[at].node {
            _ if rest.is_empty() => true,
            NodeBuilder::Leaf(_) => false,
            NodeBuilder::Directory(directory) => {
                directory.remove(rest);
                directory.entries.is_empty()
            }
        };
        if gone {
            self.entries.swap_remove(at);
            if self.index.remove(*name).is_some()
                && let Some(moved) = self.entries.get(at)
            {
                self.index.insert(moved.name.clone(), at);
            }
        }
    }

    /// The leaf at a path.
    pub(super) fn leaf(&self, path: &[&str]) -> Option<&Leaf> {
        let (name, rest) = path.split_first()?;
        match (&self.entries[self.position(name)?].node, rest) {
            (NodeBuilder::Leaf(leaf), []) => Some(leaf),
            (NodeBuilder::Directory(directory), rest) => directory.leaf(rest),
            (NodeBuilder::Leaf(_), _) => None,
        }
    }

    pub(super) fn build(self) -> Directory {
        Directory::new(self.entries.into_iter().map(|EntryBuilder { name, listing_line, node }| {
            // The three at the top (`dynamic`, `meta-data`, `user-data`) are listed without a slash.
            let top = matches!(&*name, "dynamic" | "meta-data");
            let line = listing_line.unwrap_or_else(|| match node {
                NodeBuilder::Directory(_) if !top => format!("{name}/"),
                _ => name.clone(),
            });
            let node = match node {
                NodeBuilder::Leaf(leaf) => TreeEntry::Leaf(leaf),
                NodeBuilder::Directory(directory) => TreeEntry::Directory(directory.build()),
            };
            (name, line, node)
        }))
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.index.is_empty() {
            self.entries.iter().position(|entry| entry.name == name)
        } else {
            self.index.get(name).copied()
        }
    }

    /// Puts a node under a name, in the place of another one if there is one, and gives its position.
    fn put(&mut self, name: &str, node: NodeBuilder) -> usize {
        let entry = EntryBuilder { name: name.to_owned(), listing_line: None, node };
        if let Some(at) = self.position(name) {
            self.entries[at] = entry;
            return at;
        }
        self.entries.push(entry);
        if self.entries.len() > SEARCHED || !self.index.is_empty() {
            // All of them if there was no index, else the last one.
            let from = self.index.len();
            let names = self.entries.iter().enumerate().skip(from);
            self.index.extend(names.map(|(at, entry)| (entry.name.clone(), at)));
        }
        self.entries.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        Leaf::usual(Version::FIRST, LeafContent::Fixed(hyper::body::Bytes::new()))
    }

    /// As that of an interface which is detached, of which a leaf is still shown.
    #[test]
    fn a_path_is_only_listed_where_nothing_is() {
        let mut builder = DirectoryBuilder::default();
        builder.insert(&["macs", "there", "mac"], None, leaf());
        for path in ["macs/there", "macs/gone", "macs/there/mac"] {
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            builder.list(&path);
        }
        let is_listed_only =
            |path: &[&str]| builder.leaf(path).map(|leaf| matches!(leaf.content, LeafContent::ListedOnly));
        let found =
            [&["macs", "there"][..], &["macs", "gone"], &["macs", "there", "mac"]].map(is_listed_only);
        assert_eq!(found, [None, Some(true), Some(false)]);
    }

    #[test]
    fn entries_are_found_with_and_without_an_index() {
        let mut builder = DirectoryBuilder::default();
        let name = |number: usize| format!("n{number}");
        for count in 1..=3 * SEARCHED {
            builder.insert(&["d", &name(count)], None, leaf());
            builder.insert(&["d", &name(count)], None, leaf());
            for number in 1..=count {
                assert!(builder.leaf(&["d", &name(number)]).is_some(), "{number} of {count}");
            }
        }
        for count in (1..=3 * SEARCHED).rev() {
            // From the middle, so that another one takes its place.
            let gone = if count % 2 == 0 { count / 2 } else { 3 * SEARCHED - count / 2 };
            builder.remove(&["d", &name(gone)]);
            assert!(builder.leaf(&["d", &name(gone)]).is_none(), "{gone} was removed");
            builder.insert(&["d", "new"], None, leaf());
            assert!(builder.leaf(&["d", "new"]).is_some(), "a new one after {gone} was removed");
            builder.remove(&["d", "new"]);
        }
        assert!(builder.entries.is_empty(), "a directory that is left empty goes, too");
    }
}
