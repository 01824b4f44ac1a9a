//! TOML → [`Scenario`]: parse, collect all errors with file, line and column, validate.

use std::path::Path;

use crate::config::{Report, Source, parse};
use crate::model::Scenario;

/// Loads a scenario file. `Err` lists every error; `Ok` may come with warnings.
pub fn load(path: &Path) -> Result<(Scenario, Report), Report> {
    read(&Source::read(path)?)
}

/// Reads a scenario from text that is already here.
pub fn read(source: &Source) -> Result<(Scenario, Report), Report> {
    parse(source, |_root| Scenario::default())
}
