//! `mock-imds net up` and `net down`, and what they share with the guardian.

use std::path::{Path, PathBuf};

use super::network::{self, Network};
use super::runtime::Runtime;
use super::settings::HostSettings;
use super::status::{GuardianStatus, NetMode, Protection, Restorations};
use super::{HostError, cloud, nft, privilege};
use crate::clock;
use crate::config::Report;
use crate::exit::{self, Failure};

/// What the command line says.
#[derive(Debug, Clone)]
pub(crate) struct NetOptions {
    /// host.toml.
    pub config: PathBuf,
    /// The runtime directory.
    pub runtime: PathBuf,
    /// Where DMI is read; [`cloud::DMI`] but in tests.
    pub dmi: PathBuf,
    /// Ordinary tables, as on a kernel without the owner flag.
    pub ordinary: bool,
}

/// `net up`: sets up the network and leaves it so.
pub(crate) fn up(options: &NetOptions) -> Result<(), Failure> {
    privilege::check()?;
    let settings = load(options)?;
    let runtime = Runtime::create(&options.runtime)?;
    let _lock = runtime.lock()?;
    let mut network = Network::open(runtime.clone(), nft::NftClient::open_or_without()?, false)?;
    let since = runtime.status().filter(|status| status.mode == NetMode::Up).map(|status| status.since);
    network.settle(&settings)?;
    let now = now();
    let since = since.unwrap_or_else(|| now.clone());
    let status = describe(&network, NetMode::Up, since, now, None, Restorations::default());
    status.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    Ok(runtime.write_status(&status)?)
}

/// `net down`: removes what `up` or `hold` added, whether or not anything is there.
pub(crate) fn down(directory: &Path) -> Result<(), Failure> {
    privilege::check()?;
    let runtime = Runtime::at(directory);
    let _lock = runtime.lock()?;
    all(network::down(&runtime))
}

/// Every error in one failure, with the exit code of the first.
pub(super) fn all(errors: Vec<HostError>) -> Result<(), Failure> {
    let failures: Vec<Failure> = errors.into_iter().map(Failure::from).collect();
    let Some(first) = failures.first() else { return Ok(()) };
    let message: Vec<&str> = failures.iter().map(|failure| failure.message.as_str()).collect();
    Err(Failure::new(first.status, message.join("\n")))
}

/// Reads host.toml and judges the machine.
pub(super) fn load(options: &NetOptions) -> Result<HostSettings, Failure> {
    let refuse = |report: Report| Failure::new(exit::ExitStatus::Config, report.to_string());
    let (settings, warnings) = HostSettings::load(&options.config).map_err(refuse)?;
    if !warnings.problems.is_empty() {
        tracing::warn!("{warnings}");
    }
    cloud::check(&options.dmi, settings.allow_takeover)?;
    Ok(settings)
}

pub(super) fn describe(
    network: &Network,
    mode: NetMode,
    since: String,
    applied: String,
    rejected: Option<String>,
    restorations: Restorations,
) -> GuardianStatus {
    let otherwise = match mode {
        NetMode::Hold => Protection::Watched,
        NetMode::Up => Protection::None,
    };
    GuardianStatus {
        version: env!("CARGO_PKG_VERSION").into(),
        mode,
        pid: (mode == NetMode::Hold).then(std::process::id),
        since,
        applied,
        rejected,
        addresses: network.held().to_vec(),
        unavailable: network.unavailable().to_vec(),
        tables: network.table_states(otherwise),
        settings: network.settings().clone(),
        warnings: network.warnings(),
        restorations,
    }
}

/// The time of day, RFC 3339.
pub(super) fn now() -> String {
    clock::now().rfc3339()
}
