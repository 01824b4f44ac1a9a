//! The files of a dump by their paths, and the names that listings and the tops of trees have in one.

use std::collections::BTreeMap;

use crate::transcribe::known_paths::USER_DATA;

/// Files by the segments of their paths.
pub type DumpFiles = BTreeMap<Vec<String>, Vec<u8>>;

pub(super) const LISTINGS: [&str; 5] = ["index.html", "index.htm", "index.txt", "index", ".listing"];
pub(super) const TOPS: [&str; 3] = ["meta-data", "dynamic", USER_DATA];
