//! Gathers the facts and changes nothing. An unknown fact is a sentence, never a failure.

mod files;
mod kernel;
mod probe;
mod programs;
pub(crate) mod sockets;

use std::env;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{Pid, geteuid};

use super::facts::{CallerInterface, GuardianProcess, HostFacts, Observation, Probe, ServerState, Variable};
use super::ruleset::Ruleset;
use crate::host::conflicts::{self, RefusedEndpoint};
use crate::host::links::LinkClient;
use crate::host::runtime::Runtime;
use crate::host::settings::{self, HostSettings};
use crate::host::status::{GuardianStatus, NetMode};
use crate::host::{address, cloud, nft, takeover};
use crate::model::Service;
use crate::model::endpoint::ADDRESS_V4;

/// Where a real EKS Pod Identity agent's pods have their tokens.
const POD_TOKENS: &str = "run/secrets/pods.eks.amazonaws.com";

#[derive(Debug, Clone)]
pub(crate) struct GatherOptions {
    /// The root of the files that are read; `/` except in tests.
    pub root: PathBuf,
    pub runtime: PathBuf,
    pub config: PathBuf,
    pub dmi: PathBuf,
}

/// `server` is the answer of the control socket.
pub(crate) fn gather(options: &GatherOptions, server: ServerState) -> HostFacts {
    let published = Runtime::at(&options.runtime).status();
    let settings = read_settings(&options.config);
    let mut facts = HostFacts {
        version: env!("CARGO_PKG_VERSION").into(),
        guardian: guardian(published.as_ref()),
        published,
        settings,
        scenario: files::scenario_report(&options.root),
        server,
        cloud: cloud::detect(&options.dmi),
        takeover_by_environment: takeover::allowed_by_environment(&options.root),
        addresses: Ok(vec![]),
        tables: tables(),
        probe: Probe::Skipped,
        listeners: sockets::listeners(),
        callers: vec![],
        uplinks: vec![],
        unlisted_bridges: vec![],
        detours: Ok(vec![]),
        rules: rules(),
        firewalls: files::firewalls(&options.root),
        variables: variables(&options.root),
        cloud_init: files::cloud_init(&options.root),
        saved_rulesets: files::saved_rulesets(&options.root),
        refused: vec![],
        pod_tokens: options.root.join(POD_TOKENS).exists(),
        units: programs::units(&options.root),
        leftovers: files::leftovers(&options.root),
    };
    let applied = facts.applied_settings();
    facts.addresses = addresses(&facts, &applied);
    facts.refused = refused(&applied);
    match kernel::interfaces(&applied) {
        Ok(interfaces) => {
            facts.detours = detours(&interfaces.callers, facts.has_address(ADDRESS_V4.into()));
            facts.callers = interfaces.callers;
            facts.uplinks = interfaces.uplinks;
            facts.unlisted_bridges = interfaces.unlisted_bridges;
        }
        Err(reason) => facts.detours = Err(reason),
    }
    if facts.has_address(ADDRESS_V4.into()) {
        facts.probe = probe::run();
    }
    facts
}

fn read_settings(config: &Path) -> Observation<HostSettings> {
    match HostSettings::load(config) {
        Ok((settings, _)) => Ok(settings),
        Err(_) if config == Path::new(settings::DEFAULT_PATH) && !config.exists() => {
            Ok(HostSettings::default())
        }
        Err(report) => Err(report.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

fn guardian(published: Option<&GuardianStatus>) -> GuardianProcess {
    let Some((NetMode::Hold, Some(pid))) = published.map(|status| (status.mode, status.pid)) else {
        return GuardianProcess::Running;
    };
    let Ok(number) = i32::try_from(pid) else { return GuardianProcess::Gone };
    // Signal 0 only asks; EPERM means that it is there, as somebody else's.
    if kill(Pid::from_raw(number), None) == Err(Errno::ESRCH) {
        return GuardianProcess::Gone;
    }
    let program = std::fs::read_link(format!("/proc/{pid}/exe"));
    let deleted = program.is_ok_and(|program| program.to_string_lossy().ends_with(" (deleted)"));
    if deleted { GuardianProcess::ProgramReplaced } else { GuardianProcess::Running }
}

/// Those of the endpoints that are enabled, and not refused: what a host has at the others is no business of ours.
fn addresses(facts: &HostFacts, applied: &HostSettings) -> Observation<Vec<address::InterfaceAddress>> {
    let served = applied.endpoints.iter().filter(|endpoint| !facts.refuses(**endpoint));
    let services: Vec<Service> = served.map(|endpoint| endpoint.service()).collect();
    let wanted = |address| Service::at(address).is_some_and(|service| services.contains(&service));
    let found = address::AddressClient::open().and_then(|mut client| client.find_by(wanted));
    found.map_err(|error| error.to_string())
}

/// What the guardian would find if it looked now; without root, no rules of other programs.
fn refused(settings: &HostSettings) -> Vec<RefusedEndpoint> {
    if !conflicts::possible(settings) {
        return vec![];
    }
    let clients = address::AddressClient::open().and_then(|addresses| Ok((addresses, LinkClient::open()?)));
    let facts = clients.and_then(|(mut addresses, mut links)| {
        conflicts::gather(&mut addresses, &mut links, nft::NftClient::open().ok().as_mut())
    });
    facts.map(|facts| conflicts::refusals(settings, &facts)).unwrap_or_default()
}

fn tables() -> Observation<nft::TablesSnapshot> {
    let seen = nft::NftClient::open().and_then(|mut client| client.inspect());
    match seen {
        Err(crate::host::HostError::NotPermitted) => Err("only root may list nftables".into()),
        seen => seen.map_err(|error| error.to_string()),
    }
}

fn rules() -> Observation<Ruleset> {
    if !geteuid().is_root() {
        return Err("only root may list the rules of firewalls".into());
    }
    Ok(programs::rules())
}

fn detours(callers: &[CallerInterface], present: bool) -> Observation<Vec<super::facts::RouteDetour>> {
    if present { kernel::detours(callers) } else { Ok(vec![]) }
}

/// The variables that clients of metadata services use, of this process and of every login.
fn variables(root: &Path) -> Vec<Variable> {
    let is_used = |name: &str| {
        let upper = name.to_uppercase();
        ["HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "AWS_EC2_METADATA_DISABLED"].contains(&upper.as_str())
    };
    let here = env::vars().filter(|(name, _)| is_used(name)).map(|(name, value)| Variable {
        name,
        value,
        source: "this environment".into(),
    });
    let file = root.join("etc/environment");
    let text = files::read_text(&file).unwrap_or_default();
    let everywhere = text.lines().filter_map(|line| {
        let (name, value) = line.trim().trim_start_matches("export ").split_once('=')?;
        let value = value.trim_matches(['"', '\'']).to_owned();
        is_used(name).then(|| Variable { name: name.into(), value, source: file.display().to_string() })
    });
    here.chain(everywhere).collect()
}
