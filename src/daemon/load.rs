//! Scenarios: where they come from, how they are read, and how two of them differ.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use toml::{Table, Value};

use super::compute::compute;
use crate::clock;
use crate::config::{Cancellation, Report, SourceText};
use crate::model::{CredentialSource, Scenario};
use crate::paths::Paths;
use crate::scenario;

/// The file system may take so long for a scenario. Less than the watchdog of the packaged service.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Changed keys that a line names.
const NAMED: usize = 8;

/// The place that scenarios come from.
#[derive(Debug, Clone)]
pub(super) enum ScenarioSource {
    /// The file that the command line names, else the usual paths.
    Files {
        given: Option<PathBuf>,
        /// In the order of precedence.
        usual: Vec<PathBuf>,
    },
    /// The text that was passed last.
    Memory(watch::Receiver<Arc<str>>),
}

/// Cheap to clone, whatever its size.
#[derive(Debug, Clone)]
pub(super) struct LoadedScenario {
    /// `None` is the built-in one.
    pub(super) file: Option<PathBuf>,
    pub(super) scenario: Arc<Scenario>,
    pub(super) warnings: Report,
    pub(super) text: Arc<str>,
    /// The hash of its text.
    pub(super) digest: String,
}

impl ScenarioSource {
    pub(super) fn new(given: Option<&Path>, paths: &Paths) -> Self {
        // Reports reach clients in other directories.
        let given = given.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        Self::Files { given, usual: paths.scenario_files() }
    }

    /// The file to read now; `None`: there is none.
    ///
    /// A file that was served stays the one to read: that it is gone is an error, not a reason to serve something else.
    pub(super) fn file(&self, served: Option<&Path>) -> Option<PathBuf> {
        let Self::Files { given, usual } = self else { return None };
        let usual = || usual.iter().find(|path| path.symlink_metadata().is_ok()).cloned();
        given.clone().or_else(|| served.map(Path::to_owned)).or_else(usual)
    }

    /// The channel of scenarios from memory, if they come from there.
    pub(super) fn scenarios_from_memory(&self) -> Option<watch::Receiver<Arc<str>>> {
        match self {
            Self::Files { .. } => None,
            Self::Memory(scenarios) => Some(scenarios.clone()),
        }
    }

    /// Reads the scenario that is to be served now.
    pub(super) async fn read(&self, served: Option<&Path>) -> Result<LoadedScenario, Report> {
        match self {
            Self::Files { .. } => read_file(self.file(served)).await,
            Self::Memory(texts) => {
                let text = Arc::clone(&texts.borrow());
                let source = SourceText::new("the scenario from memory", &*text);
                compute(move || parse(None, &source, &Cancellation::default())).await
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

/// A scenario's name in a sentence.
pub(super) fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "the built-in scenario".to_owned(), |file| file.display().to_string())
}

/// Reads a scenario on a thread of its own: a file system may take its time, requests may not.
pub(super) async fn read_file(file: Option<PathBuf>) -> Result<LoadedScenario, Report> {
    let cancellation = Cancellation::default();
    if file.is_none() {
        // It is in no file system, and empty.
        return load(None, &cancellation);
    }
    let name = name(file.as_deref());
    // Nobody waits any longer than this function.
    let _ended = cancellation.on_drop();
    let read = timeout(READ_TIMEOUT, spawn_blocking(move || load(file, &cancellation))).await;
    let Ok(Ok(outcome)) = read else {
        let found = format!("could not be read within {} s", READ_TIMEOUT.as_secs());
        return Err(Report::whole(name, found, "check the file system that it is on"));
    };
    outcome
}

/// Reads a scenario; without a file, the built-in one. It waits for the file system.
fn load(file: Option<PathBuf>, cancellation: &Cancellation) -> Result<LoadedScenario, Report> {
    let source = match &file {
        Some(path) => SourceText::read(path)?,
        None => SourceText::new("the built-in scenario", ""),
    };
    parse(file, &source, cancellation)
}

fn parse(
    file: Option<PathBuf>,
    source: &SourceText,
    cancellation: &Cancellation,
) -> Result<LoadedScenario, Report> {
    let base = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let (scenario, warnings) = scenario::read_unless_cancelled(source, base, clock::now(), cancellation)?;
    Ok(loaded(file, Arc::new(scenario), warnings, &source.text))
}

/// Parses `expanded`, which has the values of files in their place, as the scenario of `text`.
pub(super) fn parse_with(
    file: Option<&Path>,
    text: &str,
    expanded: String,
    cancellation: &Cancellation,
) -> Result<LoadedScenario, Report> {
    let expanded = SourceText::new(name(file), expanded);
    let LoadedScenario { file, scenario, warnings, .. } =
        parse(file.map(Path::to_owned), &expanded, cancellation)?;
    Ok(loaded(file, scenario, warnings, text))
}

fn loaded(file: Option<PathBuf>, scenario: Arc<Scenario>, warnings: Report, text: &str) -> LoadedScenario {
    let digest = BASE64_STANDARD.encode(Sha256::digest(text));
    LoadedScenario { file, scenario, warnings, text: text.into(), digest }
}

impl LoadedScenario {
    /// Equal, the files that the scenario names included.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.scenario == other.scenario
    }

    pub(super) fn credential_source(&self) -> Option<&CredentialSource> {
        self.scenario.instance.credentials.as_ref().map(|credentials| &credentials.source)
    }

    /// The keys that differ from those of `before`, dotted. Names only: a value may be a secret.
    pub(super) fn changed_since(&self, before: &Self) -> Vec<String> {
        let mut changed = Vec::new();
        if self.digest != before.digest {
            // Not kept: a parsed file takes several times the memory of its text.
            let keys = |text: &str| text.parse().unwrap_or_default();
            compare("", &keys(&before.text), &keys(&self.text), &mut changed);
        }
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
