//! The tree of an instance: a leaf for each row of the table that applies, then the scenario's overrides.

use hyper::body::Bytes;

use super::builder::DirectoryBuilder;
use super::directory::{Directory, Leaf, LeafContent};
use super::memo::Memo;
use super::table::{self, CategoryRow, RowValue};
use crate::imds::ec2::version::Version;
use crate::model::{self, Instance, NetworkInterface, Override};

impl Directory {
    /// The tree of an instance, below the version.
    pub(crate) fn of(instance: &Instance) -> Self {
        let mut root = DirectoryBuilder::default();
        for row in table::ROWS {
            for (path, label, content) in row.leaves(instance) {
                let introduced = row.introduced;
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                root.insert(&path, label.as_deref(), Leaf { introduced, content, content_type: None });
            }
        }
        for (path, value) in &*instance.overrides {
            override_path(&mut root, path, value);
        }
        root.build()
    }
}

fn override_path(root: &mut DirectoryBuilder, path: &str, value: &Override) {
    let segments: Vec<&str> = path.split('/').collect();
    match value {
        Override::Removed => root.remove(&segments),
        // The `aemm` profile alone has these two, and it doesn't read this tree.
        Override::Moved(_) => {}
        Override::Value(_) if path.starts_with('/') => {}
        Override::Value(model::Content { bytes, content_type }) => {
            // A known path keeps the version that introduced it; every version has a new one.
            let introduced = root.leaf(&segments).map_or(Version::FIRST, |leaf| leaf.introduced);
            let content = LeafContent::Fixed(bytes.clone());
            root.insert(&segments, None, Leaf { introduced, content, content_type: content_type.clone() });
        }
    }
}

/// A path below the version, the listing line of its parent if that is special, and the content.
type PlacedLeaf = (Vec<String>, Option<String>, LeafContent);

impl CategoryRow {
    /// The leaves of a row in an instance's tree.
    fn leaves(&self, instance: &Instance) -> Vec<PlacedLeaf> {
        let fixed = |text: String| LeafContent::Fixed(text.into());
        let path = |names: &[&str]| fill(self.path, names);
        match self.rule {
            RowValue::Always(value) => vec![(path(&[]), None, fixed(value(instance)))],
            RowValue::When(value) => {
                value(instance).map(|text| (path(&[]), None, fixed(text))).into_iter().collect()
            }
            RowValue::Bytes(value) => {
                let placed = |bytes| (path(&[]), None, LeafContent::Fixed(Bytes::from(bytes)));
                value(instance).map(placed).into_iter().collect()
            }
            RowValue::Live(live) => vec![(path(&[]), None, LeafContent::Live(live, Memo::default()))],
            RowValue::LiveNamed(name, live) => name(instance)
                .map(|name| (path(&[&name]), None, LeafContent::Live(live, Memo::default())))
                .into_iter()
                .collect(),
            RowValue::Each(values) => {
                values(instance).into_iter().map(|(name, text)| (path(&[&name]), None, fixed(text))).collect()
            }
            RowValue::Labelled(values) => {
                let placed = |(name, label, text): (String, String, String)| {
                    (path(&[&name]), Some(label), fixed(text))
                };
                values(instance).into_iter().map(placed).collect()
            }
            RowValue::Interface(value) => {
                let placed = |interface| {
                    Some((path(&[interface_name(interface)]), None, fixed(value(instance, interface)?)))
                };
                instance.interfaces.iter().filter_map(placed).collect()
            }
            RowValue::InterfaceEach(values) => {
                let placed = |interface| {
                    let leaf = move |(name, text): (String, String)| {
                        (path(&[interface_name(interface), &name]), None, fixed(text))
                    };
                    values(interface).into_iter().map(leaf)
                };
                instance.interfaces.iter().flat_map(placed).collect()
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
