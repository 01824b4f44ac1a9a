//! The tree of an instance: a leaf for each row of the table that applies, then the scenario's overrides.

use hyper::body::Bytes;

use super::builder::DirectoryBuilder;
use super::directory::{Directory, Leaf, LeafContent};
use super::memo::Memo;
use super::table::{self, CategoryRow, RowValue};
use crate::imds::ec2::version::Version;
use crate::model::{self, Instance, LateLeaf, MacAddress, NetworkInterface, Override, ShownLeaf, ShownRole};

impl Directory {
    /// The tree of an instance, below the version.
    pub(crate) fn of(instance: &Instance) -> Self {
        let mut root = DirectoryBuilder::default();
        for row in table::ROWS {
            for (path, label, content) in row.leaves(instance) {
                let introduced = row.introduced;
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                root.insert(&path, label.as_deref(), Leaf::usual(introduced, content));
            }
        }
        if !instance.late.is_settled() {
            for path in listed_only(instance) {
                root.list(&path);
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
        Override::Value(model::Content { bytes, content_type, headers }) => {
            // A known path keeps the version that introduced it; every version has a new one.
            let introduced = root.leaf(&segments).map_or(Version::FIRST, |leaf| leaf.introduced);
            let content = LeafContent::Fixed(bytes.clone());
            let (content_type, headers) = (content_type.clone(), headers.clone().into());
            root.insert(&segments, None, Leaf { introduced, content, content_type, headers });
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
                let name = self.path.rsplit('/').next().unwrap_or_default();
                let placed = |shown: &ShownInterface<'_>| {
                    let content = match shown.leaf(LateLeaf::of_name(name)) {
                        InterfaceValue::Of(interface) => fixed(value(instance, interface)?),
                        InterfaceValue::Text(text) => fixed(text.to_owned()),
                        InterfaceValue::Listed => LeafContent::ListedOnly,
                        InterfaceValue::Absent => return None,
                    };
                    Some((path(&[shown.mac.as_str()]), None, content))
                };
                shown_interfaces(instance).iter().filter_map(placed).collect()
            }
            RowValue::InterfaceEach(values) => {
                let placed = |shown: &ShownInterface<'_>| match shown.leaf(Some(LateLeaf::PublicIpv4s)) {
                    InterfaceValue::Of(interface) => {
                        let leaf = |(name, text): (String, String)| {
                            (path(&[shown.mac.as_str(), &name]), None, fixed(text))
                        };
                        values(interface).into_iter().map(leaf).collect()
                    }
                    _ => vec![],
                };
                shown_interfaces(instance).iter().flat_map(placed).collect()
            }
        }
    }
}

/// An interface that has a directory.
struct ShownInterface<'i> {
    instance: &'i Instance,
    mac: &'i MacAddress,
    /// `None`: it is not attached any more.
    attached: Option<&'i NetworkInterface>,
}

/// What a leaf of an interface shows.
enum InterfaceValue<'i> {
    /// Its value on this interface.
    Of(&'i NetworkInterface),
    Text(&'i str),
    Listed,
    Absent,
}

impl<'i> ShownInterface<'i> {
    fn leaf(&self, leaf: Option<LateLeaf>) -> InterfaceValue<'i> {
        let late = leaf.and_then(|leaf| self.instance.late.leaf(self.mac, leaf));
        match (late, self.attached) {
            (None, Some(interface)) => InterfaceValue::Of(interface),
            (Some(ShownLeaf::Of(before)), _) => InterfaceValue::Of(before),
            (Some(ShownLeaf::Text(text)), _) => InterfaceValue::Text(text),
            (Some(ShownLeaf::Listed), _) => InterfaceValue::Listed,
            (None, None) | (Some(ShownLeaf::Absent), _) => InterfaceValue::Absent,
        }
    }
}

/// The attached interfaces, as far as they are not hidden, and those of which something is still shown.
fn shown_interfaces(instance: &Instance) -> Vec<ShownInterface<'_>> {
    let late = &instance.late;
    let attached = instance.interfaces.iter().filter(|interface| !late.is_hidden(&interface.mac));
    let attached =
        attached.map(|interface| ShownInterface { instance, mac: &interface.mac, attached: Some(interface) });
    if late.is_settled() {
        return attached.collect();
    }
    let is_attached = |mac: &MacAddress| instance.interfaces.iter().any(|interface| interface.mac == *mac);
    let gone = late.macs().into_iter().filter(|mac| !is_attached(mac));
    attached.chain(gone.map(|mac| ShownInterface { instance, mac, attached: None })).collect()
}

/// The entries that are listed, and answer 404: those of interfaces that are detached, and of a role without keys.
fn listed_only(instance: &Instance) -> Vec<Vec<String>> {
    let late = &instance.late;
    let is_listed = |mac: &&MacAddress| late.leaf(mac, LateLeaf::Listed) == Some(&ShownLeaf::Listed);
    let macs = late.macs().into_iter().filter(is_listed);
    let mut found: Vec<Vec<String>> =
        macs.map(|mac| fill("meta-data/network/interfaces/macs/{mac}", &[mac.as_str()])).collect();
    if let Some(ShownRole::Listed(role)) = late.role() {
        found.push(fill("meta-data/iam/security-credentials/{role}", &[role.as_str()]));
    }
    found
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
