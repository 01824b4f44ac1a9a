//! The body of every path at a time, in the `aemm` profile: for views and previews, which ask for no single path.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use strum::VariantArray;

use super::notices;
use super::tree::{AemmLeaf, AemmTree, USER_DATA};
use crate::imds::Fleet;
use crate::model::{Instance, Notice, StringEnum, Timestamp};

/// The bodies for a client that meets the `[instance]` itself and is among the first to ask, by the paths of
/// `[metadata]`.
pub(crate) fn bodies(fleet: &Fleet, instance: &Instance, now: Timestamp) -> BTreeMap<String, Bytes> {
    let tree = AemmTree { fleet, name: None, instance };
    let notices = Notice::VARIANTS.iter().map(|notice| notice.as_str());
    let paths = instance.overrides.keys().map(String::as_str).chain([USER_DATA]).chain(notices);
    paths.filter_map(|path| Some((path.to_owned(), body(&tree, path, now)?))).collect()
}

fn body(tree: &AemmTree<'_>, path: &str, now: Timestamp) -> Option<Bytes> {
    match tree.leaf(path)? {
        AemmLeaf::Value(_, bytes) => Some(Bytes::copy_from_slice(bytes)),
        AemmLeaf::Notice { notice, .. } if admits_nobody(tree, notice) => None,
        AemmLeaf::Notice { notice, moved } => {
            let (_, body) = notices::body(notice, &tree.instance.signals, now)?;
            Some(if moved && notice != Notice::Scheduled { Bytes::new() } else { body.into() })
        }
    }
}

fn admits_nobody(tree: &AemmTree<'_>, notice: Notice) -> bool {
    let mut events = tree.fleet.events().iter();
    let announcing = events.find(|event| event.concerns(tree.name) && event.announces(notice));
    announcing.is_some_and(|event| event.first_n_clients == Some(0))
}
