//! The opening of everything that a server needs, before anything runs.

use std::sync::Arc;

use super::announce::Announcement;
use super::compute::compute;
use super::connection_faults::ConnectionFaultPlace;
use super::last_good::{Fallback, LastGoodFile};
use super::load::ScenarioSource;
use super::open::{Opened, Opening, listen, random, warn_of_missing};
use super::origin::ScenarioOrigin;
use super::restore::InitialState;
use super::sent_scenario::SentScenarioFile;
use super::state_file::StateFile;
use super::watcher::Watcher;
use super::{Daemon, DaemonOptions, DropInServer};
use crate::clock;
use crate::config::Report;
use crate::control::api::FallbackStatus;
use crate::exit::{ExitStatus, Failure};
use crate::identity::KeyRing;
use crate::imds::TokenAuthority;
use crate::model::ListenEndpoint;
use crate::observe;
use crate::paths::Paths;
use crate::scenario::Library;
use crate::server::{InheritedSockets, ServiceState, adopt};

impl Daemon {
    /// The server of a scenario in a file, with its directories and its control socket.
    pub(super) async fn build(
        options: &DaemonOptions,
        inherited: InheritedSockets,
        announcement: Announcement,
    ) -> Result<Self, Failure> {
        let paths = Paths::from_env();
        let library = Library::new(options.library.as_deref());
        let source = ScenarioSource::new(options.scenario.as_deref(), &library, &paths).await;
        let source = source.map_err(|report| rejected(&report))?;
        let port = asked_port(&options.listen, &inherited);
        let state_file = StateFile::new(paths.state_file(port));
        let state = options.state.clone().or_else(|| paths.state_directory());
        let last_good = state.filter(|_| options.fallback);
        let last_good = last_good.map(|state| LastGoodFile::new(Paths::last_good_file(&state, port)));
        let sent = SentScenarioFile::new(paths.sent_scenario_file(port));
        let connection_faults = paths.connection_faults_file();
        let opening = Opening::prepare(options.state.clone(), options.control.clone(), paths);
        let saved = state_file.load().await?;
        let origin = source.origin(&ScenarioOrigin::BuiltIn);
        let initial = InitialState::restore(origin, saved, &sent, last_good).await;
        let mut initial = initial.map_err(|report| {
            let unknown = ScenarioSource::unknown_name(options.scenario.as_deref(), &library);
            rejected(&unknown.unwrap_or(report))
        })?;
        match &initial.fallback {
            Some(fallback) => warn_of_fallback(fallback),
            None => observe::report(&initial.served.warnings, false),
        }
        let candidates = || source.candidates(&initial.reload_origin);
        let watch = options.watch.then(|| Watcher::open(candidates())).transpose()?;
        let listeners = listen(&options.listen, inherited)?;
        let ports = listeners.iter().map(|listener| listener.address.port());
        let connection_faults = ConnectionFaultPlace::new(connection_faults, ports);
        connection_faults.check(&initial.served).map_err(|report| rejected(&report))?;
        let compile = initial.compiler(options.node.as_ref());
        let port = listeners.first().map(|listener| listener.address.port());
        let Opened { state, control, keys, fleet } = opening.finish(port, compile).await?;
        let control = warn_of_missing(state.missing, control);
        let service = ServiceState::new(fleet, TokenAuthority::new(state.key), clock::now, random()?)
            .with_boottime(clock::boottime);
        let service = Arc::new(service);
        let drop_in = false;
        Ok(Self {
            listeners,
            service,
            source,
            library,
            initial,
            state_file,
            sent,
            watch,
            control,
            connection_faults,
            keys,
            announcement,
            drop_in,
        })
    }

    /// The server in the place of another program.
    pub(super) async fn drop_in(options: DropInServer) -> Result<Self, Failure> {
        let listeners = adopt(options.listeners)?;
        let source = ScenarioSource::Memory(options.scenarios);
        let served = source.read(&ScenarioOrigin::BuiltIn).await.map_err(|report| rejected(&report))?;
        let mut initial = InitialState::unsaved(served);
        let keys = Arc::new(KeyRing::generate(random()?));
        let compile = initial.compiler(None);
        let for_fleet = Arc::clone(&keys);
        let fleet = compute(move || compile(&for_fleet)).await;
        let service = ServiceState::new(fleet, TokenAuthority::new(random()?), clock::now, random()?)
            .with_boottime(clock::boottime);
        Ok(Self {
            listeners,
            service: Arc::new(service),
            source,
            library: Library::new(None),
            initial,
            state_file: StateFile::new(None),
            sent: SentScenarioFile::new(None),
            watch: None,
            control: None,
            connection_faults: ConnectionFaultPlace::default(),
            keys,
            announcement: Announcement::default(),
            drop_in: true,
        })
    }
}

fn rejected(report: &Report) -> Failure {
    Failure::new(ExitStatus::Config, format!("not started, the scenario is rejected:\n{report}"))
}

/// The port that the command line asks for, as far as it counts and is a certain one.
pub(super) fn asked_port(addresses: &[ListenEndpoint], inherited: &InheritedSockets) -> Option<u16> {
    let port = addresses.first().map(|listen| listen.address.port());
    port.filter(|port| *port != 0 && inherited.is_empty())
}

fn warn_of_fallback(fallback: &Fallback) {
    let FallbackStatus { serving, file, message, report } = fallback.status();
    tracing::error!(
        IMDS_SCENARIO = file,
        IMDS_REPORT = report,
        "the scenario is rejected: {message}; serving {} until a reload accepts {file}",
        serving.name()
    );
    observe::report(&fallback.report, true);
}
