//! The library: scenarios that are used by name. They are in the program; a directory can take their place, where each is
//! called by its file's name without `.toml`.
//!
//! A name never means a file elsewhere: the package installs the files to copy from, and a copy is used by its path.

use std::io;
use std::path::{Path, PathBuf};

use super::shipped::SHIPPED;
use crate::config::{Report, SourceText};

const EXTENSION: &str = "toml";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Library {
    /// In the place of the scenarios of the program.
    pub directory: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LibraryScenario {
    pub name: String,
    /// None if it is in the program.
    pub file: Option<PathBuf>,
    pub summary: String,
}

/// What the name of a scenario stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundScenario {
    File(PathBuf),
    /// One of the program, by its name.
    Shipped(String),
}

/// The text of a scenario of the program.
pub(crate) fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Whether a word of a command line stands for a file rather than for a name: it has a slash, or ends with `.toml`.
pub(crate) fn is_path(word: &Path) -> bool {
    word.as_os_str().as_encoded_bytes().contains(&b'/')
        || word.extension().is_some_and(|extension| extension == EXTENSION)
}

impl Library {
    /// The library in this directory, or that of the program.
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        Self { directory: directory.map(Path::to_owned) }
    }

    /// The scenarios by name. A file that cannot be read is listed with the reason as its summary.
    pub(crate) fn list(&self) -> io::Result<Vec<LibraryScenario>> {
        let Some(directory) = &self.directory else {
            let entry = |(name, text): &(&str, &str)| LibraryScenario {
                name: (*name).to_owned(),
                file: None,
                summary: first_comment(text).to_owned(),
            };
            return Ok(SHIPPED.iter().map(entry).collect());
        };
        let mut known = Vec::new();
        for entry in directory.read_dir()? {
            let file = entry?.path();
            if file.extension().is_none_or(|extension| extension != EXTENSION) {
                continue;
            }
            if let Some(name) = file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) {
                let summary = match SourceText::read(&file) {
                    Ok(source) => first_comment(&source.text).to_owned(),
                    Err(report) => report.headline(),
                };
                known.push(LibraryScenario { name, file: Some(file), summary });
            }
        }
        known.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(known)
    }

    /// What a name, or an absolute path, stands for.
    pub(crate) fn find(&self, scenario: &str) -> Result<FoundScenario, Report> {
        let path = Path::new(scenario);
        if path.is_absolute() {
            return Ok(FoundScenario::File(path.to_owned()));
        }
        let all = self.list().unwrap_or_default();
        if let Some(known) = all.iter().find(|known| known.name == scenario) {
            let shipped = || FoundScenario::Shipped(known.name.clone());
            return Ok(known.file.clone().map_or_else(shipped, FoundScenario::File));
        }
        let names: Vec<&str> = all.iter().map(|known| known.name.as_str()).collect();
        let library = self.directory.as_ref().map(|directory| format!(" {}", directory.display()));
        let found = format!("is not a scenario of the library{}", library.unwrap_or_default());
        let near = names.iter().min_by_key(|name| strsim::damerau_levenshtein(name, scenario));
        let help = match near.filter(|name| strsim::damerau_levenshtein(name, scenario) <= 1 + name.len() / 4)
        {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if names.is_empty() => {
                "accepted: a path, such as ./scenario.toml; the library is empty".to_owned()
            }
            None => format!(
                "accepted: a name that `mock-imds use --list` prints; or a file, by a path with a slash or with .toml \
                 at its end, such as ./{scenario}"
            ),
        };
        Err(Report::whole(format!("{scenario:?}"), found, help))
    }
}

/// The first line of a file that is a comment and says something.
fn first_comment(text: &str) -> &str {
    let comments = text.lines().filter(|line| line.starts_with('#'));
    comments.map(|line| line.trim_start_matches('#').trim()).find(|line| !line.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/scenarios");

    #[test]
    fn the_first_comment_line_tells_what_a_scenario_is() {
        assert_eq!(
            first_comment("#\n# A notice, then nothing.\n# More.\n[instance]\n"),
            "A notice, then nothing."
        );
        assert_eq!(first_comment("[instance]\n"), "");
    }

    #[test]
    fn the_program_has_every_scenario_that_the_package_installs() {
        let installed = Library::new(Some(Path::new(DIRECTORY))).list().expect("the directory is there");
        let names = |library: &[LibraryScenario]| -> Vec<(String, String)> {
            library.iter().map(|known| (known.name.clone(), known.summary.clone())).collect()
        };
        let shipped = Library::new(None).list().expect("it is in the program");
        assert_eq!(names(&shipped), names(&installed), "add it to src/scenario/shipped.rs, in order");
        for LibraryScenario { name, file, summary } in installed {
            let text = fs::read_to_string(file.expect("a file")).expect("it can be read");
            assert_eq!(super::shipped(&name), Some(text.as_str()), "{name}");
            assert!(!summary.is_empty(), "{name} has no comment that says what it is");
        }
    }

    #[test]
    fn names_and_absolute_paths_are_found() {
        let directory = Library::new(Some(Path::new(DIRECTORY)));
        let file = |path: &str| Ok(FoundScenario::File(path.into()));
        assert_eq!(directory.find("default"), file(&format!("{DIRECTORY}/default.toml")));
        let library = Library::new(None);
        assert_eq!(library.find("default"), Ok(FoundScenario::Shipped("default".to_owned())));
        assert_eq!(library.find("/x/y.toml"), file("/x/y.toml"));
        let unknown = library.find("defualt").expect_err("there is none").to_string();
        assert!(unknown.contains("\"defualt\": error: is not a scenario of the library"), "{unknown}");
        assert!(unknown.contains("did you mean \"default\"?"), "{unknown}");
        for strange in ["../scenarios/default", "default.toml", ""] {
            assert!(library.find(strange).is_err(), "{strange}");
        }
    }

    #[test]
    fn a_word_with_a_slash_or_an_ending_is_a_path() {
        for (word, expected) in [
            ("spot-idle", false),
            ("./spot-idle", true),
            ("x.toml", true),
            ("/x", true),
            ("a/b", true),
            ("x.tom", false),
        ] {
            assert_eq!(is_path(Path::new(word)), expected, "{word}");
        }
    }
}
