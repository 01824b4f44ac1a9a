//! The options of `net up` and `net hold`.

use std::path::PathBuf;

use super::settings::{Endpoint, HostSettings};
use super::takeover;
use crate::config::Report;
use crate::exit::{ExitStatus, Failure};

#[derive(Debug, Clone)]
pub(crate) struct NetOptions {
    pub config: PathBuf,
    pub runtime: PathBuf,
    /// [`super::cloud::DMI`] except in tests.
    pub dmi: PathBuf,
    /// Start on a real cloud machine too, whatever host.toml says.
    pub allow_takeover: bool,
    /// Ordinary tables, as on a kernel without the owner flag.
    pub ordinary_tables: bool,
}

impl NetOptions {
    /// Reads host.toml, and refuses to hide the metadata service of a real cloud machine.
    pub(super) fn load_settings(&self) -> Result<HostSettings, Failure> {
        let refuse = |report: Report| Failure::new(ExitStatus::Config, report.to_string());
        let (mut settings, warnings) = HostSettings::load(&self.config).map_err(refuse)?;
        if !warnings.problems.is_empty() {
            tracing::warn!("{warnings}");
        }
        settings.allow_takeover |= self.allow_takeover;
        // The metadata service of a cloud is at the address of IMDS; the others hide nothing of it.
        if settings.serves(Endpoint::Imds) {
            takeover::check(&self.dmi, settings.allow_takeover)?;
        }
        Ok(settings)
    }
}
