//! A tree while it is built: entries are found by their names, whatever their number.

use std::collections::HashMap;

use super::directory::{Directory, Leaf, Node};

#[derive(Default)]
pub(super) struct DirectoryBuilder(HashMap<String, EntryBuilder>);

struct EntryBuilder {
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
            self.0.insert(
                (*name).to_owned(),
                EntryBuilder { listing_line: None, node: NodeBuilder::Leaf(leaf) },
            );
            return;
        }
        if !matches!(self.0.get(*name), Some(EntryBuilder { node: NodeBuilder::Directory(_), .. })) {
            let node = NodeBuilder::Directory(Self::default());
            self.0.insert((*name).to_owned(), EntryBuilder { listing_line: None, node });
        }
        let Some(EntryBuilder { listing_line, node: NodeBuilder::Directory(directory) }) =
            self.0.get_mut(*name)
        else {
            return;
        };
        if let (1, Some(label)) = (rest.len(), label) {
            *listing_line = Some(label.to_owned());
        }
        directory.insert(rest, label, leaf);
    }

    /// Removes a path and what is below it, and directories that this leaves empty.
    pub(super) fn remove(&mut self, path: &[&str]) {
        let Some((name, rest)) = path.split_first() else { return };
        let gone = match self.0.get_mut(*name).map(|entry| &mut entry.node) {
            None => return,
            _ if rest.is_empty() => true,
            Some(NodeBuilder::Leaf(_)) => false,
            Some(NodeBuilder::Directory(directory)) => {
                directory.remove(rest);
                directory.0.is_empty()
            }
        };
        if gone {
            self.0.remove(*name);
        }
    }

    /// The leaf at a path.
    pub(super) fn leaf(&self, path: &[&str]) -> Option<&Leaf> {
        let (name, rest) = path.split_first()?;
        match (&self.0.get(*name)?.node, rest) {
            (NodeBuilder::Leaf(leaf), []) => Some(leaf),
            (NodeBuilder::Directory(directory), rest) => directory.leaf(rest),
            (NodeBuilder::Leaf(_), _) => None,
        }
    }

    pub(super) fn build(self) -> Directory {
        Directory::new(self.0.into_iter().map(|(name, EntryBuilder { listing_line, node })| {
            // The three at the top (`dynamic`, `meta-data`, `user-data`) are listed without a slash.
            let top = matches!(&*name, "dynamic" | "meta-data");
            let line = listing_line.unwrap_or_else(|| match node {
                NodeBuilder::Directory(_) if !top => format!("{name}/"),
                _ => name.clone(),
            });
            let node = match node {
                NodeBuilder::Leaf(leaf) => Node::Leaf(leaf),
                NodeBuilder::Directory(directory) => Node::Directory(directory.build()),
            };
            (name, line, node)
        }))
    }
}
