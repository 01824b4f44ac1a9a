//! The library: a directory of scenarios, each called by its file's name without `.toml`.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Report, SourceText};

const SHIPPED: &str = "/usr/share/mock-imds/scenarios";
const EXTENSION: &str = "toml";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Library {
    pub directory: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LibraryScenario {
    pub name: String,
    pub file: PathBuf,
    pub summary: String,
}

impl Library {
    /// The library in this directory, or that of the package.
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        Self { directory: directory.unwrap_or(Path::new(SHIPPED)).to_owned() }
    }

    /// The scenarios by name. A file that cannot be read is listed with the reason as its summary.
    pub(crate) fn list(&self) -> io::Result<Vec<LibraryScenario>> {
        let mut shelved = Vec::new();
        for entry in self.directory.read_dir()? {
            let file = entry?.path();
            if file.extension().is_none_or(|extension| extension != EXTENSION) {
                continue;
            }
            if let Some(name) = file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) {
                let summary = match SourceText::read(&file) {
                    Ok(source) => first_comment(&source.text).to_owned(),
                    Err(report) => report.headline(),
                };
                shelved.push(LibraryScenario { name, file, summary });
            }
        }
        shelved.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(shelved)
    }

    /// The file that a name, or an absolute path, stands for.
    pub(crate) fn find(&self, scenario: &str) -> Result<PathBuf, Report> {
        let path = Path::new(scenario);
        if path.is_absolute() {
            return Ok(path.to_owned());
        }
        let shelved = self.list().unwrap_or_default();
        if let Some(known) = shelved.iter().find(|known| known.name == scenario) {
            return Ok(known.file.clone());
        }
        let names: Vec<&str> = shelved.iter().map(|known| known.name.as_str()).collect();
        let found = format!("is not a scenario of the library {}", self.directory.display());
        let near = names.iter().min_by_key(|name| strsim::damerau_levenshtein(name, scenario));
        let help = match near.filter(|name| strsim::damerau_levenshtein(name, scenario) <= 1 + name.len() / 4)
        {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if names.is_empty() => "accepted: an absolute path; the library has no scenario".to_owned(),
            None => format!("accepted: {}, or an absolute path", names.join(", ")),
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
    use super::*;

    #[test]
    fn the_first_comment_line_tells_what_a_scenario_is() {
        assert_eq!(
            first_comment("#\n# A notice, then nothing.\n# More.\n[instance]\n"),
            "A notice, then nothing."
        );
        assert_eq!(first_comment("[instance]\n"), "");
    }

    #[test]
    fn names_and_absolute_paths_are_found() {
        let library =
            Library::new(Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/scenarios"))));
        assert_eq!(library.find("default"), Ok(library.directory.join("default.toml")));
        assert_eq!(library.find("/x/y.toml"), Ok("/x/y.toml".into()));
        let unknown = library.find("defualt").expect_err("there is none").to_string();
        assert!(unknown.contains("\"defualt\": error: is not a scenario of the library"), "{unknown}");
        assert!(unknown.contains("did you mean \"default\"?"), "{unknown}");
        assert!(library.find("../scenarios/default").is_err());
    }
}
