//! Everything that is there, at one time.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use strum::VariantArray;

use super::notices;
use super::tree::{AemmLeaf, AemmTree, USER_DATA};
use crate::model::{Notice, StringEnum, Timestamp};

impl AemmTree<'_> {
    /// What each path answers to a client that is among the first to ask, by the names of `[metadata]`.
    pub(crate) fn answers(&self, now: Timestamp) -> BTreeMap<String, Bytes> {
        let notices = Notice::VARIANTS.iter().map(|notice| notice.as_str());
        let paths = self.instance.overrides.keys().map(String::as_str).chain([USER_DATA]).chain(notices);
        let answer = |path: &str| match self.leaf(path)? {
            AemmLeaf::Word(_, bytes) => Some(Bytes::copy_from_slice(bytes)),
            AemmLeaf::Notice { notice, .. } if self.is_for_nobody(notice) => None,
            AemmLeaf::Notice { notice, moved } => {
                let (_, told) = notices::told(notice, &self.instance.signals, now)?;
                Some(if moved && notice != Notice::Scheduled { Bytes::new() } else { told.into() })
            }
        };
        paths.filter_map(|path| Some((path.to_owned(), answer(path)?))).collect()
    }

    fn is_for_nobody(&self, notice: Notice) -> bool {
        let mut events = self.fleet.events().iter();
        let announcing = events.find(|event| event.concerns(self.name) && event.announces(notice));
        announcing.is_some_and(|event| event.first_n_clients == Some(0))
    }
}
