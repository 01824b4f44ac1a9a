//! The place in a dump where the tree of a service begins.

use super::files::{DumpFiles, TOPS};
use crate::transcribe::known_paths::USER_DATA;

pub(super) struct Root {
    above: Vec<String>,
    /// Directories of the tree that are left out: `meta-data`.
    pub(super) missing: Vec<String>,
    pub(super) version: String,
}

impl Root {
    pub(super) fn of(files: &DumpFiles) -> Option<Self> {
        let is_version = |name: &str| name == "latest" || name == "1.0" || is_date(name);
        let versioned = |path: &Vec<String>| {
            let at =
                path.windows(2).position(|pair| is_version(&pair[0]) && TOPS.contains(&pair[1].as_str()))?;
            Some(path[..=at].to_vec())
        };
        // `latest` orders after every date.
        let newest = files.keys().filter_map(versioned).max_by(|a, b| a.last().cmp(&b.last()));
        if let Some(above) = newest {
            let version = above.last().cloned().unwrap_or_default();
            return Some(Self { above, missing: vec![], version });
        }
        let above = |names: &[&str]| {
            let at = |path: &Vec<String>| path.iter().position(|name| names.contains(&name.as_str()));
            let found = files.keys().filter_map(|path| Some(path[..at(path)?].to_vec()));
            found.min_by_key(Vec::len)
        };
        let latest = |above, missing| Self { above, missing, version: "latest".into() };
        if let Some(above) = above(&["meta-data", "dynamic"]) {
            return Some(latest(above, vec![]));
        }
        above(&["instance-id", "ami-id"]).map(|above| latest(above, vec!["meta-data".into()]))
    }

    /// True of the files of the tree.
    pub(super) fn holds(&self, path: &[String]) -> bool {
        path.starts_with(&self.above)
    }

    /// The files of the tree, by their paths below the version.
    pub(super) fn below(&self, files: &DumpFiles) -> DumpFiles {
        let inside = |(path, bytes): (&Vec<String>, &Vec<u8>)| {
            let rest = path.strip_prefix(self.above.as_slice())?;
            // It lies beside the metadata, as in the service.
            let beside = rest.first().is_some_and(|first| first == USER_DATA);
            let missing = self.missing.iter().filter(|_| !beside);
            Some((missing.chain(rest).cloned().collect(), bytes.clone()))
        };
        files.iter().filter_map(inside).collect()
    }
}

fn is_date(name: &str) -> bool {
    let digit = |(at, b): (usize, u8)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() };
    name.len() == 10 && name.bytes().enumerate().all(digit)
}
