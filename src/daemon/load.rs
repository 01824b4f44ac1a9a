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

use super::compute::{background, compute};
use super::origin::ScenarioOrigin;
use crate::clock;
use crate::config::{Cancellation, Report, SourceText};
use crate::model::{CredentialSource, Scenario};
use crate::paths::Paths;
use crate::scenario::{self, FoundScenario, Library, NamedFiles, is_path};

/// The file system may take so long for a scenario. Less than the watchdog of the packaged service.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The scenario of the library that has each key with its default.
const DEFAULTS: &str = "default";
/// Changed keys that a line names.
const NAMED: usize = 8;

/// The place that scenarios come from.
#[derive(Debug, Clone)]
pub(super) enum ScenarioSource {
    /// The file or the scenario of the library that the command line names, else the usual paths.
    Files {
        given: Option<ScenarioOrigin>,
        /// In the order of precedence.
        usual: Vec<PathBuf>,
    },
    /// The text that was passed last.
    Memory(watch::Receiver<Arc<str>>),
}

/// Cheap to clone, whatever its size.
#[derive(Debug, Clone)]
pub(super) struct LoadedScenario {
    pub(super) origin: ScenarioOrigin,
    pub(super) scenario: Arc<Scenario>,
    pub(super) warnings: Report,
    pub(super) text: Arc<str>,
    /// The hash of its text.
    pub(super) digest: String,
}

impl ScenarioSource {
    /// `Err` if the library's file system does not answer.
    pub(super) async fn new(given: Option<&Path>, library: &Library, paths: &Paths) -> Result<Self, Report> {
        let given = match given {
            Some(given) => Some(given_origin(given, library).await?),
            None => None,
        };
        Ok(Self::Files { given, usual: paths.scenario_files() })
    }

    /// The library's report of a name that it does not have, unless there is a file of this name.
    pub(super) fn unknown_name(given: Option<&Path>, library: &Library) -> Option<Report> {
        let given = given.filter(|given| !is_path(given) && given.symlink_metadata().is_err())?;
        library.find(given.to_str()?).err()
    }

    /// What to read now. A file that was served stays the one to read: that it is gone is an error, not a reason to serve
    /// something else.
    pub(super) fn origin(&self, served: &ScenarioOrigin) -> ScenarioOrigin {
        let Self::Files { given, usual } = self else { return ScenarioOrigin::BuiltIn };
        let usual = || usual.iter().find(|path| path.symlink_metadata().is_ok()).cloned();
        let served = || served.file().map(Path::to_owned);
        given.clone().unwrap_or_else(|| ScenarioOrigin::of_file(served().or_else(usual)))
    }

    /// The channel of scenarios from memory, if they come from there.
    pub(super) fn scenarios_from_memory(&self) -> Option<watch::Receiver<Arc<str>>> {
        match self {
            Self::Files { .. } => None,
            Self::Memory(scenarios) => Some(scenarios.clone()),
        }
    }

    /// Reads the scenario that is to be served now.
    pub(super) async fn read(&self, served: &ScenarioOrigin) -> Result<LoadedScenario, Report> {
        match self {
            Self::Files { .. } => read(self.origin(served)).await,
            Self::Memory(texts) => {
                let text = Arc::clone(&texts.borrow());
                let source = SourceText::new("the scenario from memory", &*text);
                compute(move || parse(&ScenarioOrigin::BuiltIn, &source, &Cancellation::default())).await
            }
        }
    }

    /// The files that [`Self::origin`] may name from now on.
    pub(super) fn candidates(&self, served: &ScenarioOrigin) -> Vec<PathBuf> {
        match self {
            Self::Files { given: Some(given), .. } => given.file().map(Path::to_owned).into_iter().collect(),
            Self::Files { usual, .. } => {
                served.file().map_or_else(|| usual.clone(), |served| vec![served.to_owned()])
            }
            Self::Memory(_) => vec![],
        }
    }
}

impl From<FoundScenario> for ScenarioOrigin {
    fn from(found: FoundScenario) -> Self {
        match found {
            FoundScenario::File(file) => Self::File(file),
            FoundScenario::Shipped(library) => Self::Library { library },
        }
    }
}

/// The scenario that the command line names.
async fn given_origin(given: &Path, library: &Library) -> Result<ScenarioOrigin, Report> {
    if let Some(name) = given.to_str().filter(|_| !is_path(given)).map(str::to_owned) {
        let (shown, library) = (name.clone(), library.clone());
        let Ok(found) = timeout(READ_TIMEOUT, spawn_blocking(move || library.find(&name))).await else {
            return Err(unread(shown));
        };
        if let Ok(Ok(found)) = found {
            return Ok(found.into());
        }
    }
    // Reports reach clients in other directories.
    Ok(ScenarioOrigin::File(std::path::absolute(given).unwrap_or_else(|_| given.to_owned())))
}

fn unread(name: String) -> Report {
    let found = format!("could not be read within {} s", READ_TIMEOUT.as_secs());
    Report::whole(name, found, "check the file system that it is on")
}

/// Reads a scenario on a thread of its own: a file system may take its time, requests may not.
pub(super) async fn read(origin: ScenarioOrigin) -> Result<LoadedScenario, Report> {
    let name = origin.name();
    let cancellation = Cancellation::default();
    if origin == ScenarioOrigin::BuiltIn {
        // It is in no file system, and empty.
        return load(&origin, &cancellation);
    }
    // Nobody waits any longer than this function.
    let _ended = cancellation.on_drop();
    let read = timeout(READ_TIMEOUT, background(move || load(&origin, &cancellation))).await;
    let Ok(Ok(outcome)) = read else { return Err(unread(name)) };
    outcome
}

/// Reads a scenario. It waits for the file system.
fn load(origin: &ScenarioOrigin, cancellation: &Cancellation) -> Result<LoadedScenario, Report> {
    let name = origin.name();
    let source = match origin {
        ScenarioOrigin::File(path) => SourceText::read(path)?,
        ScenarioOrigin::BuiltIn => SourceText::new(name, ""),
        ScenarioOrigin::Library { library } => match scenario::shipped(library) {
            Some(text) => SourceText::new(name, text),
            None => {
                return Err(Report::whole(
                    name,
                    "is not there in this version",
                    "see `mock-imds use --list`",
                ));
            }
        },
        ScenarioOrigin::Sent { .. } => {
            return Err(Report::whole(name, "was sent, and is not kept", "send it again"));
        }
    };
    parse(origin, &source, cancellation)
}

fn parse(
    origin: &ScenarioOrigin,
    source: &SourceText,
    cancellation: &Cancellation,
) -> Result<LoadedScenario, Report> {
    let files = NamedFiles::relative_to(origin.directory());
    let (scenario, warnings) = scenario::read_unless_cancelled(source, &files, clock::now(), cancellation)?;
    Ok(loaded(origin.clone(), Arc::new(scenario), warnings, &source.text))
}

/// Parses `expanded`, which has the values of files in their place, as the scenario of `text`.
pub(super) fn parse_with(
    origin: &ScenarioOrigin,
    text: &str,
    expanded: String,
    cancellation: &Cancellation,
) -> Result<LoadedScenario, Report> {
    let expanded = SourceText::new(origin.name(), expanded);
    let LoadedScenario { origin, scenario, warnings, .. } = parse(origin, &expanded, cancellation)?;
    Ok(loaded(origin, scenario, warnings, text))
}

pub(super) fn loaded(
    origin: ScenarioOrigin,
    scenario: Arc<Scenario>,
    warnings: Report,
    text: &str,
) -> LoadedScenario {
    let digest = BASE64_STANDARD.encode(Sha256::digest(text));
    LoadedScenario { origin, scenario, warnings, text: text.into(), digest }
}

impl LoadedScenario {
    /// Equal, the files that the scenario names included.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.scenario == other.scenario
    }

    pub(super) fn credential_source(&self) -> Option<&CredentialSource> {
        self.scenario.instance.credentials.as_ref().map(|credentials| &credentials.source)
    }

    /// The keys that differ from those of `before`, dotted: those that mean something else, as far as that can be told.
    /// Names only: a value may be a secret.
    pub(super) fn changed_since(&self, before: &Self) -> Vec<String> {
        let mut changed = Vec::new();
        if self.digest == before.digest || self.scenario == before.scenario {
            return changed;
        }
        // Not kept: a parsed file takes several times the memory of its text.
        let keys = |text: &str| text.parse().unwrap_or_default();
        let (old, new): (Table, Table) = (keys(&before.text), keys(&self.text));
        compare("", &old, &new, &keys(scenario::shipped(DEFAULTS).unwrap_or_default()), &mut changed);
        if changed.is_empty() {
            // What a key means may follow from another one.
            compare("", &old, &new, &Table::new(), &mut changed);
        }
        changed
    }
}

/// Collects the dotted names of what was added, removed or changed. A key that is left out has its default.
fn compare(prefix: &str, before: &Table, after: &Table, defaults: &Table, changed: &mut Vec<String>) {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for key in after.keys().chain(gone) {
        let name = format!("{prefix}{key}");
        let (old, new) = (before.get(key), after.get(key));
        let default = defaults.get(key);
        if old == new || old.or(default) == new.or(default) {
            continue;
        }
        let none = Table::new();
        let below = default.and_then(Value::as_table).unwrap_or(&none);
        match (old, new) {
            (Some(Value::Table(old)), Some(Value::Table(new))) => {
                compare(&format!("{name}."), old, new, below, changed);
            }
            (None, Some(Value::Table(new))) if !new.is_empty() => {
                compare(&format!("{name}."), &none, new, below, changed);
            }
            (Some(Value::Table(old)), None) if !old.is_empty() => {
                compare(&format!("{name}."), old, &none, below, changed);
            }
            _ => changed.push(name),
        }
    }
}

/// One line about what a reload changed. `same` if the scenarios are equal.
pub(super) fn summary(changed: &[String], same: bool) -> String {
    let names = changed.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match (changed.len(), same) {
        (_, true) => "nothing changed".to_owned(),
        (0, false) => "changed: the files that the scenario names".to_owned(),
        (count, _) if count > NAMED => format!("changed: {names} and {} more", count - NAMED),
        _ => format!("changed: {names}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: &str, after: &str) -> Vec<String> {
        let mut changed = Vec::new();
        let defaults = "d = 1\n[t]\nx = 1\ny = 1\n".parse().unwrap();
        compare("", &before.parse().unwrap(), &after.parse().unwrap(), &defaults, &mut changed);
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
        assert_eq!(changed("[empty]\n", ""), ["empty"]);
        assert_eq!(changed("[full]\nb = 1\n", ""), ["full.b"]);
    }

    #[test]
    fn a_file_system_that_does_not_answer_is_named() {
        let found = unread("/far/s.toml".to_owned()).to_string();
        assert!(found.contains("/far/s.toml") && found.contains("could not be read within 10 s"), "{found}");
    }

    #[test]
    fn a_key_that_has_its_default_is_as_one_that_is_left_out() {
        assert_eq!(changed("", "d = 1\n[t]\nx = 1\n"), [""; 0]);
        assert_eq!(changed("d = 1\n[t]\nx = 1\ny = 1\n", "[t]\nx = 2\n"), ["t.x"]);
        assert_eq!(changed("d = 2\n", ""), ["d"]);
    }

    #[tokio::test]
    async fn what_means_the_same_has_not_changed() {
        let built_in = read(ScenarioOrigin::BuiltIn).await.expect("it is good");
        let library = |name: &str| read(ScenarioOrigin::Library { library: name.to_owned() });
        let (default, idle) =
            (library("default").await.expect("good"), library("spot-idle").await.expect("good"));
        assert_eq!(default.changed_since(&built_in), [""; 0]);
        assert_eq!(idle.changed_since(&default), ["instance.life-cycle"]);
        assert_eq!(default.changed_since(&idle), ["instance.life-cycle"]);
    }

    #[test]
    fn the_summary_is_one_line() {
        let many: Vec<String> = (0..11).map(|n| format!("k{n}")).collect();
        assert_eq!(summary(&[], true), "nothing changed");
        assert_eq!(summary(&[], false), "changed: the files that the scenario names");
        assert_eq!(summary(&many[..2], false), "changed: k0, k1");
        assert_eq!(summary(&many[..1], true), "nothing changed");
        assert_eq!(summary(&many, false), "changed: k0, k1, k2, k3, k4, k5, k6, k7 and 3 more");
    }
}
