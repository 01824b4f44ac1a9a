//! `[metadata]`: the static tree, and notices that have moved.

use std::collections::BTreeMap;
use std::fmt;

use super::text::{compact_json, json, string};
use crate::aemm::config::{AemmConfig, AemmMode};
use crate::aemm::defaults;
use crate::aemm::path_table::ConfigValue;
use crate::model::{Notice, StringEnum};

const VERSION: &str = "/latest/";
const ACCELERATOR: &str = "elastic-inference-accelerator";
/// Paths that the service itself answers.
const RESERVED: [&str; 6] =
    ["/", "/latest", "/latest/meta-data", "/latest/dynamic", "/latest/api/token", "/latest/user-data"];

/// The keys of notices, the notice of each, and the mode that serves it beside the one that serves all.
pub(crate) const NOTICES: [(&str, Notice, AemmMode); 5] = [
    ("spot", Notice::InstanceAction, AemmMode::Spot),
    ("spot-termination-time", Notice::TerminationTime, AemmMode::Spot),
    ("rebalance-rec-time", Notice::Rebalance, AemmMode::Spot),
    ("events", Notice::Scheduled, AemmMode::Events),
    ("target-lifecycle-state", Notice::TargetLifecycleState, AemmMode::AsgLifecycle),
];

/// The word of a path on which nothing is. The text is another word: it has quotes.
const NOTHING: &str = "false";

/// Words by the paths that they are on.
pub(crate) struct MetadataEntries(BTreeMap<String, String>);

impl MetadataEntries {
    pub(crate) fn of(config: &AemmConfig, not_carried: &mut Vec<String>) -> Self {
        let mut entries = Self(BTreeMap::new());
        for tree in [&config.metadata, &config.dynamic] {
            for (key, path) in &tree.paths {
                match NOTICES.iter().find(|(notice, ..)| notice == key) {
                    None => entries.put(key, path, value(key, path, tree.values.get(key)), not_carried),
                    Some((_, notice, mode)) if [AemmMode::All, *mode].contains(&config.mode) => {
                        entries.place(key, path, *notice, not_carried);
                    }
                    Some(_) => {}
                }
            }
        }
        entries
    }

    /// Puts a word on a path. An empty path is none.
    pub(crate) fn put(&mut self, key: &str, path: &str, value: String, not_carried: &mut Vec<String>) {
        let is_user_data = path == "/latest/user-data" && key == "userdata";
        let reachable = path.strip_prefix('/').is_some_and(|below| {
            let legal = |s: &str| !matches!(s, "" | "." | "..") && !s.chars().any(char::is_control);
            below.split('/').all(legal)
        });
        if path.is_empty() {
            return;
        }
        if !reachable || (RESERVED.contains(&path) && !is_user_data) {
            not_carried.push(format!("{key} is not served at {path:?}, which no request reaches."));
            return;
        }
        let below = path.strip_prefix(VERSION);
        let category =
            |below: &&str| matches!(below.split('/').next(), Some("meta-data" | "dynamic" | "user-data"));
        let named = below.filter(category).unwrap_or(path);
        if self.0.insert(named.to_owned(), value).is_some_and(|there| there != NOTHING) {
            not_carried.push(format!("Of two values at {path} only {key} is served."));
        }
    }

    /// Places a notice: its own path needs no entry, another one needs an entry.
    fn place(&mut self, key: &str, path: &str, notice: Notice, not_carried: &mut Vec<String>) {
        if path.strip_prefix(VERSION) == Some(notice.as_str()) {
            return;
        }
        if path.is_empty() {
            // Another value may be there in its place.
            self.0.entry(notice.as_str().to_owned()).or_insert_with(|| NOTHING.to_owned());
        } else {
            self.put(key, path, format!("{{ moved-from = {} }}", string(notice.as_str())), not_carried);
        }
    }
}

/// The word of a value. What is an object is sent as JSON, except for the accelerator at its built-in path.
fn value(key: &str, path: &str, value: Option<&ConfigValue>) -> String {
    let built_in = || defaults::metadata().paths.get(ACCELERATOR).is_some_and(|built_in| built_in == path);
    match value {
        None | Some(ConfigValue::Null) => string(""),
        Some(ConfigValue::Text(text)) => string(text),
        Some(object) if key == ACCELERATOR && built_in() => string(&compact_json(object)),
        Some(object) => {
            format!("{{ content-type = \"application/json\", text = {} }}", string(&json(object, 0)))
        }
    }
}

pub(crate) fn sent(value: &ConfigValue) -> usize {
    match value {
        ConfigValue::Null => 0,
        ConfigValue::Text(text) => text.len(),
        object => json(object, 0).len(),
    }
}

impl fmt::Display for MetadataEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(path, value)| writeln!(f, "{} = {value}", string(path)))
    }
}
