//! Reads what was observed: the text, the lines and the JSON of a path, and whether it is there, absent or unknown.

use serde_json::Value;

use super::{Observations, ObservedValue};
use crate::transcribe::known_paths::{IAM, below, is_user_data};

impl Observations {
    pub(in crate::transcribe) fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(&self.values.get(path)?.bytes).ok()
    }

    /// The lines of a value; empty if there is no such value.
    pub(in crate::transcribe) fn lines(&self, path: &str) -> Vec<&str> {
        self.text(path).map(|text| text.lines().collect()).unwrap_or_default()
    }

    pub(in crate::transcribe) fn read_json(&self, path: &str) -> Option<Value> {
        serde_json::from_slice(&self.values.get(path)?.bytes).ok()
    }

    /// Values below a directory, by the rest of their paths.
    pub(in crate::transcribe) fn below(
        &self,
        directory: &str,
    ) -> impl Iterator<Item = (&str, &ObservedValue)> {
        let rest = move |path: &'_ str| below(path, directory).map(str::len);
        self.values
            .iter()
            .filter_map(move |(path, value)| rest(path).map(|length| (&path[path.len() - length..], value)))
    }

    /// True if something answered at the path or below it.
    pub(in crate::transcribe) fn has(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        let is_inside = |known: &String| known.starts_with(&inside);
        self.values.contains_key(path)
            || self.values.range(inside.clone()..).next().is_some_and(|(known, _)| is_inside(known))
            || self.withheld.contains(path)
            || self.withheld.range(inside.clone()..).next().is_some_and(is_inside)
    }

    pub(in crate::transcribe) fn holds_user_data(&self) -> bool {
        self.values.keys().any(|path| is_user_data(path))
    }

    /// False if the path, or a directory above it, was added as unknown. Of a selection only what is there is known, and
    /// whether there is a role.
    pub fn knows(&self, path: &str) -> bool {
        let is_at_or_below = |above: &str| path == above || below(path, above).is_some();
        if self.is_absent(path) {
            return true;
        }
        if self.partial && is_at_or_below("meta-data") && !is_at_or_below(IAM) && !self.has(path) {
            return false;
        }
        !self.unknown.iter().any(|unknown| unknown == path || below(path, unknown).is_some())
    }

    /// True if the path, or a directory above it, was added as absent.
    fn is_absent(&self, path: &str) -> bool {
        self.absent.iter().any(|absent| path == absent || below(path, absent).is_some())
    }

    /// True if neither the path nor anything below it answers, as far as all of that is known.
    pub(in crate::transcribe) fn lacks(&self, path: &str) -> bool {
        let open = |unknown: &String| below(unknown, path).is_some();
        if self.is_absent(path) {
            return !self.has(path);
        }
        self.knows(path) && !self.has(path) && !self.unknown.iter().any(open)
    }
}
