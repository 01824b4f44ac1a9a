//! The files of a dump.

use std::collections::BTreeMap;

use crate::transcribe::known_paths::USER_DATA;

/// Files by the segments of their paths.
pub type DumpFiles = BTreeMap<Vec<String>, Vec<u8>>;

pub(super) const LISTINGS: [&str; 5] = ["index.html", "index.htm", "index.txt", "index", ".listing"];
pub(super) const TOPS: [&str; 3] = ["meta-data", "dynamic", USER_DATA];
