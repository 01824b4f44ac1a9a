//! Which scenario is served, and what a reload changes in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use toml::{Table, Value};

use super::writer::read;
use crate::config::{Report, SourceText};
use crate::model::Scenario;
use crate::paths::Paths;
use crate::scenario;

/// How many changed keys a line names.
const NAMED: usize = 8;

/// Where scenarios come from.
#[derive(Debug, Clone)]
pub(super) enum ScenarioSource {
    /// The file that the command line names, else the usual places.
    Files {
        /// What the command line names.
        given: Option<PathBuf>,
        /// The usual places, best first.
        usual: Vec<PathBuf>,
    },
    /// The one that was handed over last.
    Hand(watch::Receiver<Arc<str>>),
}

/// A scenario that was read.
#[derive(Debug, Clone)]
pub(super) struct LoadedScenario {
    /// Its file; `None` is the built-in one.
    pub(super) file: Option<PathBuf>,
    /// What it says.
    pub(super) scenario: Scenario,
    /// Its warnings.
    pub(super) warnings: Report,
    /// The hash of its text.
    pub(super) digest: String,
    /// The file's keys.
    keys: Table,
}

impl ScenarioSource {
    /// The file that the command line names, else the usual places.
    pub(super) fn new(given: Option<&Path>, places: &Paths) -> Self {
        // Reports reach clients in other directories.
        let given = given.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        Self::Files { given, usual: places.scenario_files() }
    }

    /// The file to read now; `None`: there is none.
    ///
    /// A file that was served stays the one to read: that it is gone is an error, not a reason to serve something else.
    pub(super) fn file(&self, served: Option<&Path>) -> Option<PathBuf> {
        let Self::Files { given, usual } = self else { return None };
        let usual = || usual.iter().find(|path| path.symlink_metadata().is_ok()).cloned();
        given.clone().or_else(|| served.map(Path::to_owned)).or_else(usual)
    }

    /// Reads what is to be served now.
    pub(super) async fn read(&self, served: Option<&Path>) -> Result<LoadedScenario, Report> {
        match self {
            Self::Files { .. } => read(self.file(served)).await,
            Self::Hand(texts) => {
                let text = Arc::clone(&texts.borrow());
                understand(None, &SourceText::new("the scenario from memory", &*text))
            }
        }
    }

    /// The files that [`Self::file`] may name from now on.
    pub(super) fn candidates(&self, served: Option<&Path>) -> Vec<PathBuf> {
        let Self::Files { given, usual } = self else { return vec![] };
        let one = given.clone().or_else(|| served.map(Path::to_owned));
        one.map_or_else(|| usual.clone(), |one| vec![one])
    }
}

/// Reads a scenario; without a file, the built-in one. It waits for the file system.
pub(super) fn load(file: Option<PathBuf>) -> Result<LoadedScenario, Report> {
    let source = match &file {
        Some(path) => SourceText::read(path)?,
        None => SourceText::new("the built-in scenario", ""),
    };
    understand(file, &source)
}

fn understand(file: Option<PathBuf>, source: &SourceText) -> Result<LoadedScenario, Report> {
    let base = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let (scenario, warnings) = scenario::read(source, base)?;
    let keys = source.text.parse().unwrap_or_default();
    let digest = BASE64_STANDARD.encode(Sha256::digest(&source.text));
    Ok(LoadedScenario { file, scenario, warnings, digest, keys })
}

impl LoadedScenario {
    /// Whether another reading gave the same, the files that the scenario names included.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.scenario == other.scenario
    }

    /// The keys that differ from those of `before`, dotted. Names only: a value may be a secret.
    pub(super) fn changed_since(&self, before: &Self) -> Vec<String> {
        let mut changed = Vec::new();
        compare("", &before.keys, &self.keys, &mut changed);
        changed
    }
}

/// Collects the dotted names of what was added, removed or changed.
fn compare(prefix: &str, before: &Table, after: &Table, changed: &mut Vec<String>) {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for key in after.keys().chain(gone) {
        let name = format!("{prefix}{key}");
        let (old, new) = (before.get(key), after.get(key));
        if old == new {
            continue;
        }
        let none = Table::new();
        match (old, new) {
            (Some(Value::Table(old)), Some(Value::Table(new))) => {
                compare(&format!("{name}."), old, new, changed);
            }
            (None, Some(Value::Table(new))) if !new.is_empty() => {
                compare(&format!("{name}."), &none, new, changed);
            }
            (Some(Value::Table(old)), None) if !old.is_empty() => {
                compare(&format!("{name}."), old, &none, changed);
            }
            _ => changed.push(name),
        }
    }
}

/// One line about what a reload changed. `same` if the scenarios are equal.
pub(super) fn summary(changed: &[String], same: bool) -> String {
    let names = changed.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match (changed.len(), same) {
        (0, true) => "nothing changed".to_owned(),
        (0, false) => "changed: the files that the scenario names".to_owned(),
        (count, _) if count > NAMED => format!("changed: {names} and {} more", count - NAMED),
        (_, true) => format!("changed without effect: {names}"),
        (_, false) => format!("changed: {names}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: &str, after: &str) -> Vec<String> {
        let mut changed = Vec::new();
        compare("", &before.parse().unwrap(), &after.parse().unwrap(), &mut changed);
        changed
    }

    #[test]
    fn changes_are_named_by_their_dotted_keys() {
        let before = "a = 1\n[instance]\nx = 1\ny = 2\n[[instance.nic]]\nm = 1\n[gone]\nz = 1\n";
        let after = "a = 1\n[instance]\nx = 2\nw = 2\n[[instance.nic]]\nm = 2\n[new.deep]\nz = 1\n";
        let mut names = changed(before, after);
        names.sort();
        assert_eq!(names, ["gone.z", "instance.nic", "instance.w", "instance.x", "instance.y", "new.deep.z"]);
        assert_eq!(changed(before, before), [""; 0]);
    }

    #[test]
    fn an_added_empty_table_and_a_changed_kind_count() {
        assert_eq!(changed("", "[empty]\n"), ["empty"]);
        assert_eq!(changed("a = 1\n", "[a]\nb = 1\n"), ["a"]);
    }

    #[test]
    fn the_summary_is_one_line() {
        let many: Vec<String> = (0..11).map(|n| format!("k{n}")).collect();
        assert_eq!(summary(&[], true), "nothing changed");
        assert_eq!(summary(&[], false), "changed: the files that the scenario names");
        assert_eq!(summary(&many[..2], false), "changed: k0, k1");
        assert_eq!(summary(&many[..1], true), "changed without effect: k0");
        assert_eq!(summary(&many, false), "changed: k0, k1, k2, k3, k4, k5, k6, k7 and 3 more");
    }
}
