//! What is known of each mutant, kept between runs: one line each, appended as it is found.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Mutant};
use crate::trial::Verdict;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Caught,
    Missed,
    Unreached,
    /// Does not compile.
    Unviable,
    /// In a constant, in a chain of `let`, or of a function that returns `impl …`: no switch can be put there.
    Unplaced,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    /// Of the file's text: a result is about this text only.
    digest: u64,
    name: String,
    pub(crate) kind: Kind,
    #[serde(default)]
    by: String,
}

pub(crate) struct Results {
    path: PathBuf,
    digests: BTreeMap<String, u64>,
    entries: Mutex<BTreeMap<String, Entry>>,
}

impl Results {
    pub(crate) fn open(path: &Path, root: &Path, catalogue: &Catalogue) -> Result<Self, Box<dyn Error>> {
        let mut digests = BTreeMap::new();
        for file in catalogue.by_file().into_keys() {
            let mut hasher = DefaultHasher::new();
            fs::read(root.join(file))?.hash(&mut hasher);
            digests.insert(file.to_owned(), hasher.finish());
        }
        let mut entries = BTreeMap::new();
        for line in fs::read_to_string(path).unwrap_or_default().lines() {
            // The last line of a run that was cut off may be half a line.
            if let Ok(entry) = serde_json::from_str::<Entry>(line) {
                entries.insert(entry.name.clone(), entry);
            }
        }
        Ok(Self { path: path.to_owned(), digests, entries: Mutex::new(entries) })
    }

    fn digest(&self, mutant: &Mutant) -> u64 {
        self.digests.get(&mutant.file).copied().unwrap_or_default()
    }

    pub(crate) fn of(&self, mutant: &Mutant) -> Option<Kind> {
        let entries = self.entries.lock().expect("no writer panics");
        entries.get(&mutant.name).filter(|entry| entry.digest == self.digest(mutant)).map(|entry| entry.kind)
    }

    pub(crate) fn record(&self, mutant: &Mutant, verdict: Verdict) -> std::io::Result<()> {
        let (kind, by) = match verdict {
            Verdict::Caught(by) => (Kind::Caught, by),
            Verdict::Missed => (Kind::Missed, String::new()),
            Verdict::Unreached => (Kind::Unreached, String::new()),
        };
        self.write(mutant, kind, by)
    }

    pub(crate) fn mark(&self, mutant: &Mutant, kind: Kind) -> std::io::Result<()> {
        if self.of(mutant) == Some(kind) { Ok(()) } else { self.write(mutant, kind, String::new()) }
    }

    fn write(&self, mutant: &Mutant, kind: Kind, by: String) -> std::io::Result<()> {
        let entry = Entry { digest: self.digest(mutant), name: mutant.name.clone(), kind, by };
        let mut entries = self.entries.lock().expect("no writer panics");
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        writeln!(file, "{}", serde_json::to_string(&entry)?)?;
        entries.insert(entry.name.clone(), entry);
        Ok(())
    }
}
