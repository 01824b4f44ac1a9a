//! The sources of settings: the file, the environment and the flags of this process.

use std::collections::BTreeMap;
use std::env;
use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::stdout::print;
use crate::aemm::{AemmSettings, DEFAULT_FILE, EarlyExit, ParsedCommand, file, save_config};
use crate::files::{self, FileError, io_error_text};
use crate::watch::FileStamp;

/// The largest file that is read; the original has no limit, and its samples have 5 KiB.
const MAX_BYTES: u64 = 16 << 20;
/// The exit status of a bad file.
const BAD_FILE: u8 = 1;

#[derive(Debug)]
pub(super) struct ConfigSource {
    home: Option<PathBuf>,
    /// The configuration file, with the stamp that it had before it was read.
    pub(super) file: Option<(PathBuf, FileStamp)>,
    flags: BTreeMap<&'static str, Value>,
    file_at_start: Map<String, Value>,
}

impl ConfigSource {
    /// Finds the file and reads it, with the original's messages.
    pub(super) fn find(run: &ParsedCommand) -> Result<Self, EarlyExit> {
        let home = variable("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        if home.is_none() {
            tracing::warn!("Warning: Failed to find home directory due to error: $HOME is not defined");
        }
        let mut source = Self { home, file: None, flags: run.flags.clone(), file_at_start: Map::new() };
        let Some(path) = source.path(run) else {
            let home = source.home.as_ref().map(|home| home.display().to_string()).unwrap_or_default();
            tracing::warn!("Warning:  Config File \"{}\" Not Found in \"[{home}]\"", file::DEFAULT_NAME);
            return Ok(source);
        };
        let stamp = FileStamp::of(&path);
        source.file_at_start = read(&path).map_err(|why| {
            tracing::error!("Error while attempting to apply overrides from {}: {why}", path.display());
            EarlyExit { status: BAD_FILE, ..EarlyExit::default() }
        })?;
        print(&format!("Using configuration from file:  {}\n", path.display()));
        source.file = Some((path, stamp));
        Ok(source)
    }

    /// The named file, else the first default one that exists.
    fn path(&self, run: &ParsedCommand) -> Option<PathBuf> {
        let flag = run.flags.get("config-file").and_then(Value::as_str).map(str::to_owned);
        let named = flag.or_else(|| variable("AEMM_CONFIG_FILE")).filter(|name| !name.is_empty());
        match named {
            Some(name) if name != DEFAULT_FILE => Some(PathBuf::from(name)),
            _ => file::defaults(self.home.as_deref()?).find(|path| path.is_file()),
        }
    }

    pub(super) fn settings(&self) -> AemmSettings {
        self.with(self.file_at_start.clone())
    }

    /// The settings with the present content of the file.
    pub(super) fn settings_now(&self) -> Result<AemmSettings, String> {
        let Some((path, _)) = &self.file else { return Ok(self.settings()) };
        Ok(self.with(read(path)?))
    }

    fn with(&self, file: Map<String, Value>) -> AemmSettings {
        AemmSettings::defaults().with_file(file).with_environment(variable).with_flags(&self.flags)
    }

    /// Saves the settings in force to a file of their own.
    pub(super) fn save(&self, settings: &AemmSettings) {
        let path = save_config::place(self.home.as_deref());
        let path_shown = path.display();
        match write(&path, &save_config::text(settings)) {
            Ok(()) => {
                print(&format!("Successfully saved final configuration to local file  {path_shown}\n"));
            }
            Err(error) => tracing::warn!(
                "Warning: Failed to save final configuration to local file {path_shown}: {error}"
            ),
        }
    }
}

/// The value of a variable, be it empty.
fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Reads a configuration file. Errors have the original's wording.
pub(in crate::commands) fn read(path: &Path) -> Result<Map<String, Value>, String> {
    let format = file::format_of(path)?;
    let shown = path.display();
    let found = {
        let path = path.to_owned();
        files::within(files::TIME_LIMIT, move || files::read(&path, MAX_BYTES))
    };
    let bytes = found.unwrap_or(Err(FileError::TooSlow(files::TIME_LIMIT))).map_err(|error| match error {
        FileError::Directory => format!("read {shown}: is a directory"),
        FileError::Io(error) => format!("open {shown}: {}", io_error_text(&error)),
        error => format!("open {shown}: it {error}"),
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("While parsing config: the file is not UTF-8: {error}"))?;
    file::parse(format, &text)
}

/// Writes a file that everybody may read, and its directory.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o755).create(directory)?;
    }
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o644).open(path)?;
    file.write_all(text.as_bytes())
}
