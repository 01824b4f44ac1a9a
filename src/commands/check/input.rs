//! What is checked: files and the standard input, each a scenario or a host.toml.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::cli::CheckArgs;
use crate::clock::now;
use crate::config::{MAX_BYTES, Report, SourceText, top_level_keys};
use crate::exit::{ExitStatus, Failure};
use crate::files::io_error_text;
use crate::host::settings::{DEFAULT_PATH, HostSettings};
use crate::model::Scenario;
use crate::scenario::{self, Library, is_path, shipped};

/// The argument that means the standard input.
const STDIN: &str = "-";

/// A file, or what came by the standard input.
#[derive(Debug, Clone)]
pub(super) enum Input {
    File(PathBuf),
    /// A scenario of the library.
    Library(String),
    Stdin {
        name: Option<PathBuf>,
        bytes: Vec<u8>,
    },
}

/// A file with what is wrong with it.
pub(super) struct CheckedFile {
    pub report: Report,
    pub subject: Subject,
    pub rejected: bool,
}

/// What a file describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Subject {
    Scenario,
    Host,
}

/// The scenario, if it is one, and the warnings; or what is wrong.
type Outcome = Result<(Option<Scenario>, Report), Report>;

/// The inputs that a command line names. The standard input is read here.
pub(super) fn all(check: &CheckArgs) -> Result<Vec<Input>, Failure> {
    let is_stdin = |file: &PathBuf| file == Path::new(STDIN);
    let uses = check.files.iter().filter(|file| is_stdin(file)).count();
    if uses > 1 {
        return Err(Failure::new(ExitStatus::Usage, "the standard input, -, is named twice"));
    }
    if uses == 0 && check.stdin_name.is_some() {
        return Err(Failure::new(
            ExitStatus::Usage,
            "--stdin-name is set, but no file is -, the standard input",
        ));
    }
    check.files.iter().map(|file| if is_stdin(file) { stdin(check) } else { Ok(named(file)) }).collect()
}

/// As `serve` reads a word: a name of the library, else a file.
fn named(word: &Path) -> Input {
    let name = word.to_str().filter(|_| !is_path(word));
    match name.filter(|name| shipped(name).is_some()) {
        Some(name) => Input::Library(name.to_owned()),
        None => Input::File(word.to_owned()),
    }
}

/// A word that is neither a file nor a name of the library.
fn unknown_name(path: &Path) -> Option<Report> {
    let is_name = !is_path(path) && path.symlink_metadata().is_err();
    Library::new(None).find(path.to_str().filter(|_| is_name)?).err()
}

fn stdin(check: &CheckArgs) -> Result<Input, Failure> {
    let mut bytes = vec![];
    // One byte more than is accepted tells that there are too many.
    std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| {
        let sentence = format!("the standard input cannot be read: {}", io_error_text(&error));
        Failure::new(ExitStatus::Unavailable, sentence)
    })?;
    Ok(Input::Stdin { name: check.stdin_name.clone(), bytes })
}

impl Input {
    /// The name in reports.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Stdin { name: Some(path), .. } => path.display().to_string(),
            Self::Stdin { name: None, .. } => "<stdin>".to_owned(),
            Self::Library(name) => name.clone(),
        }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdin { name, .. } => name.as_deref(),
            Self::Library(_) => None,
        }
    }

    /// The file that is read.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdin { .. } | Self::Library(_) => None,
        }
    }

    /// Reads it as what it is.
    pub(super) fn load(&self, host: bool) -> (Subject, Outcome) {
        let subject = Subject::of_name(self.path(), host);
        // Without it the defaults hold, for the guardian too.
        if self.file().is_some_and(|path| path == Path::new(DEFAULT_PATH) && !path.exists()) {
            return (subject, Ok((None, Report::default())));
        }
        let source = match self {
            Self::File(path) => SourceText::read(path).map_err(|report| unknown_name(path).unwrap_or(report)),
            Self::Library(name) => Ok(SourceText::new(&**name, shipped(name).unwrap_or_default())),
            Self::Stdin { bytes, .. } => SourceText::from_bytes(self.name(), bytes.clone()),
        };
        let source = match source {
            Ok(source) => source,
            Err(report) => return (subject, Err(report)),
        };
        let subject = if is_host(&source) { Subject::Host } else { subject };
        let outcome = match subject {
            Subject::Host => HostSettings::parse(&source).map(|(_, warnings)| (None, warnings)),
            Subject::Scenario => {
                let base = self.path().and_then(Path::parent).unwrap_or(Path::new(""));
                scenario::read_at(&source, base, Some(now()))
                    .map(|(scenario, warnings)| (Some(scenario), warnings))
            }
        };
        (subject, outcome)
    }
}

impl Subject {
    /// What a file of this name is for, if its content does not tell.
    pub(super) fn of_name(path: Option<&Path>, host: bool) -> Self {
        let is_host = path.and_then(Path::file_name).is_some_and(|name| name == "host.toml");
        if host || is_host { Self::Host } else { Self::Scenario }
    }
}

/// Whether a file has the table of host.toml, and none of a scenario.
fn is_host(source: &SourceText) -> bool {
    let keys = top_level_keys(source);
    keys.iter().any(|key| key == "host") && !keys.iter().any(|key| crate::schema::is_scenario_table(key))
}
