//! The copy of the sources that has every mutant in it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use serde::Deserialize;

use crate::catalogue::{Catalogue, Mutant};
use crate::compile_errors;
use crate::rewrite::{Rewritten, rewrite};
use crate::suite::UNIT;

const SWITCH: &str = include_str!("switch.rs.txt");
/// Each round leaves out what did not compile; type errors hide those of borrows, so that there are a few.
const ROUNDS: usize = 200;

pub(crate) struct Tree<'a> {
    /// The project's root.
    pub(crate) root: &'a Path,
    /// The copy: the script keeps it the same as the root, but for the sources that are rewritten here.
    pub(crate) copy: &'a Path,
    pub(crate) catalogue: &'a Catalogue,
}

/// What can be run, and what cannot.
pub(crate) struct Build {
    /// A test target's name → its program.
    pub(crate) programs: BTreeMap<String, PathBuf>,
    /// Which do not compile as mutants.
    pub(crate) unviable: BTreeSet<u32>,
    /// Whose place no switch can be put into.
    pub(crate) unplaced: BTreeSet<u32>,
}

impl Tree<'_> {
    /// Builds the test targets with all mutants that compile. `known` did not compile in an earlier run.
    pub(crate) fn build(
        &self,
        targets: &[String],
        known: BTreeSet<u32>,
        note: impl Fn(u32) -> io::Result<()>,
    ) -> Result<Build, Box<dyn Error>> {
        let mut unviable = known;
        for round in 1..=ROUNDS {
            let files = self.write(&unviable)?;
            let unplaced = files.values().flat_map(|file| file.unplaced.iter().copied()).collect();
            // A build of the library alone finds most errors soonest.
            let library = self.cargo(&["check", "--lib"])?;
            let culprits = compile_errors::culprits(&library, &files)?;
            if !culprits.is_empty() {
                eprintln!("round {round}: {} mutants do not compile", culprits.len());
                for &number in &culprits {
                    note(number)?;
                }
                unviable.extend(culprits);
                continue;
            }
            let mut arguments = vec!["test", "--no-run", "--lib"];
            for target in targets {
                arguments.extend(["--test", target]);
            }
            let messages = self.cargo(&arguments)?;
            let culprits = compile_errors::culprits(&messages, &files)?;
            if culprits.is_empty() {
                let programs = programs(&messages);
                // Without the tests of one of them most mutants would be missed.
                let wanted = [UNIT].into_iter().chain(targets.iter().map(String::as_str));
                if let Some(missing) = wanted.into_iter().find(|name| !programs.contains_key(*name)) {
                    return Err(format!("cargo built no tests of '{missing}'").into());
                }
                return Ok(Build { programs, unviable, unplaced });
            }
            unviable.extend(culprits);
        }
        Err(format!("after {ROUNDS} rounds there are still mutants that do not compile").into())
    }

    fn write(&self, unviable: &BTreeSet<u32>) -> Result<BTreeMap<String, Rewritten>, Box<dyn Error>> {
        let mut files = BTreeMap::new();
        for (name, mutants) in self.catalogue.by_file() {
            let text = fs::read_to_string(self.root.join(name))?;
            let viable: Vec<(u32, &Mutant)> =
                mutants.into_iter().filter(|(number, _)| !unviable.contains(number)).collect();
            let rewritten = rewrite(&text, &viable).map_err(|error| format!("{name}: {error}"))?;
            write_changed(&self.copy.join(name), &rewritten.text)?;
            files.insert(name.to_owned(), rewritten);
        }
        let library = fs::read_to_string(self.root.join("src/lib.rs"))?;
        write_changed(
            &self.copy.join("src/lib.rs"),
            &format!("{library}\n#[doc(hidden)]\npub mod mutant;\n"),
        )?;
        write_changed(&self.copy.join("src/mutant.rs"), SWITCH)?;
        Ok(files)
    }

    fn cargo(&self, arguments: &[&str]) -> io::Result<String> {
        let output = Command::new("cargo")
            .args(arguments)
            .args(["--locked", "--quiet", "--package", "mock-imds", "--message-format", "json"])
            .current_dir(self.copy)
            .stderr(Stdio::inherit())
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// What is unchanged keeps its time: cargo does not compile it again.
fn write_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|found| found == text) { Ok(()) } else { fs::write(path, text) }
}

#[derive(Deserialize)]
struct Artifact {
    executable: PathBuf,
    profile: Profile,
    target: Target,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

fn programs(messages: &str) -> BTreeMap<String, PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    artifacts
        .filter(|artifact| artifact.profile.test)
        .map(|artifact| (artifact.target.name, artifact.executable))
        .collect()
}
