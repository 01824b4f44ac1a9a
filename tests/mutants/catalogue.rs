//! The mutants, as `cargo mutants --list --json` lists them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// A place in a file; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Place,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mutant {
    pub(crate) file: String,
    /// With the place: `src/clock.rs:26:71: replace <= with > in is_http_date`.
    pub(crate) name: String,
    pub(crate) genre: Genre,
    pub(crate) replacement: String,
    pub(crate) span: Span,
}

impl Mutant {
    /// The name without its place, which moves when lines above change.
    pub(crate) fn stable_name(&self) -> String {
        let rest = self.name.get(self.file.len()..).unwrap_or_default();
        match rest.split_once(": ") {
            Some((_, what)) => format!("{}: {what}", self.file),
            None => self.name.clone(),
        }
    }

    /// The path of the module that it is in: `imds::tree::table`.
    pub(crate) fn module(&self) -> String {
        let path = self.file.strip_prefix("src/").unwrap_or(&self.file);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        path.strip_suffix("/mod").unwrap_or(path).replace('/', "::")
    }

    /// The top-level module that it is in.
    pub(crate) fn room(&self) -> &str {
        let path = self.file.strip_prefix("src/").unwrap_or(&self.file);
        path.split(['/', '.']).next().unwrap_or(path)
    }
}

/// Mutants by their numbers, from 1; 0 is none.
pub(crate) struct Catalogue {
    mutants: Vec<Mutant>,
}

impl Catalogue {
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path)?;
        Ok(Self { mutants: serde_json::from_str(&text)? })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Mutant)> {
        (1..).zip(&self.mutants)
    }

    pub(crate) fn len(&self) -> usize {
        self.mutants.len()
    }

    pub(crate) fn by_file(&self) -> BTreeMap<&str, Vec<(u32, &Mutant)>> {
        let mut files: BTreeMap<&str, Vec<(u32, &Mutant)>> = BTreeMap::new();
        for (number, mutant) in self.all() {
            files.entry(&mutant.file).or_default().push((number, mutant));
        }
        files
    }
}
