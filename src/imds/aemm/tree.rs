//! The values and listings by their paths. A path may be a value and a directory.

use std::collections::BTreeSet;

use http::header::HeaderValue;
use strum::VariantArray;

use super::replies::{OCTETS, TEXT};
use crate::imds::Fleet;
use crate::model::{AEMM_CATEGORIES, AEMM_VERSIONS, Instance, Notice, Override, StringEnum};

const VERSION: &str = "/latest/";
pub(crate) const USER_DATA: &str = "user-data";

/// The tree that a client meets.
pub(crate) struct AemmTree<'f> {
    pub fleet: &'f Fleet,
    /// The name of the instance; `None` for the `[instance]` itself.
    pub name: Option<&'f str>,
    pub instance: &'f Instance,
}

pub(crate) enum AemmLeaf<'f> {
    /// A content type and a body.
    Value(HeaderValue, &'f [u8]),
    /// A notice, at its own path or moved to another one.
    Notice { notice: Notice, moved: bool },
}

impl<'f> AemmTree<'f> {
    /// The value at a clean path.
    pub(crate) fn leaf(&self, path: &str) -> Option<AemmLeaf<'f>> {
        let key = key(path);
        match self.instance.overrides.get(key) {
            Some(Override::Value(content)) => {
                let usual = if key == USER_DATA { OCTETS } else { TEXT };
                let content_type = content.content_type.as_ref();
                let content_type = content_type.and_then(|it| HeaderValue::from_str(it.as_str()).ok());
                Some(AemmLeaf::Value(content_type.unwrap_or(usual), &content.bytes))
            }
            Some(Override::Moved(notice)) => {
                self.is_announced(*notice).then_some(AemmLeaf::Notice { notice: *notice, moved: true })
            }
            Some(Override::Removed) => None,
            None if key == USER_DATA => {
                self.instance.user_data.as_deref().map(|bytes| AemmLeaf::Value(OCTETS, bytes))
            }
            None => {
                let notice = self.notices().find(|notice| notice.as_str() == key)?;
                Some(AemmLeaf::Notice { notice, moved: false })
            }
        }
    }

    /// The children of a clean path, if that is a directory.
    pub(crate) fn listing(&self, path: &str) -> Option<String> {
        match path {
            "/" => return Some(AEMM_VERSIONS.to_owned()),
            "/latest" => return Some(AEMM_CATEGORIES.to_owned()),
            _ => {}
        }
        let directory = path.strip_prefix(VERSION)?;
        let category = matches!(directory, "meta-data" | "dynamic");
        if !category && !directory.starts_with("meta-data/") && !directory.starts_with("dynamic/") {
            return None;
        }
        let above = format!("{directory}/");
        let overrides =
            self.instance.overrides.range(above.clone()..).take_while(|(key, _)| key.starts_with(&above));
        let overrides = overrides.filter(|(_, value)| match value {
            Override::Value(_) => true,
            Override::Moved(notice) => self.is_announced(*notice),
            Override::Removed => false,
        });
        let keys = overrides.map(|(key, _)| key.as_str());
        let notices = self.notices().map(|notice| -> &str { notice.as_str() });
        let keys = keys.chain(notices.filter(|key| key.starts_with(&above)));
        let children: BTreeSet<&str> = keys.map(|key| child(&key[above.len()..])).collect();
        let children: Vec<&str> = children.into_iter().collect();
        if category {
            return Some(children.join("\n") + "\n");
        }
        (!children.is_empty()).then(|| children.join("\n"))
    }

    /// The notices that events announce at their own paths, whether they have happened or not.
    fn notices(&self) -> impl Iterator<Item = Notice> {
        Notice::VARIANTS.iter().copied().filter(|notice| {
            self.is_announced(*notice) && !self.is_removed(notice.as_str()) && !self.is_moved(*notice)
        })
    }

    fn is_announced(&self, notice: Notice) -> bool {
        self.fleet.events().iter().any(|event| event.concerns(self.name) && event.announces(notice))
    }

    fn is_removed(&self, key: &str) -> bool {
        let ends = key.match_indices('/').map(|(at, _)| at).chain([key.len()]);
        ends.map(|end| &key[..end])
            .any(|above| self.instance.overrides.get(above) == Some(&Override::Removed))
    }

    fn is_moved(&self, notice: Notice) -> bool {
        self.instance.overrides.values().any(|value| *value == Override::Moved(notice))
    }
}

/// The key of a path in `[metadata]`.
fn key(path: &str) -> &str {
    let below = path.strip_prefix(VERSION);
    let category =
        |below: &&str| matches!(below.split('/').next(), Some("meta-data" | "dynamic" | USER_DATA));
    below.filter(category).unwrap_or(path)
}

/// The first segment of a path, with the slash behind it.
fn child(below: &str) -> &str {
    below.find('/').map_or(below, |slash| &below[..=slash])
}
