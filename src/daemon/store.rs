//! The scenarios of the daemon: the one that is served, and the one that a reload reads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::compute::free;
use super::last_good::{LastGoodFile, read_or_fall_back};
use super::load::{self, LoadedScenario, ScenarioSource};
use super::origin::ScenarioOrigin;
use super::restore::InitialState;
use super::sent_scenario::{self, SentScenarioFile};
use super::state_file::SavedState;
use crate::config::Report;
use crate::control::ScenarioChoice;
use crate::control::api::FallbackStatus;
use crate::imds::Fleet;
use crate::scenario::Library;

pub(super) struct ScenarioStore {
    source: ScenarioSource,
    library: Library,
    /// What a reload reads.
    reload_origin: ScenarioOrigin,
    served: LoadedScenario,
    /// `served` is another scenario, until the next reload.
    overridden: bool,
    /// The place of the last good scenario, if one is kept.
    last_good: Option<LastGoodFile>,
    /// The scenario of the file stands for one that was rejected.
    fallback: Option<Box<FallbackStatus>>,
    /// The scenario that was served before another one was used, if this process served it.
    before_use: Option<LoadedScenario>,
    /// The last reading of the scenario that a reload reads: the scenario, or the report of its mistakes.
    last_reading: Option<Result<LoadedScenario, String>>,
    sent: SentScenarioFile,
}

/// Why another scenario cannot be served.
#[derive(Debug)]
pub(super) struct UnreadScenario {
    pub(super) report: Report,
    /// The file that the report is about; `None` if it is about no file.
    pub(super) file: Option<PathBuf>,
}

impl UnreadScenario {
    fn of(file: Option<&Path>) -> impl FnOnce(Report) -> Self {
        move |report| Self { report, file: file.map(Path::to_owned) }
    }
}

impl ScenarioStore {
    pub(super) fn new(
        source: ScenarioSource,
        library: Library,
        sent: SentScenarioFile,
        initial: InitialState,
    ) -> Self {
        let InitialState { reload_origin, served, overridden, fallback, last_good, .. } = initial;
        let last_reading = match &fallback {
            Some(fallback) => Some(Err(fallback.report.to_string())),
            None => (!overridden).then(|| Ok(served.clone())),
        };
        let fallback = fallback.map(|fallback| Box::new(fallback.status()));
        let before_use = None;
        Self {
            source,
            library,
            reload_origin,
            served,
            overridden,
            last_good,
            fallback,
            before_use,
            last_reading,
            sent,
        }
    }

    pub(super) fn served(&self) -> &LoadedScenario {
        &self.served
    }

    /// The file that a reload reads; `None` if it reads none.
    pub(super) fn reload_file(&self) -> Option<PathBuf> {
        self.source.origin(&self.reload_origin).file().map(Path::to_owned)
    }

    /// Reads the scenario that a reload serves.
    pub(super) async fn read(&mut self) -> Result<LoadedScenario, Report> {
        let read = self.source.read(&self.reload_origin).await;
        self.last_reading = Some(read.clone().map_err(|report| report.to_string()));
        read
    }

    /// Reads the scenario that a reload serves, and gives it if it differs from the last reading, or is broken in another way.
    pub(super) async fn read_if_changed(&mut self) -> Option<Result<LoadedScenario, Report>> {
        let before = self.last_reading.take();
        let read = self.read().await;
        let changed = match (before, &self.last_reading) {
            (Some(Ok(before)), Some(Ok(now))) => !before.same(now),
            (Some(Err(before)), Some(Err(now))) => before != *now,
            // After a restart that serves another scenario: this is the first reading.
            (None, _) => false,
            _ => true,
        };
        changed.then_some(read)
    }

    /// Reads another scenario. One that was sent is kept for a restart.
    pub(super) async fn read_other(
        &mut self,
        choice: ScenarioChoice,
    ) -> Result<LoadedScenario, UnreadScenario> {
        let name = match choice {
            ScenarioChoice::Named(name) => name,
            ScenarioChoice::Sent(content) => {
                let content = Arc::new(content);
                // What has no path has a name in its place.
                let file = Some(content.path.as_path()).filter(|path| path.is_absolute());
                let loaded = sent_scenario::parse(Arc::clone(&content)).await;
                let loaded = loaded.map_err(UnreadScenario::of(file))?;
                self.sent.keep(content).await;
                return Ok(loaded);
            }
        };
        let library = self.library.clone();
        let found = spawn_blocking(move || library.find(&name)).await;
        let found =
            found.unwrap_or_else(|_| Err(Report::whole("the library", "cannot be read", "try again")));
        let origin = ScenarioOrigin::from(found.map_err(UnreadScenario::of(None))?);
        load::read(origin.clone()).await.map_err(UnreadScenario::of(origin.file()))
    }

    /// Removes the scenario that was sent, with its keys, unless it is served.
    pub(super) async fn forget_sent_unless_served(&mut self) {
        if !(self.overridden && matches!(self.served.origin, ScenarioOrigin::Sent { .. })) {
            self.sent.remove().await;
        }
    }

    /// A reload's scenario is served from now on.
    pub(super) fn serve(&mut self, loaded: LoadedScenario) {
        self.reload_origin.clone_from(&loaded.origin);
        self.overridden = false;
        self.fallback = None;
        free(self.before_use.take());
        self.served = loaded;
    }

    /// Keeps the scenario that is served for a start that meets a broken file, if that is wanted.
    pub(super) async fn keep_last_good(&mut self) {
        if let Some(last_good) = &mut self.last_good
            && !self.overridden
            && self.fallback.is_none()
        {
            last_good.keep(self.served.clone()).await;
        }
    }

    /// Another scenario is served from now on, until the next reload.
    pub(super) fn override_with(&mut self, loaded: LoadedScenario) {
        let before = std::mem::replace(&mut self.served, loaded);
        if !self.overridden {
            self.before_use = Some(before);
        }
        self.overridden = true;
    }

    pub(super) fn is_overridden(&self) -> bool {
        self.overridden
    }

    /// The scenario that was served before another one was used. After a restart it is read again.
    pub(super) async fn read_overridden(&mut self) -> Result<LoadedScenario, Report> {
        if let Some(loaded) = self.before_use.clone() {
            return Ok(loaded);
        }
        let Some(last_good) = &self.last_good else { return self.read().await };
        let origin = self.source.origin(&self.reload_origin);
        let (loaded, fallback) = read_or_fall_back(origin, last_good).await?;
        // A later look at the file compares with what it has now.
        self.last_reading = match &fallback {
            None => Some(Ok(loaded.clone())),
            Some(fallback) => Some(Err(fallback.report.to_string())),
        };
        self.fallback = fallback.map(|fallback| Box::new(fallback.status()));
        Ok(loaded)
    }

    /// The scenario of [`read_overridden`](Self::read_overridden) is served again.
    pub(super) fn end_override(&mut self, loaded: LoadedScenario) {
        self.overridden = false;
        self.before_use = None;
        self.served = loaded;
    }

    /// The reason why the file's own scenario is not served.
    pub(super) fn fallback(&self) -> Option<Box<FallbackStatus>> {
        self.fallback.clone()
    }

    pub(super) fn state(&self, fleet: &Fleet) -> SavedState {
        SavedState::new(&self.reload_origin, &self.served, self.overridden, fleet)
    }
}
